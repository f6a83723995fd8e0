/**
 * What calls have taught. Ids are random, and a row at a random place costs a page of its own in
 * every commit: so what is recent is written in the order in which it came, all of a commit's in
 * one row, and found through an index in memory. Only what no longer fits there moves to a table
 * that is sorted by key.
 *
 *     put ─▶ recent, in order ──the first of too many──▶ older, by key ──24 h──▶ forgotten
 *              ▲ index in memory, about `recentMax`, read at the start
 */
import type { DatabaseSync } from "node:sqlite";
import type { Known } from "../../ownership.ts";
import type { Key } from "../../event.ts";
import { rememberedMs, seenWithinMs } from "../../ownership/learning.ts";
import type { CallTable } from "../tables.ts";

/** Things found through memory: some 65,000 calls. */
const recentMax = 200_000;

/** Moved at once where there are too many: sorted, they share pages. */
const movedMax = 2_000;

/** Looked at in one step of forgetting. */
const lookedAtMax = 2_000;

/** What is known, and the row that says so last; the row is 0 until it is written. */
interface Recent {
  readonly row: number;
  readonly known: Known;
}

type Lesson = readonly [key: Key, known: Known];

const lessonsIn = (row: Record<string, unknown>): readonly Lesson[] =>
  JSON.parse(String(row["lessons"]));

/** Changes of the index that a transaction would take back with it. */
type Undo = readonly [key: Key, before: Recent | undefined];

/** The recent ones, by key. */
function openRecent(database: DatabaseSync) {
  const all = database.prepare("SELECT id, lessons FROM recent ORDER BY id");
  const first = database.prepare("SELECT id, lessons FROM recent ORDER BY id LIMIT 1");
  const put = database.prepare("INSERT INTO recent(id, lessons) VALUES (?, ?)");
  const remove = database.prepare("DELETE FROM recent WHERE id = ?");
  const index = new Map<Key, Recent>();
  const undos: Undo[] = [];
  const unwritten = new Set<Key>();
  let last = 0;
  for (const row of all.iterate()) {
    last = Number(row["id"]);
    for (const [key, known] of lessonsIn(row)) index.set(key, { row: last, known });
  }

  function set(key: Key, recent: Recent | undefined): void {
    undos.push([key, index.get(key)]);
    if (recent === undefined) index.delete(key);
    else index.set(key, recent);
  }

  return {
    get: (key: Key) => index.get(key)?.known,
    put(key: Key, known: Known): void {
      set(key, { row: last + 1, known });
      unwritten.add(key);
    },
    size: () => index.size,
    /** Writes what was put; to be called before the transaction ends. */
    write(): void {
      if (unwritten.size === 0) return;
      const lessons = [...unwritten].map((key) => [key, index.get(key)?.known]);
      unwritten.clear();
      put.run(++last, JSON.stringify(lessons));
    },
    /** Takes the first rows out, of about so many things; gives what none that came later says. */
    takeFirst(limit: number, isGone: (row: readonly Lesson[]) => boolean): readonly Lesson[] {
      const taken: Lesson[] = [];
      let looked = 0;
      for (let row = first.get(); row !== undefined && looked < limit; row = first.get()) {
        const id = Number(row["id"]);
        const all = lessonsIn(row);
        const current = all.filter(([key]) => index.get(key)?.row === id);
        if (!isGone(current)) break;
        for (const [key] of current) set(key, undefined);
        taken.push(...current);
        remove.run(id);
        looked += all.length;
      }
      return taken;
    },
    changes: () => undos.length,
    /** Takes back what was done since there were so many changes. */
    undo(to: number): void {
      unwritten.clear();
      for (const [key, before] of undos.splice(to).reverse()) {
        if (before === undefined) index.delete(key);
        else index.set(key, before);
      }
    },
    committed: () => void undos.splice(0),
  };
}

/** Those that are sorted by key. */
function openOlder(database: DatabaseSync) {
  const exists = database.prepare("SELECT EXISTS (SELECT 1 FROM older) AS found");
  const find = database.prepare("SELECT known, seen_at FROM older WHERE key = ?");
  const put = database.prepare(
    "INSERT OR REPLACE INTO older(key, known, seen_at) VALUES (?, ?, ?)",
  );
  const after = database.prepare(
    "SELECT key, seen_at FROM older WHERE key > ? ORDER BY key LIMIT ?",
  );
  const remove = database.prepare("DELETE FROM older WHERE key = ?");
  // Where nothing was ever too much, nothing is looked for.
  let any = exists.get()?.["found"] === 1;
  let cursor = "";
  return {
    get(key: Key): Known | undefined {
      const row = any ? find.get(key) : undefined;
      return row && JSON.parse(String(row["known"]));
    },
    put([key, known]: Lesson): void {
      any = true;
      put.run(key, JSON.stringify(known), known.seenAt);
    },
    /** A few of them; the next time the ones after those. */
    forget(before: number): void {
      if (!any) return;
      const found = after.all(cursor, lookedAtMax);
      for (const row of found) {
        if (Number(row["seen_at"]) < before) remove.run(String(row["key"]));
      }
      cursor = found.length < lookedAtMax ? "" : String(found.at(-1)?.["key"]);
    },
  };
}

/** What is remembered, with a way back for what is rolled back. */
export interface Calls extends CallTable {
  /** Writes what was put since; to be called at the end of every operation. */
  write(): void;
  /** So many changes were made in this transaction. */
  changes(): number;
  undo(to: number): void;
  committed(): void;
}

const byKey = ([one]: Lesson, [other]: Lesson) => one < other ? -1 : 1;

/** Opens what is remembered in a log. To be used inside a transaction. */
export function openCalls(database: DatabaseSync): Calls {
  const recent = openRecent(database);
  const older = openOlder(database);
  return {
    // What was named again after it moved is in both, and the recent one is right.
    get: (key) => recent.get(key) ?? older.get(key),
    put: recent.put,
    write() {
      recent.write();
      if (recent.size() <= recentMax) return;
      for (const lesson of [...recent.takeFirst(movedMax, () => true)].sort(byKey)) {
        older.put(lesson);
      }
    },
    forget(now) {
      const before = now - rememberedMs - seenWithinMs;
      // From the first on: those behind one that is still remembered are so, or soon forgotten.
      recent.takeFirst(lookedAtMax, (row) => row.every(([, { seenAt }]) => seenAt < before));
      older.forget(before);
    },
    changes: recent.changes,
    undo: recent.undo,
    committed: recent.committed,
  };
}
