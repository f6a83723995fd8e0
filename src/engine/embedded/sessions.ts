/**
 * The sessions of the log, in the table `session`. Nothing of them is kept in memory: those in
 * which nothing waits are remembered by the million.
 */
import type { DatabaseSync } from "node:sqlite";
import type { ClosingReason } from "../../batch.ts";
import type { Key } from "../../event.ts";
import { dueAtOf, type Session } from "../sessions.ts";

/** A session of a lane; its number is that of its queue, but for the sign. */
export interface SessionRow extends Session {
  readonly id: number;
}

/** The sessions of one log. Everything here is to be called inside a transaction. */
export interface Sessions {
  of(lane: number, key: Key): SessionRow | undefined;
  /** By the number of its queue. */
  at(queue: number): SessionRow;
  /** Opens it; gives the number of its queue. */
  open(lane: number, key: Key, session: Session): number;
  put(queue: number, session: Session): void;
  /** The one that is to be sealed first of those in which something waits. */
  next(lane: number): SessionRow | undefined;
  /** The one in which most bytes wait. */
  fullest(lane: number): SessionRow | undefined;
  /** Forgets those last seen before then in which nothing waits; says how many. */
  forget(before: number, limit: number): number;
}

function sessionOf(row: Record<string, unknown> | undefined): SessionRow | undefined {
  if (row === undefined) return undefined;
  const { urgentAt, urgent, firstBatch } = row;
  return {
    id: Number(row["id"]),
    openedAt: Number(row["openedAt"]),
    closesAt: Number(row["closesAt"]),
    legs: JSON.parse(String(row["legs"])),
    ...(urgent === null
      ? {}
      : { urgent: { at: Number(urgentAt), reason: String(urgent) as ClosingReason } }),
    ...(firstBatch === null ? {} : { firstBatch: String(firstBatch) }),
    seenAt: Number(row["seenAt"]),
    count: Number(row["count"]),
    bytes: Number(row["bytes"]),
  };
}

/** What is written of a session, in the order of the columns. */
function valuesOf(session: Session) {
  const { openedAt, closesAt, legs, urgent, firstBatch = null, seenAt, count, bytes } = session;
  const due = dueAtOf(session) ?? null;
  const when = [openedAt, closesAt, JSON.stringify(legs), urgent?.at ?? null];
  return [...when, urgent?.reason ?? null, firstBatch, seenAt, count, bytes, due];
}

/** Opens the sessions of a log. */
export function openSessions(database: DatabaseSync): Sessions {
  const columns = "opened_at, closes_at, legs, urgent_at, urgent, first_batch, seen_at, count, " +
    "bytes, due_at";
  const select = (rest: string) =>
    database.prepare(`
      SELECT id, opened_at AS openedAt, closes_at AS closesAt, legs, urgent_at AS urgentAt, urgent,
             first_batch AS firstBatch, seen_at AS seenAt, count, bytes
      FROM session WHERE ${rest}`);
  const byKey = select("lane = ? AND key = ?");
  const byId = select("id = ?");
  const next = select("lane = ? AND due_at IS NOT NULL ORDER BY due_at LIMIT 1");
  const fullest = select("lane = ? AND due_at IS NOT NULL ORDER BY bytes DESC LIMIT 1");
  const add = database.prepare(`
    INSERT INTO session(lane, key, ${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    RETURNING id`);
  const put = database.prepare(
    `UPDATE session SET (${columns}) = (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) WHERE id = ?`,
  );
  const forget = database.prepare(`
    DELETE FROM session WHERE id IN
      (SELECT id FROM session WHERE due_at IS NULL AND seen_at < ? ORDER BY seen_at LIMIT ?)`);

  return {
    of: (lane, key) => sessionOf(byKey.get(lane, key)),
    at(queue) {
      const session = sessionOf(byId.get(-queue));
      if (session === undefined) throw new Error(`No session waits in queue ${queue}`);
      return session;
    },
    open: (lane, key, session) => -Number(add.get(lane, key, ...valuesOf(session))?.["id"]),
    put: (queue, session) => void put.run(...valuesOf(session), -queue),
    next: (lane) => sessionOf(next.get(lane)),
    fullest: (lane) => sessionOf(fullest.get(lane)),
    forget: (before, limit) => Number(forget.run(before, limit).changes),
  };
}
