/**
 * Lanes as the log's thread knows them: a summary of each in memory, the rows in `waiting`.
 * A million waiting rows cost their summaries' memory only.
 */
import type { DatabaseSync } from "node:sqlite";
import type { EventRef, Owner } from "../../event.ts";
import type { TenantId } from "../../tenant.ts";
import type { LaneState } from "../handout.ts";
import type { WaitingRow } from "../sealing.ts";

interface Summary {
  readonly id: number;
  readonly name: string;
  readonly tenant: TenantId;
  count: number;
  bytes: number;
  oldestAt: number | undefined;
  immediates: number;
  sealed: number;
  dead: number;
}

/** A lane, as far as its identity goes. */
export type LaneId = Pick<Summary, "id" | "name" | "tenant">;

/** A row of `waiting`. */
export interface LaneRow extends WaitingRow {
  readonly position: number;
  readonly immediate: number;
}

/** The lanes of one log. Everything here is to be called inside a transaction. */
export interface Lanes {
  /** Lets an event wait in the lane of its owner. */
  add(owner: Owner, event: EventRef, since: number, bytes: number): void;
  /** Throws where no lane is called so. */
  of(name: string): LaneId;
  /** The head of a lane, in the order of arrival. */
  first(lane: LaneId, limit: number): readonly LaneRow[];
  /** What became the tenant's before `since`, in the order of arrival. */
  olderThan(lane: LaneId, since: number, limit: number): readonly LaneRow[];
  take(lane: LaneId, rows: readonly LaneRow[]): void;
  /** A batch of this lane was sealed (+1) or settled (−1). */
  sealed(lane: LaneId, change: 1 | -1): void;
  died(lane: LaneId, count: number): void;
  states(): LaneState[];
  deadIn(name: string): number;
  /** The lanes that changed since this was last asked. */
  changes(): LaneState[];
  /** Raised by every change. */
  revision(): number;
  /** Reads everything anew: after changes that were rolled back. */
  recover(): void;
}

function stateOf(lane: Summary): LaneState {
  const { name, tenant, count, bytes, oldestAt, immediates, sealed } = lane;
  const waiting = { count, bytes, immediate: immediates > 0, sealed };
  return { name, tenant, waiting: oldestAt === undefined ? waiting : { ...waiting, oldestAt } };
}

function readSummaries(database: DatabaseSync): Map<string, Summary> {
  const rows = database.prepare(`
    SELECT lane.id, lane.name, lane.tenant, count(waiting.position) AS count,
           coalesce(sum(waiting.bytes), 0) AS bytes,
           coalesce(sum(waiting.immediate), 0) AS immediates,
           (SELECT since FROM waiting AS w WHERE w.lane = lane.id ORDER BY position LIMIT 1)
             AS oldestAt,
           (SELECT count(*) FROM batch WHERE batch.lane = lane.id AND state = 'sealed') AS sealed
    FROM lane LEFT JOIN waiting ON waiting.lane = lane.id GROUP BY lane.id`).all();
  const dead = new Map(
    database.prepare("SELECT lane, count(*) AS dead FROM dead GROUP BY lane").all()
      .map((row) => [row["lane"], Number(row["dead"])]),
  );
  const summaries = rows.map((row): [string, Summary] => [String(row["name"]), {
    id: Number(row["id"]),
    name: String(row["name"]),
    tenant: String(row["tenant"]),
    count: Number(row["count"]),
    bytes: Number(row["bytes"]),
    oldestAt: row["oldestAt"] === null ? undefined : Number(row["oldestAt"]),
    immediates: Number(row["immediates"]),
    sealed: Number(row["sealed"]),
    dead: dead.get(row["id"] ?? 0) ?? 0,
  }]);
  return new Map(summaries);
}

/** The statements over the rows that wait. */
function prepareRows(database: DatabaseSync) {
  const columns = "position, event, since, bytes, immediate";
  const sorted = "ORDER BY position LIMIT ?";
  return {
    put: database.prepare(`INSERT INTO waiting(lane, ${columns}) VALUES (?, ?, ?, ?, ?, ?)`),
    first: database.prepare(`SELECT ${columns} FROM waiting WHERE lane = ? ${sorted}`),
    older: database.prepare(
      `SELECT ${columns} FROM waiting WHERE lane = ? AND since < ? ${sorted}`,
    ),
    remove: database.prepare("DELETE FROM waiting WHERE lane = ? AND position = ?"),
  };
}

/** Opens the lanes of a log. */
export function openLanes(database: DatabaseSync): Lanes {
  const putLane = database.prepare("INSERT INTO lane(name, tenant) VALUES (?, ?) RETURNING id");
  const rows = prepareRows(database);
  let summaries = readSummaries(database);
  let revision = 0;
  const changed = new Set<Summary>();

  function create(name: string, tenant: TenantId): Summary {
    const id = Number(putLane.get(name, tenant)?.["id"]);
    const nothing = { count: 0, bytes: 0, oldestAt: undefined, immediates: 0, sealed: 0, dead: 0 };
    const lane: Summary = { id, name, tenant, ...nothing };
    summaries.set(name, lane);
    return lane;
  }

  function of(name: string): Summary {
    const lane = summaries.get(name);
    if (lane === undefined) throw new Error(`No lane is called "${name}"`);
    return lane;
  }

  function change(lane: Summary): Summary {
    revision += 1;
    changed.add(lane);
    return lane;
  }

  const first = ({ id }: LaneId, limit: number) =>
    rows.first.all(id, limit) as unknown as LaneRow[];

  return {
    of,
    first,
    add({ tenant, immediate }, event, since, bytes) {
      const lane = change(summaries.get(tenant) ?? create(tenant, tenant));
      rows.put.run(lane.id, event, event, since, bytes, immediate ? 1 : 0);
      lane.count += 1;
      lane.bytes += bytes;
      lane.oldestAt ??= since;
      lane.immediates += immediate ? 1 : 0;
    },
    olderThan: ({ id }, since, limit) => rows.older.all(id, since, limit) as unknown as LaneRow[],
    take({ name }, taken) {
      const lane = change(of(name));
      for (const row of taken) {
        rows.remove.run(lane.id, row.position);
        lane.count -= 1;
        lane.bytes -= row.bytes;
        lane.immediates -= row.immediate;
      }
      lane.oldestAt = first(lane, 1)[0]?.since;
    },
    sealed: ({ name }, by) => void (change(of(name)).sealed += by),
    died: ({ name }, count) => void (change(of(name)).dead += count),
    states: () => [...summaries.values()].map(stateOf),
    deadIn: (name) => of(name).dead,
    changes() {
      const states = [...changed].map(stateOf);
      changed.clear();
      return states;
    },
    revision: () => revision,
    recover() {
      changed.clear();
      summaries = readSummaries(database);
      for (const lane of summaries.values()) changed.add(lane);
    },
  };
}
