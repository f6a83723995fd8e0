/** What the log's thread knows of each lane without looking at its rows. */
import type { DatabaseSync } from "node:sqlite";
import type { Pause } from "../../delivery.ts";
import type { TenantId } from "../../tenant.ts";
import type { LaneCut } from "../cutting.ts";
import type { WaitingRow } from "../queue.ts";

/** One lane, in short; what waits beside it is only counted. Times are epoch ms. */
export interface Summary {
  readonly id: number;
  readonly name: string;
  readonly tenant: TenantId;
  count: number;
  bytes: number;
  oldestAt: number | undefined;
  immediates: number;
  /** When the youngest immediate one became the tenant's; of no meaning without any. */
  liveAt: number | undefined;
  expiresAt: number | undefined;
  /** Everything beside the lane: in sessions, and what came back of batches. */
  gathered: number;
  /** What of it came back of batches that were split. */
  split: number;
  /** Groups beside the lane whose only event was refused alone. */
  refused: number;
  sealed: number;
  dead: number;
  deliveredAt: number | undefined;
  paused: Pause | undefined;
  cut: LaneCut | undefined;
}

const nothingBeside = { gathered: 0, split: 0, refused: 0 };

/** A lane in which nothing waits. */
function emptySummary(id: number, name: string, tenant: TenantId): Summary {
  const times = { oldestAt: undefined, liveAt: undefined, expiresAt: undefined };
  const counts = { count: 0, bytes: 0, immediates: 0, sealed: 0, dead: 0 };
  const standing = { deliveredAt: undefined, paused: undefined, cut: undefined };
  return { id, name, tenant, ...times, ...counts, ...nothingBeside, ...standing };
}

/** Counts an event that comes to wait in the lane itself. */
export function countIn(lane: Summary, row: WaitingRow, expiresAt: number | undefined): void {
  lane.count += 1;
  lane.bytes += row.bytes;
  lane.oldestAt ??= row.since;
  lane.immediates += row.immediate;
  if (row.immediate === 1) lane.liveAt = Math.max(lane.liveAt ?? 0, row.since);
  if (expiresAt === undefined || expiresAt <= row.since) return;
  // A link that works no longer is in no hurry, and must not hide one that is.
  const earlier = lane.expiresAt ?? 0;
  lane.expiresAt = earlier > row.since ? Math.min(earlier, expiresAt) : expiresAt;
}

/** Counts events that wait no longer. */
export function countOut(lane: Summary, rows: readonly WaitingRow[]): void {
  for (const row of rows) {
    lane.count -= 1;
    lane.bytes -= row.bytes;
    lane.immediates -= row.immediate;
  }
  if (lane.immediates === 0) lane.liveAt = undefined;
}

type Row = Record<string, unknown>;

const timeOf = (value: unknown) => value === null ? undefined : Number(value);

/** What waits beside each lane, by the lanes' numbers. */
function readBeside(database: DatabaseSync): Map<unknown, typeof nothingBeside> {
  const rows = database.prepare(`
    SELECT lane, sum(count) AS gathered, count(refused_at) AS refused,
           coalesce(sum(count) FILTER (WHERE source = 'split'), 0) AS split
    FROM session WHERE due_at IS NOT NULL GROUP BY lane`).all();
  return new Map(rows.map((row) => [row["lane"], {
    gathered: Number(row["gathered"]),
    split: Number(row["split"]),
    refused: Number(row["refused"]),
  }]));
}

// `dead` is read once, not once per lane: so is what is beside them.
function readDead(database: DatabaseSync): Map<unknown, number> {
  const rows = database.prepare("SELECT lane, count(*) AS dead FROM dead GROUP BY lane").all();
  return new Map(rows.map((row) => [row["lane"], Number(row["dead"])]));
}

function pauseIn({ by, destination, at }: Row): Pause | undefined {
  if (by === null) return undefined;
  return {
    by: by as Pause["by"],
    ...(destination === null ? {} : { destination: String(destination) }),
    at: Number(at),
  };
}

