/** Sends events again that the log still has. */
import type { DatabaseSync } from "node:sqlite";
import type { BatchStory } from "../../delivery.ts";
import type { EventRef } from "../../event.ts";
import { envelopeBytesOf } from "../../batch/envelope.ts";
import {
  createReplay,
  type Replayable,
  type ReplayTable,
  type SettledBatch,
} from "../replaying.ts";
import { type EventTable, memberIn } from "../tables.ts";
import type { Lanes } from "./lanes.ts";
import type { openLetters } from "./letters.ts";
import { refsIn } from "./members.ts";

/** The selections, as tests look at how they are made. */
export const replayQueries = {
  settled: `
    SELECT seq, batch.id, lane.tenant, state, settled_at
    FROM batch CROSS JOIN lane ON lane.id = batch.lane
    WHERE (settled_at, seq) > (:at, :number) AND settled_at < :until
    ORDER BY settled_at, seq LIMIT :limit`,
  waiting: `
    SELECT value FROM json_each(:refs) WHERE EXISTS (
      SELECT 1 FROM waiting LEFT JOIN session ON session.id = -waiting.lane
      WHERE waiting.event = value AND coalesce(session.lane, waiting.lane) = :lane)`,
  sealed: "SELECT members FROM batch WHERE lane = ? AND state = 'sealed'",
  dead: `
    SELECT value FROM json_each(:refs)
    WHERE EXISTS (SELECT 1 FROM dead WHERE event = value AND lane = :lane)`,
};

/** Reads which events of a lane are on their way, and which are dead. */
function createStanding(database: DatabaseSync) {
  const waiting = database.prepare(replayQueries.waiting);
  const sealed = database.prepare(replayQueries.sealed);
  const dead = database.prepare(replayQueries.dead);
  const refsOf = (rows: readonly Record<string, unknown>[]) =>
    rows.map(({ value }) => Number(value));
  return {
    atRest(lane: number, refs: readonly EventRef[]): readonly EventRef[] {
      const busy = new Set([
        ...refsOf(waiting.all({ refs: JSON.stringify(refs), lane })),
        ...sealed.all(lane).flatMap(({ members }) => refsIn(members)),
      ]);
      return refs.filter((ref) => !busy.has(ref));
    },
    deadAmong(lane: number, refs: readonly EventRef[]): readonly EventRef[] {
      const found = new Set(refsOf(dead.all({ refs: JSON.stringify(refs), lane })));
      return refs.filter((ref) => found.has(ref));
    },
  };
}

/** Reads batches. */
function createBatches(database: DatabaseSync): Pick<ReplayTable, "batch" | "settled"> {
  const find = database.prepare(
    "SELECT tenant, state, members FROM batch JOIN lane ON lane.id = batch.lane WHERE batch.id = ?",
  );
  const settled = database.prepare(replayQueries.settled);
  return {
    batch(id): Replayable | undefined {
      const row = find.get(id);
      if (row === undefined) return undefined;
      const { tenant, state, members } = row;
      return {
        tenant: String(tenant),
        state: state as BatchStory["state"],
        members: refsIn(members),
      };
    },
    settled: ({ after: { at, number }, until }, limit) =>
      settled.all({ at, number, until, limit }).map((row): SettledBatch => ({
        id: String(row["id"]),
        tenant: String(row["tenant"]),
        state: row["state"] as BatchStory["state"],
        number: Number(row["seq"]),
        at: Number(row["settled_at"]),
      })),
  };
}

/** Opens the replays of a log. To be used inside a transaction. */
export function openReplays(
  database: DatabaseSync,
  lanes: Pick<Lanes, "of" | "beside" | "died">,
  letters: ReturnType<typeof openLetters>,
  events: Pick<EventTable, "ownersOf" | "whole">,
) {
  const standing = createStanding(database);
  return createReplay({
    ...createBatches(database),
    oldest: letters.oldest,
    countLetters: letters.count,
    atRest: (tenant, refs) => standing.atRest(lanes.of(tenant).id, refs),
    deadAmong: (tenant, refs) => standing.deadAmong(lanes.of(tenant).id, refs),
    raise(tenant, ref) {
      if (letters.remove(tenant, ref)) lanes.died(lanes.of(tenant), -1);
    },
    bytesOf(tenant, ref) {
      if (events.ownersOf(ref).length === 0) return undefined;
      const member = memberIn(events.whole(ref), tenant);
      return member && envelopeBytesOf(member);
    },
    beside: (tenant, back, group) => lanes.beside(lanes.of(tenant), back, group),
  });
}
