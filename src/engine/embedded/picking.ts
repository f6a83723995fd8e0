/** Picking: which of the rows that wait a cut is to take. */
import type { Cut } from "../../lane.ts";
import { type LaneCut, limited } from "../cutting.ts";
import { overtaking, type WaitingRow } from "../queue.ts";
import { dueCut } from "../returning.ts";
import type { QueueRow, Rows } from "./rows.ts";
import type { SessionRow, Sessions } from "./sessions.ts";
import { unknownPrior } from "./stories.ts";

/** What a cut finds: the rows, in the order of arrival, and what is to be made of them. */
export interface Picked {
  readonly rows: readonly WaitingRow[];
  readonly cut: Cut;
  readonly queue: number;
  /** They are the first of their queue, without a gap. */
  readonly atHead: boolean;
  /** The session or group that they are of. */
  readonly session?: SessionRow;
}

/** A lane whose rows are picked. */
export interface Pickable {
  readonly id: number;
  /** How many events of split batches wait beside it. */
  readonly split: number;
  readonly cut: LaneCut | undefined;
}

/** So many copies that became some tenant's are searched for what is immediate: some ten ms. */
const freshMax = 200_000;

/** So many rows are followed back from what is fresh, in one cut: some 30 ms. */
const followedMax = 10_000;

/**
 * The first position from which on everything came at `since` or later. It is searched as if
 * time never went back; where it did, what is fresh may be passed over, and waits its turn.
 */
function positionSince(rows: Rows, queue: number, since: number): number {
  let low = 0;
  let high = (rows.last(queue) ?? 0) + 1;
  while (low < high) {
    const middle = low + Math.floor((high - low) / 2);
    const row = rows.next(queue, middle);
    if (row === undefined || row.since >= since) high = middle;
    else low = row.position + 1;
  }
  return low;
}

/** Tells stories up to a row, from where they are not picked yet; undefined: it is not known. */
function createTelling(rows: Rows) {
  let followed = 0;
  return function storyOf(row: QueueRow, picked: ReadonlyMap<number, QueueRow>) {
    const story = [row];
    let { prior } = row;
    while (prior !== null && !picked.has(prior)) {
      if (prior === unknownPrior || ++followed > followedMax) return undefined;
      const before = rows.at(row.queue, prior);
      if (before === undefined) break;
      story.push(before);
      prior = before.prior;
    }
    return story.reverse();
  };
}

/** Finds what a cut of a lane is to take; undefined: nothing is due beside it. */
export function createPick(rows: Rows, sessions: Sessions) {
  function* besideOf({ id, split }: Pickable): Generator<SessionRow | undefined> {
    if (split > 0) yield sessions.split(id);
    yield sessions.next(id);
    yield sessions.fullest(id);
  }

  function beside(lane: Pickable, cut: Cut): Picked | undefined {
    const now = Date.now();
    for (const session of besideOf(lane)) {
      const own = session && dueCut(session.group ?? session, cut, now);
      if (session === undefined || own === undefined) continue;
      const within = limited(own, lane.cut);
      const queue = -session.id;
      const first = rows.first(queue, within.eventsMax);
      return { rows: first, cut: within, queue, atHead: true, session };
    }
    return undefined;
  }

  function fresh(lane: number, since: number, limit: number): readonly QueueRow[] {
    const from = positionSince(rows, lane, since);
    const recent = rows.immediate(lane, from, from + freshMax, since, limit);
    return overtaking(recent, createTelling(rows), limit);
  }

  return function pick(lane: Pickable, wanted: Cut): Picked | undefined {
    if (wanted.from === "session") return beside(lane, wanted);
    const { id } = lane;
    const cut = limited(wanted, lane.cut);
    if (wanted.from === "head") {
      return { rows: rows.first(id, cut.eventsMax), cut, queue: id, atHead: true };
    }
    const rest = fresh(id, wanted.from.liveFrom, cut.eventsMax);
    return { rows: rest, cut, queue: id, atHead: false };
  };
}
