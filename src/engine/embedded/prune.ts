/**
 * Pruning: settled events leave the log in small steps, oldest first. What still waits, is
 * sealed, held, parked or dead stays, however old it is; the newest event always stays, because
 * the next number is counted from it.
 */
import type { DatabaseSync } from "node:sqlite";
import type { Pruned } from "../../engine.ts";
import type { EventRef } from "../../event.ts";
import { refsIn } from "./members.ts";

/**
 * Events looked at in one step, and batches: those of a long outage, and those that dead letters
 * name, are passed over, not searched through.
 */
const lookedAtMax = 5_000;

/** Finds settled events, from where it last stopped; after the last one it begins anew. */
function createCandidates(database: DatabaseSync) {
  const find = database.prepare(`
    SELECT seq, received_at, fingerprint FROM event
    WHERE (received_at, seq) > (:at, :seq) AND received_at < :before
      AND state IN ('owned', 'dropped') AND seq < (SELECT max(seq) FROM event)
    ORDER BY received_at, seq LIMIT :limit`);
  const start = { at: -1, seq: 0 };
  let cursor = start;
  return function next(before: number, limit: number) {
    const rows = find.all({ ...cursor, before, limit });
    const last = rows.length < limit ? undefined : rows.at(-1);
    cursor = last === undefined
      ? start
      : { at: Number(last["received_at"]), seq: Number(last["seq"]) };
    const found = rows.map((row) => ({
      seq: Number(row["seq"]),
      key: row["fingerprint"] as Uint8Array,
    }));
    return { found, isEnd: last === undefined };
  };
}

function createUnsettled(database: DatabaseSync) {
  const find = database.prepare(`
    SELECT EXISTS (SELECT 1 FROM waiting WHERE event = :seq)
        OR EXISTS (SELECT 1 FROM dead WHERE event = :seq) AS unsettled`);
  const members = database.prepare(
    "SELECT members FROM batch WHERE state = 'sealed' AND first_event <= ?",
  );
  return {
    has: (seq: EventRef) => find.get({ seq })?.["unsettled"] === 1,
    /** The members of sealed batches that may be among the events up to this one. */
    sealedUpTo: (seq: EventRef) =>
      new Set(members.all(seq).flatMap((row) => refsIn(row["members"]))),
  };
}

/**
 * Forgets batches, in steps as above; those that dead letters name stay as long as these. Where
 * there are so many that a step finds no other, the next steps go on behind them.
 */
function createBatchPrune(database: DatabaseSync) {
  const find = database.prepare(`
    SELECT seq, settled_at AS at, EXISTS (SELECT 1 FROM dead WHERE batch = batch.id) AS named
    FROM batch WHERE (settled_at, seq) > (:at, :seq) AND settled_at < :before
    ORDER BY settled_at, seq LIMIT :limit`);
  const removeAttempts = database.prepare("DELETE FROM attempt WHERE batch = ?");
  const remove = database.prepare("DELETE FROM batch WHERE seq = ?");
  const start = { at: -1, seq: 0 };
  let cursor = start;

  function pass(before: number, limit: number) {
    const rows = find.all({ ...cursor, before, limit });
    const last = rows.length < limit ? undefined : rows.at(-1);
    cursor = last === undefined ? start : { at: Number(last["at"]), seq: Number(last["seq"]) };
    const found = rows.flatMap(({ seq, named }) => named === 1 ? [] : [Number(seq)]);
    return { found, isEnd: last === undefined };
  }

  return function pruneBatches(before: number, limit: number): number {
    let pruned = 0;
    for (let lookedAt = 0; lookedAt < lookedAtMax && pruned < limit; lookedAt += limit) {
      const { found, isEnd } = pass(before, limit - pruned);
      for (const seq of found) {
        removeAttempts.run(seq);
        remove.run(seq);
      }
      pruned += found.length;
      if (isEnd) break;
    }
    return pruned;
  };
}

function createEventPrune(database: DatabaseSync) {
  const next = createCandidates(database);
  const unsettled = createUnsettled(database);
  const removeEvent = database.prepare("DELETE FROM event WHERE seq = ?");
  const removeSeen = database.prepare("DELETE FROM seen WHERE key = ? AND event = ?");

  return function pruneEvents(before: number, limit: number): number {
    let pruned = 0;
    for (let lookedAt = 0; lookedAt < lookedAtMax && pruned < limit; lookedAt += limit) {
      const { found, isEnd } = next(before, limit - pruned);
      const sealed = unsettled.sealedUpTo(Math.max(0, ...found.map(({ seq }) => seq)));
      for (const { seq, key } of found) {
        if (sealed.has(seq) || unsettled.has(seq)) continue;
        removeSeen.run(key, seq);
        removeEvent.run(seq);
        pruned += 1;
      }
      if (isEnd) break;
    }
    return pruned;
  };
}

/** Forgets settled events and batches. To be called inside a transaction. */
export function createPrune(database: DatabaseSync) {
  const pruneEvents = createEventPrune(database);
  const pruneBatches = createBatchPrune(database);
  return (before: number, limit: number): Pruned => ({
    events: pruneEvents(before, limit),
    batches: pruneBatches(before, limit),
  });
}
