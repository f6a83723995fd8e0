/** Alarms about one tenant. Who has no lane in the config in force has none. */
import type { Alarm, Fact, State } from "../../telemetry.ts";
import type { TenantId } from "../../tenant.ts";
import { type Board, fadeMs } from "./board.ts";

/** Some tenants. */
export interface Tenants {
  has(tenant: TenantId): boolean;
}

/** Raises and clears them on this board; `now` is a monotonic clock in ms. */
export function tenantAlarms(board: Board, now: () => number, tenants: () => Tenants): State {
  /** Those whose first URL has an open circuit. */
  const firstOpen = new Set<TenantId>();

  /** An attempt under way while its tenant is removed must not raise what nothing would clear. */
  function raise(alarm: Alarm, tenant: TenantId, fadesAt?: number): void {
    if (tenants().has(tenant)) board.raise(alarm, tenant, fadesAt);
  }

  function opened(tenant: TenantId, failover: boolean): void {
    if (!failover && tenants().has(tenant)) firstOpen.add(tenant);
    raise("circuit_open", tenant);
  }

  /** While the first URL works nobody asks the other one, and its circuit does not matter. */
  function worked(tenant: TenantId, failover: boolean): void {
    if (failover && firstOpen.has(tenant)) return;
    firstOpen.delete(tenant);
    board.clear("circuit_open", tenant);
  }

  function forgetRemoved(): void {
    const inForce = tenants();
    for (const tenant of firstOpen) if (!inForce.has(tenant)) firstOpen.delete(tenant);
    for (const { alarm, tenant } of board.list()) {
      if (tenant !== undefined && !inForce.has(tenant)) board.clear(alarm, tenant);
    }
  }

  /** A URL that was replaced while its circuit was open is never said to be closed. */
  function attempted({ verdict, tenant, failover }: Fact & { is: "batch.attempted" }): void {
    if (verdict === "accepted" || verdict === "partly") worked(tenant, failover);
  }

  return (fact) => {
    switch (fact.is) {
      case "tenant.failing":
        return raise("tenant_failing", fact.tenant);
      case "tenant.recovered":
        return board.clear("tenant_failing", fact.tenant);
      case "tenant.paused":
        return fact.by === "gone" ? raise("paused_gone", fact.tenant) : undefined;
      case "tenant.resumed":
        return board.clear("paused_gone", fact.tenant);
      case "events.dead":
        return raise("dead_letters", fact.tenant, now() + fadeMs);
      case "circuit.opened":
        return opened(fact.tenant, fact.failover);
      case "circuit.closed":
        return worked(fact.tenant, fact.failover);
      case "batch.attempted":
        return attempted(fact);
      case "config.loaded":
        return forgetRemoved();
    }
  };
}