/** Counts everything anew, by the lanes' names. */
function readSummaries(database: DatabaseSync, now: number): Map<string, Summary> {
  const rows = database.prepare(`
    SELECT lane.id, lane.name, lane.tenant, lane.cut, count(waiting.position) AS count,
           coalesce(sum(waiting.bytes), 0) AS bytes,
           coalesce(sum(waiting.immediate), 0) AS immediates,
           max(since) FILTER (WHERE immediate = 1) AS liveAt,
           (SELECT since FROM waiting AS w WHERE w.lane = lane.id ORDER BY position LIMIT 1)
             AS oldestAt,
           (SELECT min(expires_at) FROM waiting AS w WHERE w.lane = lane.id AND expires_at > ?)
             AS expiresAt,
           (SELECT count(*) FROM batch WHERE batch.lane = lane.id AND state = 'sealed') AS sealed,
           (SELECT delivered_at FROM tenant WHERE tenant.id = lane.tenant) AS deliveredAt,
           pause.by, pause.destination, pause.at
    FROM lane LEFT JOIN waiting ON waiting.lane = lane.id
    LEFT JOIN pause ON pause.tenant = lane.tenant GROUP BY lane.id`).all(now);
  const dead = readDead(database);
  const beside = readBeside(database);
  return new Map(rows.map((row): [string, Summary] => [String(row["name"]), {
    id: Number(row["id"]),
    name: String(row["name"]),
    tenant: String(row["tenant"]),
    count: Number(row["count"]),
    bytes: Number(row["bytes"]),
    oldestAt: timeOf(row["oldestAt"]),
    immediates: Number(row["immediates"]),
    liveAt: timeOf(row["liveAt"]),
    expiresAt: timeOf(row["expiresAt"]),
    sealed: Number(row["sealed"]),
    dead: dead.get(row["id"]) ?? 0,
    ...beside.get(row["id"]) ?? nothingBeside,
    deliveredAt: timeOf(row["deliveredAt"]),
    paused: pauseIn(row),
    cut: row["cut"] === null ? undefined : JSON.parse(String(row["cut"])),
  }]));
}

/** The summaries of a log's lanes, and which of them changed. */
export interface Summaries {
  /** Throws where no lane is called so. */
  of(name: string): Summary;
  /** The same, about to be changed. */
  changing(name: string): Summary;
  /** The lane of a tenant, about to be changed; made where there is none. */
  changingOf(tenant: TenantId): Summary;
  all(): readonly Summary[];
  /** Those that changed since this was last asked. */
  changed(): readonly Summary[];
  /** Raised by every change. */
  revision(): number;
  /** Counts everything anew: after changes that were rolled back. */
  recover(): void;
}

/** Opens the summaries of a log's lanes. */
export function openSummaries(database: DatabaseSync): Summaries {
  const putLane = database.prepare("INSERT INTO lane(name, tenant) VALUES (?, ?) RETURNING id");
  const changed = new Set<Summary>();
  let summaries = readSummaries(database, Date.now());
  let revision = 0;

  function create(tenant: TenantId): Summary {
    const lane = emptySummary(Number(putLane.get(tenant, tenant)?.["id"]), tenant, tenant);
    summaries.set(lane.name, lane);
    return lane;
  }

  function of(name: string): Summary {
    const lane = summaries.get(name);
    if (lane === undefined) throw new Error(`No lane is called "${name}"`);
    return lane;
  }

  function changing(lane: Summary): Summary {
    revision += 1;
    changed.add(lane);
    return lane;
  }

  return {
    of,
    changing: (name) => changing(of(name)),
    changingOf: (tenant) => changing(summaries.get(tenant) ?? create(tenant)),
    all: () => [...summaries.values()],
    changed() {
      const lanes = [...changed];
      changed.clear();
      return lanes;
    },
    revision: () => revision,
    recover() {
      changed.clear();
      summaries = readSummaries(database, Date.now());
      for (const lane of summaries.values()) changed.add(lane);
    },
  };
}
