/** What the log holds, for people. */
import type { DatabaseSync } from "node:sqlite";
import type { EngineCounts, LaneCount } from "../../engine.ts";
import type { Lanes } from "./lanes.ts";

function numberOf(database: DatabaseSync, sql: string): number {
  return Number(database.prepare(sql).get()?.["n"] ?? 0);
}

/** Counts without reading what waits: the lanes know that. */
export function countsOf(database: DatabaseSync, lanes: Lanes, stream: string): EngineCounts {
  const rows = database.prepare("SELECT id, last_sequence, delivered_at FROM tenant").all();
  const tenants = new Map(rows.map((row) => [row["id"], row]));
  const counts = lanes.states().map(({ name, tenant, waiting }): LaneCount => {
    const row = tenants.get(tenant);
    const deliveredAt = row?.["delivered_at"];
    return {
      tenant,
      waiting: waiting.count + lanes.gatheredIn(name),
      sealed: waiting.sealed,
      dead: lanes.deadIn(name),
      lastSequence: Number(row?.["last_sequence"] ?? 0),
      ...(waiting.oldestAt === undefined ? {} : { oldestAt: waiting.oldestAt }),
      ...(typeof deliveredAt === "number" ? { deliveredAt } : {}),
      ...(waiting.paused === undefined ? {} : { paused: waiting.paused }),
    };
  });
  return {
    stream,
    held: numberOf(database, "SELECT count(*) AS n FROM held WHERE reason <> 'expired'"),
    expired: numberOf(database, "SELECT count(*) AS n FROM held WHERE reason = 'expired'"),
    parked: numberOf(database, "SELECT count(*) AS n FROM event WHERE state = 'parked'"),
    lanes: counts,
  };
}
