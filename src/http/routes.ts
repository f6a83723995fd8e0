/** What the admin listener answers: small views of the config, the engine and the counters. */
import type { Config, LiveConfig } from "../config.ts";
import { describeProblem } from "../config.ts";
import type { Engine, LaneCount } from "../engine.ts";
import type { Sorting } from "../ownership/explained.ts";
import type { Pipeline } from "../pipeline.ts";
import type { Signing } from "../signing.ts";
import { keysView } from "../signing/view.ts";
import type { State } from "../telemetry.ts";
import type { Alarms } from "../telemetry/alarms.ts";
import type { Raised } from "../telemetry/alarms/board.ts";
import type { Counters } from "../telemetry/counters.ts";
import type { TenantId } from "../tenant.ts";
import type { Route } from "./admin.ts";
import type { Inbox } from "./inbox.ts";
import { failed, isoOf, ok, type Reply, unknownTenant } from "./reply.ts";
import { batchRoutes } from "./routes/batches.ts";
import { deadRoutes } from "./routes/dead.ts";
import { eventRoutes } from "./routes/events.ts";
import { createReplays, replayRoutes } from "./routes/replays.ts";
import { tenantRoutes } from "./routes/tenants.ts";
import { unassignedRoutes } from "./routes/unassigned.ts";
import type { Sender } from "./send.ts";

/** What the routes look at. */
export interface RoutesOptions {
  readonly live: LiveConfig;
  readonly engine: Engine;
  readonly counters: Counters;
  readonly inbox: Inbox;
  readonly signing: Signing;
  readonly sender: Sender;
  readonly pipeline: Pick<Pipeline, "flush" | "pause" | "resume" | "urls">;
  readonly alarms: Pick<Alarms, "raised">;
  readonly version: string;
  readonly state: State;
  /** What a config's rules make of an event. */
  readonly sorting: (config: Config) => Sorting;
}

function alarmView({ alarm, tenant, since }: Raised) {
  return { alarm, tenant: tenant ?? null, since: isoOf(since) };
}

async function stats(options: RoutesOptions): Promise<Reply> {
  const { live, engine, counters, inbox, alarms, version } = options;
  const counts = await engine.counts();
  const sum = (of: (lane: LaneCount) => number) =>
    counts.lanes.reduce((total, lane) => total + of(lane), 0);
  return ok({
    version,
    stream: counts.stream,
    tenants: live.current.tenants.size,
    mapped_numbers: live.current.directory.numbers,
    pending_events: sum((lane) => lane.waiting),
    batches_in_flight: sum((lane) => lane.sealed),
    dead_letters: sum((lane) => lane.dead),
    unassigned: counts.held,
    expired: counts.expired,
    parked: counts.parked,
    inbox_high_water: inbox.highest,
    alarms: alarms.raised().map(alarmView),
    config_problems: live.problems.map(describeProblem),
    since_start: counters.read(),
  });
}

async function ready({ live, engine }: RoutesOptions): Promise<Reply> {
  const warnings = live.problems.map(describeProblem);
  const isReady = !engine.broken.aborted;
  return { status: isReady ? 200 : 503, body: { ready: isReady, warnings } };
}

function key({ live, signing }: RoutesOptions, tenant: TenantId | null): Reply {
  if (tenant === null) return failed(400, "tenant required: /key?tenant=ID");
  const keys = keysView(live.current, tenant, signing);
  return keys === undefined ? unknownTenant : ok(keys);
}

/** All routes of the admin listener. */
export function createRoutes(options: RoutesOptions): readonly Route[] {
  const { live, engine, state } = options;
  const replays = createReplays(engine, state);
  const alive = async () => ok({ alive: true });
  const health = async () => ok({ status: "ok", service: "edge-webhook-aggregator" });
  return [
    { method: "GET", path: "/livez", needs: "none", answer: alive },
    { method: "GET", path: "/health", needs: "none", answer: health },
    { method: "GET", path: "/readyz", needs: "none", answer: () => ready(options) },
    { method: "GET", path: "/stats", needs: "read", answer: () => stats(options) },
    {
      method: "GET",
      path: "/key",
      needs: "token",
      answer: async ({ query }) => key(options, query.get("tenant")),
    },
    ...tenantRoutes(options),
    ...batchRoutes({ engine, replays }),
    ...deadRoutes(options),
    ...replayRoutes({ live, engine, replays }),
    ...unassignedRoutes(options),
    ...eventRoutes(options),
  ];
}
