/**
 * Lanes as the log's thread knows them: a summary of each in memory, the rows in `waiting`, the
 * sessions beside a lane in `session`. A million waiting rows cost their summaries' memory only.
 */
import type { DatabaseSync } from "node:sqlite";
import type { Batch } from "../../batch.ts";
import type { Cut } from "../../engine.ts";
import type { Copy, SessionOf } from "../copy.ts";
import type { LaneState } from "../handout.ts";
import { rowOf, type WaitingRow } from "../queue.ts";
import type { Made } from "../sealing.ts";
import { dueAtOf, type Session, withEvent, withoutRows } from "../sessions.ts";
import { createPick, type Picked } from "./picking.ts";
import { prepareRows, type QueueRow, type Rows } from "./rows.ts";
import { openSessions, type Sessions } from "./sessions.ts";
import { openStories, type Stories, storiesMax as manyStories } from "./stories.ts";
import { countIn, countOut, openSummaries, type Summary } from "./summaries.ts";

/** A lane, as far as its identity goes. */
export type LaneId = Pick<Summary, "id" | "name" | "tenant">;

/** How lanes are opened. */
export interface LanesOptions {
  /** Calls, conferences and messages whose waiting rows are known, over all lanes. */
  readonly storiesMax?: number;
}

/** The rows of a cut that became a batch. */
type Taken = Pick<Made<WaitingRow>, "taken"> & { readonly batch: Pick<Batch, "id"> };

/** The lanes of one log. Everything here is to be called inside a transaction. */
export interface Lanes {
  /** Lets a copy wait in the lane of its owner, or in a session beside it. */
  add(copy: Copy): void;
  /** Throws where no lane is called so. */
  of(name: string): LaneId;
  /** What a cut would take; undefined: no session is due. */
  pick(lane: LaneId, cut: Cut): Picked | undefined;
  /** What was picked has become a batch. */
  take(lane: LaneId, picked: Picked, made: Taken): void;
  /** What became the tenant's before `since`, in its sessions too. */
  olderThan(lane: LaneId, since: number, limit: number): readonly QueueRow[];
  /** These wait no longer, and are in no batch. */
  remove(lane: LaneId, rows: readonly QueueRow[]): void;
  /** A batch of this lane was sealed (+1) or settled (−1). */
  sealed(lane: LaneId, change: 1 | -1): void;
  died(lane: LaneId, count: number): void;
  states(): LaneState[];
  deadIn(name: string): number;
  /** How many events wait in the sessions beside a lane. */
  gatheredIn(name: string): number;
  /** Forgets at most `limit` sessions last seen before then, in which nothing waits. */
  forgetSessions(before: number, limit: number): number;
  /** The lanes that changed since this was last asked. */
  changes(): LaneState[];
  /** Raised by every change. */
  revision(): number;
  /** Reads everything anew: after changes that were rolled back. */
  recover(): void;
}

