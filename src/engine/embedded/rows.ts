/**
 * The rows that wait. A queue is a lane of its own, by its number, or a session beside one, by
 * minus its number.
 */
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import type { WaitingRow } from "../queue.ts";

/** A row, with the queue that it is in. */
export interface QueueRow extends WaitingRow {
  readonly queue: number;
  /** The position of the row before it in its story: see `stories.ts`. */
  readonly prior: number | null;
}

/** Where a row is, and since when. */
export type Place = Pick<WaitingRow, "position" | "since">;

/** What waits, in the order of arrival. */
export interface Rows {
  put(queue: number, row: WaitingRow, prior: number | null, expiresAt: number | undefined): void;
  first(queue: number, limit: number): readonly QueueRow[];
  /** The first one from this position on. */
  next(queue: number, position: number): Place | undefined;
  last(queue: number): number | undefined;
  at(queue: number, position: number): QueueRow | undefined;
  /** What is immediate among these positions, came at `since` or later, and has a known story. */
  immediate(queue: number, from: number, to: number, since: number, limit: number): QueueRow[];
  /** What waits in a lane and its sessions and became the tenant's before then. */
  before(lane: number, since: number, limit: number): readonly QueueRow[];
  /** Removes the first of a queue, this one the last of them. */
  removeThrough(queue: number, position: number): void;
  remove(queue: number, position: number): void;
  /** What stands behind these in a story loses its beginning. */
  loseBefore(queue: number, gone: readonly Place[]): void;
  /** When the first link stops working that works at this time. */
  expiresAt(queue: number, now: number): number | undefined;
  /** The last position in use, in any queue. */
  lastPosition(): number;
}

const columns = "waiting.lane, position, event, since, waiting.bytes, immediate, " +
  "coalesce(occurred_at, since), about, state, prior";

type Values = readonly [
  ...readonly [number, number, number, number, number, number, number],
  ...readonly [number | null, number | null, number | null],
];

function rowOf(values: Values): QueueRow {
  const [queue, position, event, since, bytes, immediate, occurredAt, about, state, prior] = values;
  return { queue, position, event, since, bytes, immediate, occurredAt, about, state, prior };
}

/** Prepares a reading of whole rows; arrays are read in half the time of objects. */
function prepareSelect(database: DatabaseSync, rest: string) {
  const statement = database.prepare(`SELECT ${columns} FROM waiting ${rest} LIMIT ?`);
  statement.setReturnArrays(true);
  return (...values: SQLInputValue[]): QueueRow[] =>
    (statement.all(...values) as unknown as Values[]).map(rowOf);
}

function preparePut(database: DatabaseSync): Rows["put"] {
  const put = database.prepare(`
    INSERT INTO waiting(lane, position, event, since, bytes, immediate, occurred_at, about, state,
                        expires_at, prior)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  return function putRow(queue, row, prior, expiresAt) {
    const { position, event, since, bytes, immediate, occurredAt, about, state } = row;
    const facts = [event, since, bytes, immediate, occurredAt, about, state] as const;
    put.run(queue, position, ...facts, expiresAt ?? null, prior);
  };
}

/** Reads one number. */
function numberIn(statement: StatementSync, ...values: SQLInputValue[]): number | undefined {
  const found = statement.get(...values)?.["found"];
  return typeof found === "number" ? found : undefined;
}

/** Prepares the statements over the rows that wait. */
export function prepareRows(database: DatabaseSync): Rows {
  const select = (rest: string) => prepareSelect(database, rest);
  const first = select("WHERE lane = ? ORDER BY position");
  const at = select("WHERE lane = ? AND position = ?");
  const immediate = select(
    "WHERE lane = ? AND position BETWEEN ? AND ? AND immediate = 1 AND since >= ? " +
      "AND prior IS NOT -1 ORDER BY position",
  );
  const inLane = select("WHERE lane = ? AND since < ? ORDER BY position");
  const inSessions = select(
    "JOIN session ON waiting.lane = -session.id " +
      "WHERE session.lane = ? AND due_at IS NOT NULL AND since < ? ORDER BY position",
  );
  const next = database.prepare(
    "SELECT position, since FROM waiting WHERE lane = ? AND position >= ? " +
      "ORDER BY position LIMIT 1",
  );
  const removeThrough = database.prepare("DELETE FROM waiting WHERE lane = ? AND position <= ?");
  const remove = database.prepare("DELETE FROM waiting WHERE lane = ? AND position = ?");
  const loseBefore = database.prepare(`
    UPDATE waiting SET prior = -1
    WHERE lane = ? AND position > ? AND prior IN (SELECT value FROM json_each(?))`);
  const expiresAt = database.prepare(
    "SELECT min(expires_at) AS found FROM waiting WHERE lane = ? AND expires_at > ?",
  );
  const last = database.prepare("SELECT max(position) AS found FROM waiting WHERE lane = ?");
  const lastOfAll = database.prepare("SELECT max(position) AS found FROM waiting");

  return {
    put: preparePut(database),
    first: (queue, limit) => first(queue, limit),
    last: (queue) => numberIn(last, queue),
    next: (queue, position) => next.get(queue, position) as unknown as Place | undefined,
    at: (queue, position) => at(queue, position, 1)[0],
    immediate: (queue, from, to, since, limit) => immediate(queue, from, to, since, limit),
    before(lane, since, limit) {
      const rows = inLane(lane, since, limit);
      return [...rows, ...inSessions(lane, since, limit - rows.length)];
    },
    removeThrough: (queue, position) => void removeThrough.run(queue, position),
    remove: (queue, position) => void remove.run(queue, position),
    loseBefore(queue, gone) {
      const positions = gone.map(({ position }) => position);
      loseBefore.run(queue, positions[0] ?? 0, JSON.stringify(positions));
    },
    expiresAt: (queue, now) => numberIn(expiresAt, queue, now),
    lastPosition: () => numberIn(lastOfAll) ?? 0,
  };
}
