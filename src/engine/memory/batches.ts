/** Sealing and settling, in memory. */
import type { Batch, BatchId } from "../../batch.ts";
import { envelopeBytesOf } from "../../batch/envelope.ts";
import type { Settled, Settlement } from "../../delivery.ts";
import type { EventRef } from "../../event.ts";
import type { Cut } from "../../lane.ts";
import { grown, halved } from "../cutting.ts";
import type { Settling } from "../handout.ts";
import { type Ending, endingOf, pastOf } from "../returning.ts";
import { makeBatch, type Place } from "../sealing.ts";
import {
  batchOf,
  besideIn,
  type MemoryLane,
  type MemoryLaneOptions,
  remove,
  type Row,
  type StoredBatch,
  waitingIn,
} from "./lane.ts";
import { pick, type Picked } from "./picking.ts";

/** Of each batch. */
const attemptsKept = { first: 5, last: 20 };

function placeOf(stream: string, { tenant, last }: MemoryLane, { queue }: Picked): Place {
  const firstBatch = queue && "session" in queue ? queue.session.firstBatch : undefined;
  return {
    stream,
    tenant,
    lastSequence: last?.sequence ?? 0,
    ...(last === undefined ? {} : { lastBatch: last.id }),
    ...(firstBatch === undefined ? {} : { continues: firstBatch }),
    ...(queue && "of" in queue ? pastOf(queue.of) : {}),
  };
}

function sourceOf({ queue }: Picked): StoredBatch["source"] {
  if (queue === undefined) return "lane";
  return "of" in queue ? queue.of.source : "session";
}

/** Makes a batch of what a cut finds. */
export function sealIn(
  lane: MemoryLane,
  { stream, memberOf }: MemoryLaneOptions,
  cut: Cut,
): Batch | undefined {
  const picked = pick(lane, cut);
  if (picked === undefined) return undefined;
  const { rows, queue } = picked;
  const memberOfRow = ({ event }: Row) => memberOf(event, lane.tenant);
  const made = makeBatch(placeOf(stream, lane, picked), rows, picked.cut, memberOfRow);
  if (made === undefined) return undefined;
  const { batch, bytes, members, taken } = made;
  const source = sourceOf(picked);
  const stored: StoredBatch = { batch, bytes, members, source, state: "sealed", kept: [] };
  lane.sealed.set(batch.id, stored);
  lane.stories.set(batch.id, stored);
  if (queue && "session" in queue) queue.session = { firstBatch: batch.id, ...queue.session };
  remove(lane, new Set(taken));
  lane.last = batch;
  return batch;
}

type Dying = { readonly event: EventRef; readonly reason: string };

function bury(lane: MemoryLane, dying: readonly Dying[], at: number, batch?: BatchId): number {
  const of = batch === undefined ? {} : { batch };
  for (const { event, reason } of dying) lane.dead.set(event, { ...of, reason, at });
  return dying.length;
}

/** Gives up what waits since before then. */
function buryOld(lane: MemoryLane, reason: string, olderThan: number, at: number): number {
  const old = olderThan > 0 ? waitingIn(lane).filter(({ since }) => since < olderThan) : [];
  remove(lane, new Set(old));
  return bury(lane, old.map(({ event }) => ({ event, reason })), at);
}

/** Writes down how a batch ends. */
function end(
  lane: MemoryLane,
  stored: StoredBatch,
  { state, delivered }: Ending<unknown>,
  at: number,
) {
  stored.state = state;
  stored.settledAt = at;
  lane.sealed.delete(stored.batch.id);
  if (delivered > 0) lane.deliveredAt = at;
}

/** What the lane's limit becomes. */
function recut(lane: MemoryLane, count: number, { as }: Settlement): void {
  if (as === "split") lane.cut = halved(lane.cut, count);
  if (as === "accepted" || as === "partly") lane.cut &&= grown(lane.cut, count);
}

/** Ends a batch, if that is what it came to; says how many events died of it. */
function finish(
  lane: MemoryLane,
  stored: StoredBatch,
  to: Settlement,
  { memberOf }: MemoryLaneOptions,
  nextPosition: () => number,
): number {
  const { batch, members, source } = stored;
  const at = Date.now();
  const ending = endingOf({ ...batch, source }, members, to, at);
  if (ending === undefined) return 0;
  end(lane, stored, ending, at);
  recut(lane, batch.count, to);
  const { back, group, dead } = ending;
  const events = back.map(({ event, since }) => (
    { event, since, bytes: envelopeBytesOf(memberOf(event, lane.tenant)) }
  ));
  if (group !== undefined) besideIn(lane, events, group, nextPosition);
  const dying = dead.map(({ member: { event }, reason }) => ({ event, reason }));
  const died = bury(lane, dying, at, batch.id);
  return to.as === "dead" ? died + buryOld(lane, to.reason, to.olderThan, at) : died;
}

/** Notes an attempt and what it came to; doing so again changes nothing. */
export function settleIn(
  lane: MemoryLane,
  { batch: id, attempt, to, url }: Settling,
  options: MemoryLaneOptions,
  nextPosition: () => number,
): Settled {
  const settled = lane.stories.get(id);
  if (settled !== undefined && settled.state !== "sealed") return { dead: 0 };
  const stored = batchOf(lane, id);
  if (attempt.number <= stored.batch.attempts) return { dead: 0 };
  stored.batch = { ...stored.batch, attempts: attempt.number };
  const kept = [...stored.kept, { ...attempt, verdict: to.as }];
  const { first, last } = attemptsKept;
  stored.kept = kept.length > first + last ? kept.toSpliced(first, 1) : kept;
  if (url !== undefined) options.putUrl(lane, url);
  if (to.as === "gone") options.gone(lane, to.destination);
  return { dead: finish(lane, stored, to, options, nextPosition) };
}
