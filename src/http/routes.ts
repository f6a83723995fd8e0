/** What the admin listener answers: small views of the config, the engine and the counters. */
import type { Config, LiveConfig } from "../config.ts";
import { describeProblem, tenantOf } from "../config.ts";
import type { Engine, EngineCounts, LaneCount } from "../engine.ts";
import type { Sorting } from "../ownership/explained.ts";
import type { Signing } from "../signing.ts";
import type { State } from "../telemetry.ts";
import type { Counters } from "../telemetry/counters.ts";
import type { TenantId } from "../tenant.ts";
import type { Route } from "./admin.ts";
import type { Inbox } from "./inbox.ts";
import { failed, isoOf, ok, type Reply, unknownTenant } from "./reply.ts";
import { eventRoutes } from "./routes/events.ts";
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
  readonly version: string;
  readonly state: State;
  /** What a config's rules make of an event. */
  readonly sorting: (config: Config) => Sorting;
}

function tenantView(id: TenantId, config: Config, lane: LaneCount | undefined) {
  const tenant = tenantOf(config, id);
  return {
    endpoint: tenant === undefined ? null : new URL(tenant.destination.url).origin,
    status: tenant === undefined ? "removed" : tenant.paused ? "paused" : "active",
    numbers: tenant?.numbers.length ?? 0,
    pending: lane?.waiting ?? 0,
    in_flight: lane?.sealed ?? 0,
    dead: lane?.dead ?? 0,
    oldest_at: isoOf(lane?.oldestAt),
    last_sequence: lane?.lastSequence ?? 0,
    last_delivered_at: isoOf(lane?.deliveredAt),
  };
}

function tenantsView(config: Config, { lanes }: EngineCounts) {
  const byTenant = new Map(lanes.map((lane) => [lane.tenant, lane]));
  const ids = new Set([...config.tenants.keys(), ...byTenant.keys()]);
  return Object.fromEntries(
    [...ids].sort().map((id) => [id, tenantView(id, config, byTenant.get(id))]),
  );
}

async function stats({ live, engine, counters, inbox, version }: RoutesOptions): Promise<Reply> {
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
  const found = tenantOf(live.current, tenant);
  if (found === undefined) return unknownTenant;
  const { secret, publicKey } = signing.keysOf(tenant);
  // What the operator put into the file replaces the derived secret and is not shown.
  const replaced = found.destination.secrets.length > 0;
  return ok({ tenant, secret: replaced ? null : secret, public_key: publicKey, replaced });
}

async function ping({ live, sender }: RoutesOptions, tenant: TenantId): Promise<Reply> {
  const found = live.current.tenants.get(tenant);
  if (found === undefined) return unknownTenant;
  const { status, error, tookMs } = await sender.ping(tenant, found.destination);
  const accepted = status !== undefined && status >= 200 && status < 300;
  const endpoint = new URL(found.destination.url).origin;
  return ok({ tenant, endpoint, accepted, status, error, took_ms: Math.round(tookMs) });
}

async function oneTenant({ live, engine }: RoutesOptions, id: TenantId): Promise<Reply> {
  const view = tenantsView(live.current, await engine.counts());
  const found = Object.entries(view).find(([tenant]) => tenant === id);
  return found === undefined ? unknownTenant : ok(found[1]);
}

/** All routes of the admin listener. */
export function createRoutes(options: RoutesOptions): readonly Route[] {
  const { live, engine } = options;
  const alive = async () => ok({ alive: true });
  const health = async () => ok({ status: "ok", service: "edge-webhook-aggregator" });
  return [
    { method: "GET", path: "/livez", needs: "none", answer: alive },
    { method: "GET", path: "/health", needs: "none", answer: health },
    { method: "GET", path: "/readyz", needs: "none", answer: () => ready(options) },
    { method: "GET", path: "/stats", needs: "read", answer: () => stats(options) },
    {
      method: "GET",
      path: "/tenants",
      needs: "token",
      answer: async () => ok({ tenants: tenantsView(live.current, await engine.counts()) }),
    },
    {
      method: "GET",
      path: "/tenants/{id}",
      needs: "token",
      answer: ({ parameters: [id = ""] }) => oneTenant(options, id),
    },
    {
      method: "POST",
      path: "/tenants/{id}/ping",
      needs: "token",
      answer: ({ parameters: [id = ""] }) => ping(options, id),
    },
    {
      method: "GET",
      path: "/key",
      needs: "token",
      answer: async ({ query }) => key(options, query.get("tenant")),
    },
    ...unassignedRoutes(options),
    ...eventRoutes(options),
  ];
}
