/** What the log holds, for people. */
import type { DatabaseSync } from "node:sqlite";
import type { EngineCounts, LaneCount } from "../../engine.ts";
import type { Lanes } from "./lanes.ts";

/** Queues beside one lane that are looked into, where there may be one per open call. */
const queuesMax = 1_000;

/** Since when the first of a lane's sessions and groups waits, of those that are due first. */
function createOldestBeside(database: DatabaseSync) {
  const find = database.prepare(`
    SELECT min((SELECT since FROM waiting WHERE lane = -queue.id ORDER BY position LIMIT 1)) AS at
    FROM (SELECT id FROM session WHERE lane = ? AND due_at IS NOT NULL
          ORDER BY due_at LIMIT ${queuesMax}) AS queue`);
  return function oldestAt(lane: number): number {
    const at = find.get(lane)?.["at"];
    return typeof at === "number" ? at : Number.POSITIVE_INFINITY;
  };
}

/** Since when the oldest event in a sealed batch waits, by lane. */
function oldestSealed(database: DatabaseSync): ReadonlyMap<unknown, number> {
  const rows = database.prepare(
    "SELECT lane, min(oldest_at) AS at FROM batch WHERE state = 'sealed' GROUP BY lane",
  ).all();
  return new Map(rows.map(({ lane, at }) => [lane, Number(at)]));
}

function numberOf(database: DatabaseSync, sql: string): number {
  return Number(database.prepare(sql).get()?.["n"] ?? 0);
}

/** Counts without reading what waits, but for the first of it beside a lane: lanes know that. */
export function countsOf(database: DatabaseSync, lanes: Lanes, stream: string): EngineCounts {
  const rows = database.prepare("SELECT id, last_sequence, delivered_at FROM tenant").all();
  const tenants = new Map(rows.map((row) => [row["id"], row]));
  const oldestBeside = createOldestBeside(database);
  const sealed = oldestSealed(database);
  const counts = lanes.states().map(({ name, tenant, waiting }): LaneCount => {
    const row = tenants.get(tenant);
    const { oldestAt: first = Number.POSITIVE_INFINITY } = waiting;
    const gathered = lanes.gatheredIn(name);
    const { id } = lanes.of(name);
    const beside = gathered === 0 ? Number.POSITIVE_INFINITY : oldestBeside(id);
    const oldestAt = Math.min(first, beside, sealed.get(id) ?? Number.POSITIVE_INFINITY);
    const deliveredAt = row?.["delivered_at"];
    return {
      tenant,
      waiting: waiting.count + gathered,
      sealed: waiting.sealed,
      dead: lanes.deadIn(name),
      lastSequence: Number(row?.["last_sequence"] ?? 0),
      ...(Number.isFinite(oldestAt) ? { oldestAt } : {}),
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
