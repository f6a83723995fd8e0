/** Tenants as operators see them, and what they do to one: pause, resume, flush, ping. */
import { type Config, type LiveConfig, tenantOf } from "../../config.ts";
import type { Pause } from "../../delivery.ts";
import type { Engine, LaneCount } from "../../engine.ts";
import type { UrlView } from "../../pipeline/standing.ts";
import type { Pipeline } from "../../pipeline.ts";
import type { Tenant, TenantId } from "../../tenant.ts";
import type { Asked, Route } from "../admin.ts";
import { isoOf, ok, type Reply, unknownTenant } from "../reply.ts";
import type { Sender } from "../send.ts";
import { isKnown } from "./selection.ts";

/** What these routes look at. */
export interface TenantRoutesOptions {
  readonly live: LiveConfig;
  readonly engine: Engine;
  readonly sender: Pick<Sender, "ping">;
  readonly pipeline: Pick<Pipeline, "flush" | "pause" | "resume" | "urls">;
}

/** The stored pause before that of the config: `resume` ends only the former. */
function pauseView(tenant: Tenant | undefined, stored: Pause | undefined) {
  if (stored !== undefined) return { by: stored.by, at: isoOf(stored.at) };
  return tenant?.paused ? { by: "config", at: null } : null;
}

const statusOf = (tenant: Tenant | undefined, paused: ReturnType<typeof pauseView>) =>
  tenant === undefined ? "removed" : paused === null ? "active" : "paused";

function urlView({ url, failover, isOpen, failures, failingMs, waitMs, isUsed }: UrlView) {
  const now = Date.now();
  return {
    origin: new URL(url).origin,
    failover,
    used: isUsed,
    circuit: isOpen ? "open" : "closed",
    failures,
    failing_since: failingMs === undefined ? null : isoOf(Math.round(now - failingMs)),
    next_attempt_at: waitMs === 0 ? null : isoOf(Math.round(now + waitMs)),
  };
}

/** That of the URL that is used; where both are open, of either. */
function circuitOf(urls: readonly UrlView[]) {
  return urls.some(({ isUsed, isOpen }) => isUsed && isOpen) ? "open" : "closed";
}

function tenantView(
  id: TenantId,
  config: Config,
  lane: LaneCount | undefined,
  urls: readonly UrlView[],
) {
  const tenant = tenantOf(config, id);
  const paused = pauseView(tenant, lane?.paused);
  return {
    endpoint: tenant === undefined ? null : new URL(tenant.destination.url).origin,
    failover: tenant?.destination.failoverUrl !== undefined,
    circuit: circuitOf(urls),
    urls: urls.map(urlView),
    status: statusOf(tenant, paused),
    paused,
    numbers: tenant?.numbers.length ?? 0,
    pending: lane?.waiting ?? 0,
    in_flight: lane?.sealed ?? 0,
    dead: lane?.dead ?? 0,
    oldest_at: isoOf(lane?.oldestAt),
    last_sequence: lane?.lastSequence ?? 0,
    last_delivered_at: isoOf(lane?.deliveredAt),
  };
}

async function tenantsView({ live, engine, pipeline }: TenantRoutesOptions) {
  const config = live.current;
  const { lanes } = await engine.counts();
  const byTenant = new Map(lanes.map((lane) => [lane.tenant, lane]));
  const ids = new Set([...config.tenants.keys(), ...byTenant.keys()]);
  return Object.fromEntries(
    [...ids].sort().map((id) => [
      id,
      tenantView(id, config, byTenant.get(id), pipeline.urls(id)),
    ]),
  );
}

async function allTenants(options: TenantRoutesOptions): Promise<Reply> {
  return ok({ tenants: await tenantsView(options) });
}

async function oneTenant(options: TenantRoutesOptions, id: TenantId): Promise<Reply> {
  const view = await tenantsView(options);
  const found = Object.entries(view).find(([tenant]) => tenant === id);
  return found === undefined ? unknownTenant : ok(found[1]);
}

async function ping({ live, sender }: TenantRoutesOptions, tenant: TenantId): Promise<Reply> {
  const found = tenantOf(live.current, tenant);
  if (found === undefined) return unknownTenant;
  const { status, error, tookMs } = await sender.ping(tenant, found.destination);
  const accepted = status !== undefined && status >= 200 && status < 300;
  const endpoint = new URL(found.destination.url).origin;
  return ok({ tenant, endpoint, accepted, status, error, took_ms: Math.round(tookMs) });
}

/** Whether it is delivered to now. */
async function standing({ live, engine }: TenantRoutesOptions, id: TenantId) {
  const tenant = tenantOf(live.current, id);
  const { lanes } = await engine.counts();
  const paused = pauseView(tenant, lanes.find((lane) => lane.tenant === id)?.paused);
  return { status: statusOf(tenant, paused), paused };
}

async function pause(options: TenantRoutesOptions, tenant: TenantId): Promise<Reply> {
  await options.pipeline.pause(tenant);
  return ok({ tenant, ...await standing(options, tenant) });
}

async function resume(options: TenantRoutesOptions, tenant: TenantId): Promise<Reply> {
  const resumed = await options.pipeline.resume(tenant);
  return ok({ tenant, resumed, ...await standing(options, tenant) });
}

async function flush({ pipeline }: TenantRoutesOptions, tenant?: TenantId): Promise<Reply> {
  await pipeline.flush(tenant);
  return ok({ status: "flushed", tenant: tenant ?? null });
}

type Act = (options: TenantRoutesOptions, tenant: TenantId) => Promise<Reply>;

/** Something done to a tenant that is known. */
function toTenant(name: string, options: TenantRoutesOptions, act: Act): Route {
  return {
    method: "POST",
    path: `/tenants/{id}/${name}`,
    needs: "token",
    answer: async ({ parameters: [id = ""] }: Asked) =>
      await isKnown(options, id) ? await act(options, id) : unknownTenant,
  };
}

/** `GET /tenants`, `GET /tenants/{id}`, `POST /tenants/{id}/ping · pause · resume · flush`. */
export function tenantRoutes(options: TenantRoutesOptions): readonly Route[] {
  return [
    { method: "GET", path: "/tenants", needs: "token", answer: () => allTenants(options) },
    {
      method: "GET",
      path: "/tenants/{id}",
      needs: "token",
      answer: ({ parameters: [id = ""] }) => oneTenant(options, id),
    },
    toTenant("ping", options, ping),
    toTenant("pause", options, pause),
    toTenant("resume", options, resume),
    toTenant("flush", options, flush),
    { method: "POST", path: "/flush", needs: "token", answer: () => flush(options) },
  ];
}
