/**
 * Lanes as the log's thread knows them: a summary of each in memory, the rows in `waiting`, what
 * is beside a lane in `session`. A million waiting rows cost their summaries' memory only.
 */
import type { DatabaseSync } from "node:sqlite";
import type { Batch } from "../../batch.ts";
import type { Pause } from "../../delivery.ts";
import type { Cut } from "../../lane.ts";
import type { TenantId } from "../../tenant.ts";
import type { Copy, SessionOf } from "../copy.ts";
import type { LaneState } from "../handout.ts";
import { grown, halved, type LaneCut } from "../cutting.ts";
import { backRowOf, rowOf, type WaitingRow } from "../queue.ts";
import type { Back, Beside } from "../returning.ts";
import type { Made } from "../sealing.ts";
import { dueAtOf, withEvent } from "../sessions.ts";
import { createPick, type Picked } from "./picking.ts";
import { createRemoval } from "./removal.ts";
import { prepareRows, type QueueRow } from "./rows.ts";
import { openSessions, type Sessions } from "./sessions.ts";
import { openStories, storiesMax as manyStories } from "./stories.ts";
import { countIn, openSummaries, type Summaries, type Summary } from "./summaries.ts";

/** A lane, as far as its identity goes. */
export type LaneId = Pick<Summary, "id" | "name" | "tenant">;

/** How lanes are opened. */
export interface LanesOptions {
  /** Calls, conferences and messages whose waiting rows are known, over all lanes. */
  readonly storiesMax?: number;
}

/** The rows of a cut that became a batch. */
type Taken = Pick<Made<WaitingRow>, "taken"> & { readonly batch: Pick<Batch, "id"> };

/** What changes how a lane stands, but for its rows. */
interface Changes {
  /** A batch of this lane was sealed (+1) or settled (−1). */
  sealed(lane: LaneId, change: 1 | -1): void;
  died(lane: LaneId, count: number): void;
  /** Some of a batch was delivered. */
  delivered(lane: LaneId, at: number): void;
  /** A batch of so many events was too large. */
  tooLarge(lane: LaneId, count: number): void;
  /** A batch of so many events was not too large. */
  fitted(lane: LaneId, count: number): void;
  setPaused(lane: LaneId, pause: Pause | undefined): void;
  /** How it stands is told anew after this commit. */
  touch(lane: LaneId): void;
  touchAll(): void;
}