function stateOf(lane: Summary, sessions: Sessions): LaneState {
  const { id, name, tenant, count, bytes, immediates, sealed } = lane;
  const { oldestAt, liveAt, expiresAt } = lane;
  const next = lane.gathered > 0 ? sessions.next(id) : undefined;
  const sessionAt = next && dueAtOf(next);
  const waiting = {
    count,
    bytes,
    ...(oldestAt === undefined ? {} : { oldestAt }),
    immediate: immediates > 0,
    ...(liveAt === undefined ? {} : { liveAt }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(sessionAt === undefined ? {} : { sessionAt }),
    ...(sessionAt === undefined ? {} : { sessionBytes: sessions.fullest(id)?.bytes ?? 0 }),
    sealed,
  };
  return { name, tenant, waiting };
}

/** Takes rows out of a queue, which may be a session. */
function createRemoval(rows: Rows, sessions: Sessions, stories: Stories) {
  type Gone = readonly WaitingRow[];

  function leave(lane: Summary, queue: number, gone: Gone, session?: Session): void {
    if (queue < 0) {
      sessions.put(queue, withoutRows(session ?? sessions.at(queue), gone));
      lane.gathered -= gone.length;
      return;
    }
    countOut(lane, gone);
    const head = lane.count === 0 ? undefined : rows.next(queue, 0);
    lane.oldestAt = head?.since;
    if (lane.expiresAt !== undefined) lane.expiresAt = rows.expiresAt(queue, Date.now());
    stories.leave(queue, gone, head?.position);
  }

  function some(lane: Summary, queue: number, gone: Gone): void {
    for (const { position } of gone) rows.remove(queue, position);
    leave(lane, queue, gone);
  }

  return {
    head(lane: Summary, queue: number, gone: Gone, session?: Session): void {
      rows.removeThrough(queue, gone.at(-1)?.position ?? 0);
      leave(lane, queue, gone, session);
    },
    /** Whatever is of one story leaves from its beginning. */
    some,
    /** Where a clock went back, earlier rows of their stories may stay behind. */
    any(lane: Summary, queue: number, gone: Gone): void {
      some(lane, queue, gone);
      const last = gone.at(-1)?.position ?? 0;
      if (queue < 0 || (rows.next(queue, 0)?.position ?? last) >= last) return;
      rows.loseBefore(queue, gone);
      stories.lose(queue, last);
    },
  };
}

/** Opens the lanes of a log. */
export function openLanes(
  database: DatabaseSync,
  { storiesMax = manyStories }: LanesOptions = {},
): Lanes {
  const rows = prepareRows(database);
  const sessions = openSessions(database);
  const summaries = openSummaries(database);
  const stories = openStories(database, storiesMax);
  const removal = createRemoval(rows, sessions, stories);
  const statesOf = (lanes: readonly Summary[]) => lanes.map((lane) => stateOf(lane, sessions));
  let lastPosition = rows.lastPosition();

  /** The queue of the session, with one event more in it. */
  function gather({ id }: Summary, copy: Copy, by: SessionOf): number {
    const before = sessions.of(id, by.key);
    const session = withEvent(before, copy, by);
    if (before === undefined) return sessions.open(id, by.key, session);
    sessions.put(-before.id, session);
    return -before.id;
  }

  return {
    of: summaries.of,
    pick: createPick(rows, sessions),
    add(copy) {
      const lane = summaries.changingOf(copy.owner.tenant);
      const row = rowOf(copy, ++lastPosition);
      if (copy.session === undefined) {
        rows.put(lane.id, row, stories.follow(lane.id, row), copy.expiresAt);
        countIn(lane, row, copy.expiresAt);
      } else {
        rows.put(gather(lane, copy, copy.session), row, null, copy.expiresAt);
        lane.gathered += 1;
      }
    },
    take({ name }, { queue, atHead, session }, { batch, taken }) {
      const lane = summaries.changing(name);
      if (!atHead) removal.some(lane, queue, taken);
      else removal.head(lane, queue, taken, session && { firstBatch: batch.id, ...session });
    },
    olderThan: ({ id }, since, limit) => rows.before(id, since, limit),
    remove({ name }, gone) {
      const lane = summaries.changing(name);
      for (const [queue, its] of Map.groupBy(gone, (row) => row.queue)) {
        removal.any(lane, queue, its);
      }
    },
    sealed: ({ name }, by) => void (summaries.changing(name).sealed += by),
    died: ({ name }, count) => void (summaries.changing(name).dead += count),
    states: () => statesOf(summaries.all()),
    deadIn: (name) => summaries.of(name).dead,
    gatheredIn: (name) => summaries.of(name).gathered,
    forgetSessions: sessions.forget,
    changes: () => statesOf(summaries.changed()),
    revision: summaries.revision,
    recover() {
      summaries.recover();
      stories.recover();
    },
  };
}
