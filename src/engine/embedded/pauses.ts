/** Pauses that are not the config's: an operator's, or a destination's that is gone. */
import type { DatabaseSync } from "node:sqlite";
import type { Pause } from "../../delivery.ts";
import type { TenantId } from "../../tenant.ts";
import type { LaneId, Lanes } from "./lanes.ts";

/** Opens the pauses of a log. To be used inside a transaction. */
export function openPauses(database: DatabaseSync, lanes: Pick<Lanes, "laneOf" | "setPaused">) {
  const put = database.prepare(
    "INSERT INTO pause(tenant, by, destination, at) VALUES (?, ?, ?, ?)",
  );
  const remove = database.prepare("DELETE FROM pause WHERE tenant = ?");
  const find = database.prepare("SELECT by FROM pause WHERE tenant = ?");

  function set(lane: LaneId, pause: Pause): void {
    // An operator's pause stays until he ends it: another destination is no reason to go on.
    if (find.get(lane.tenant)?.["by"] === "operator") return;
    remove.run(lane.tenant);
    put.run(lane.tenant, pause.by, pause.destination ?? null, pause.at);
    lanes.setPaused(lane, pause);
  }

  return {
    pause: (tenant: TenantId) => set(lanes.laneOf(tenant), { by: "operator", at: Date.now() }),
    /** Says whether there was one. */
    resume(tenant: TenantId): boolean {
      if (remove.run(tenant).changes === 0) return false;
      lanes.setPaused(lanes.laneOf(tenant), undefined);
      return true;
    },
    /** The destination of this lane wants no more. */
    gone: (lane: LaneId, destination: string) =>
      set(lane, { by: "gone", destination, at: Date.now() }),
  };
}