/** The lanes of one log. Everything here is to be called inside a transaction. */
export interface Lanes extends Changes {
  /** Lets a copy wait in the lane of its owner, or in a session beside it. */
  add(copy: Copy): void;
  /** Lets events that came back wait beside the lane, in this order; none are fine. */
  beside(lane: LaneId, events: readonly Back[], group: Beside): void;
  /** Throws where no lane is called so. */
  of(name: string): LaneId;
  /** Makes the lane where there is none. */
  laneOf(tenant: TenantId): LaneId;
  /** What a cut would take; undefined: nothing is due beside the lane. */
  pick(lane: LaneId, cut: Cut): Picked | undefined;
  /** What was picked has become a batch. */
  take(lane: LaneId, picked: Picked, made: Taken): void;
  /** What became the tenant's before `since`, beside the lane too; nothing is read for 0. */
  olderThan(lane: LaneId, since: number, limit: number): readonly QueueRow[];
  /** These wait no longer, and are in no batch. */
  remove(lane: LaneId, rows: readonly QueueRow[]): void;
  states(): LaneState[];
  deadIn(name: string): number;
  /** How many events wait beside a lane. */
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

/** When the next of what is beside a lane is due, and how full the fullest session is. */
function besideOf({ id, gathered, split }: Summary, sessions: Sessions) {
  const next = split > 0 || gathered === 0 ? undefined : sessions.next(id);
  const sessionAt = split > 0 ? 0 : next && dueAtOf(next);
  if (sessionAt === undefined) return {};
  return { sessionAt, sessionBytes: sessions.fullest(id)?.bytes ?? 0 };
}

function stateOf(lane: Summary, sessions: Sessions): LaneState {
  const { name, tenant, count, bytes, immediates, sealed, split, refused } = lane;
  const { oldestAt, liveAt, expiresAt, deliveredAt, paused } = lane;
  const waiting = {
    count,
    bytes,
    ...(oldestAt === undefined ? {} : { oldestAt }),
    immediate: immediates > 0,
    ...(liveAt === undefined ? {} : { liveAt }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...besideOf(lane, sessions),
    sealed,
    split,
    refused,
    ...(deliveredAt === undefined ? {} : { deliveredAt }),
    ...(paused === undefined ? {} : { paused }),
  };
  return { name, tenant, waiting };
}

function createChanges(database: DatabaseSync, summaries: Summaries): Changes {
  const putCut = database.prepare("UPDATE lane SET cut = ? WHERE id = ?");
  const { changing } = summaries;

  function setCut(lane: Summary, cut: LaneCut | undefined): void {
    lane.cut = cut;
    putCut.run(cut === undefined ? null : JSON.stringify(cut), lane.id);
  }

  return {
    sealed: ({ name }, by) => void (changing(name).sealed += by),
    died: ({ name }, count) => void (changing(name).dead += count),
    delivered: ({ name }, at) => void (changing(name).deliveredAt = at),
    tooLarge({ name }, count) {
      const lane = changing(name);
      setCut(lane, halved(lane.cut, count));
    },
    fitted({ name }, count) {
      const { cut } = summaries.of(name);
      if (cut !== undefined) setCut(changing(name), grown(cut, count));
    },
    setPaused: ({ name }, pause) => void (changing(name).paused = pause),
    touch: ({ name }) => void changing(name),
    touchAll: () => summaries.all().forEach(({ name }) => changing(name)),
  };
}

/** The queue of a session of this lane, with one event more in it. */
function gather(sessions: Sessions, lane: number, copy: Copy, by: SessionOf): number {
  const before = sessions.of(lane, by.key);
  const session = withEvent(before, copy, by);
  if (before === undefined) return sessions.open(lane, by.key, session);
  sessions.put(-before.id, session);
  return -before.id;
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
  const pick = createPick(rows, sessions);
  const statesOf = (lanes: readonly Summary[]) => lanes.map((lane) => stateOf(lane, sessions));
  let lastPosition = rows.lastPosition();

  return {
    ...createChanges(database, summaries),
    of: summaries.of,
    laneOf: summaries.changingOf,
    pick: ({ name }, cut) => pick(summaries.of(name), cut),
    add(copy) {
      const lane = summaries.changingOf(copy.owner.tenant);
      const row = rowOf(copy, ++lastPosition);
      if (copy.session === undefined) {
        rows.put(lane.id, row, stories.follow(lane.id, row), copy.expiresAt);
        countIn(lane, row, copy.expiresAt);
      } else {
        const queue = gather(sessions, lane.id, copy, copy.session);
        rows.put(queue, row, null, copy.expiresAt);
        lane.gathered += 1;
      }
    },
    beside({ name }, events, group) {
      if (events.length === 0) return;
      const lane = summaries.changing(name);
      const queue = sessions.openGroup(lane.id, `group:${lastPosition + 1}`, group, events.length);
      for (const back of events) {
        rows.put(queue, backRowOf(back, ++lastPosition), null, undefined);
      }
      lane.gathered += events.length;
      if (group.source === "split") lane.split += events.length;
      if (group.refusedAt !== undefined) lane.refused += 1;
    },
    take({ name }, { queue, atHead, session }, { batch, taken }) {
      const lane = summaries.changing(name);
      if (!atHead) removal.some(lane, queue, taken);
      else removal.head(lane, queue, taken, session && { firstBatch: batch.id, ...session });
    },
    olderThan: ({ id }, since, limit) => since > 0 ? rows.before(id, since, limit) : [],
    remove({ name }, gone) {
      const lane = summaries.changing(name);
      for (const [queue, its] of Map.groupBy(gone, (row) => row.queue)) {
        removal.any(lane, queue, its);
      }
    },
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
