/**
 * What waits beside the lanes of a log, in the table `session`: sessions, and groups of what came
 * back of batches. Nothing of them is kept in memory: sessions in which nothing waits are
 * remembered by the million. A group is forgotten with the last of what waits in it.
 */
import type { DatabaseSync } from "node:sqlite";
import type { ClosingReason } from "../../batch.ts";
import type { Key } from "../../event.ts";
import type { Beside } from "../returning.ts";
import { dueAtOf, type Session } from "../sessions.ts";

/** A session or group of a lane; its number is that of its queue, but for the sign. */
export interface SessionRow extends Session {
  readonly id: number;
  /** Of a group; it closes when it is due, and nothing else of a session is of meaning. */
  readonly group?: Beside;
}

/** What is beside the lanes of one log. Everything here is to be called inside a transaction. */
export interface Sessions {
  of(lane: number, key: Key): SessionRow | undefined;
  /** By the number of its queue. */
  at(queue: number): SessionRow;
  /** Opens it; gives the number of its queue. */
  open(lane: number, key: Key, session: Session): number;
  /** Makes a group in which so many wait, under a name that is no key; gives its queue. */
  openGroup(lane: number, name: string, group: Beside, count: number): number;
  put(queue: number, session: Session): void;
  remove(queue: number): void;
  /** The one that is to be sealed first of those in which something waits. */
  next(lane: number): SessionRow | undefined;
  /** The session in which most bytes wait. */
  fullest(lane: number): SessionRow | undefined;
  /** The group of the batch that was split last. */
  split(lane: number): SessionRow | undefined;
  /** Forgets those last seen before then in which nothing waits; says how many. */
  forget(before: number, limit: number): number;
}

function groupIn(row: Record<string, unknown>): Beside | undefined {
  const { source, parent, refusedAt } = row;
  if (source === "session") return undefined;
  return {
    source: source as Beside["source"],
    ...(parent === null ? {} : { parent: String(parent) }),
    dueAt: Number(row["closesAt"]),
    returned: Number(row["returned"]),
    ...(refusedAt === null ? {} : { refusedAt: Number(refusedAt) }),
  };
}

function sessionOf(row: Record<string, unknown> | undefined): SessionRow | undefined {
  if (row === undefined) return undefined;
  const { urgentAt, urgent, firstBatch } = row;
  const group = groupIn(row);
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
    ...(group === undefined ? {} : { group }),
  };
}

/** What is written of a session, in the order of the columns. */
function valuesOf(session: Session) {
  const { openedAt, closesAt, legs, urgent, firstBatch = null, seenAt, count, bytes } = session;
  const due = dueAtOf(session) ?? null;
  const when = [openedAt, closesAt, JSON.stringify(legs), urgent?.at ?? null];
  return [...when, urgent?.reason ?? null, firstBatch, seenAt, count, bytes, due];
}

const columns = "opened_at, closes_at, legs, urgent_at, urgent, first_batch, seen_at, count, " +
  "bytes, due_at";

function prepareGroups(database: DatabaseSync): Pick<Sessions, "openGroup" | "remove"> {
  // No bytes are counted of groups: the fullest in the index is a session.
  const add = database.prepare(`
    INSERT INTO session(lane, key, opened_at, closes_at, due_at, legs, seen_at, count, bytes,
                        source, parent, returned, refused_at)
    VALUES (?, ?, ?3, ?3, ?3, '{}', ?3, ?, 0, ?, ?, ?, ?) RETURNING id`);
  const remove = database.prepare("DELETE FROM session WHERE id = ?");
  return {
    openGroup(lane, name, { source, parent = null, dueAt, returned, refusedAt = null }, count) {
      const row = add.get(lane, name, dueAt, count, source, parent, returned, refusedAt);
      return -Number(row?.["id"]);
    },
    remove: (queue) => void remove.run(-queue),
  };
}

/** How one of a lane is found, as tests look at how that is done. */
export const besideQueries = {
  next: "lane = ? AND due_at IS NOT NULL ORDER BY due_at LIMIT 1",
  fullest: "lane = ? AND due_at IS NOT NULL ORDER BY bytes DESC LIMIT 1",
  split: "lane = ? AND source = 'split' ORDER BY id DESC LIMIT 1",
};

/** Opens what is beside the lanes of a log. */
export function openSessions(database: DatabaseSync): Sessions {
  const select = (rest: string) =>
    database.prepare(`
      SELECT id, opened_at AS openedAt, closes_at AS closesAt, legs, urgent_at AS urgentAt, urgent,
             first_batch AS firstBatch, seen_at AS seenAt, count, bytes,
             source, parent, returned, refused_at AS refusedAt
      FROM session WHERE ${rest}`);
  const byKey = select("lane = ? AND key = ?");
  const byId = select("id = ?");
  const next = select(besideQueries.next);
  const fullest = select(besideQueries.fullest);
  const split = select(besideQueries.split);
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
    ...prepareGroups(database),
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
    split: (lane) => sessionOf(split.get(lane)),
    forget: (before, limit) => Number(forget.run(before, limit).changes),
  };
}
