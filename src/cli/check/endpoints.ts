/** Every URL of a config that the daemon would send to, and as whom. */
import type { Config } from "../../config.ts";
import type { Destination, TenantId } from "../../tenant.ts";

/** One of them. */
export interface Endpoint {
  /** Whose keys sign what goes there. */
  readonly tenant: TenantId;
  readonly field: "callback_url" | "failover_url" | "alerts.url";
  readonly url: URL;
  readonly destination: Destination;
}

const alertsTimeoutMs = 15_000;

function endpointsOfTenant(tenant: TenantId, destination: Destination): readonly Endpoint[] {
  const { url, failoverUrl } = destination;
  const first = { tenant, field: "callback_url", url: new URL(url), destination } as const;
  if (failoverUrl === undefined) return [first];
  return [first, { tenant, field: "failover_url", url: new URL(failoverUrl), destination }];
}

function endpointOfAlerts(url: string): Endpoint {
  const destination = {
    url,
    headers: {},
    timeoutMs: alertsTimeoutMs,
    inFlight: 1,
    retry: { firstMs: 0, maxMs: 0, forMs: 0 },
    gzip: false,
    secrets: [],
    secretVersion: 1,
  };
  return { tenant: "aggregator", field: "alerts.url", url: new URL(url), destination };
}

/** All of them: those of the tenants, of what is nobody's, and of alarms. */
export function endpointsOf({ tenants, unassigned, alerts }: Config): readonly Endpoint[] {
  const { copies } = unassigned;
  const all = [...tenants.values(), ...copies === undefined ? [] : [copies]];
  return [
    ...all.flatMap(({ id, destination }) => endpointsOfTenant(id, destination)),
    ...alerts.url === undefined ? [] : [endpointOfAlerts(alerts.url)],
  ];
}
