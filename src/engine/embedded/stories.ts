/**
 * Stories: the waiting rows of one call, conference or message in a lane. Each names the one
 * before it, and the last of each is known here, so that what is fresh can be followed to its
 * beginning without an index over all that waits.
 *
 *     waiting   2 a ◀─ 5 a ◀─ 7 a     3 b ◀─ 6 b     4       here   a: 7, b: 6
 *
 * Rows leave a lane so that an earlier one of their story never stays behind; where they do not,
 * and where more stories wait than fit in here, a later row says that its beginning is unknown.
 * Then it keeps its order and overtakes nothing, until all that was lost track of has left.
 */
import type { DatabaseSync } from "node:sqlite";
import type { WaitingRow } from "../queue.ts";

/** Stories known at once, over all lanes: some 12 MB. */
export const storiesMax = 250_000;

/** Stands for the row before one of which it is not known. */
export const unknownPrior = -1;

/** Rows that are read at once. */
const pageRows = 10_000;

type Told = Pick<WaitingRow, "position" | "about">;

interface LaneStories {
  readonly last: Map<number, number>;
  /** Up to this position rows wait that belong to no story in `last`, and may to any. */
  lostThrough: number;
}

/** The stories of one log. Only rows in lanes have any; those in sessions leave together. */
export interface Stories {
  /** A row comes to wait: where the one before it waits, null for none, or `unknownPrior`. */
  follow(lane: number, row: Told): number | null;
  /** These wait no longer; the first that still does is at `head`. */
  leave(lane: number, gone: readonly Told[], head: number | undefined): void;
  /** Something up to here has left that had earlier rows of its story behind it. */
  lose(lane: number, through: number): void;
  /** Reads everything anew: after changes that were rolled back. */
  recover(): void;
}

/** Gives every row of a story in a lane, the last first. */
function prepareReading(database: DatabaseSync) {
  const page = database.prepare(`
    SELECT lane, position, about FROM waiting
    WHERE lane > 0 AND about IS NOT NULL AND (lane, position) < (?, ?)
    ORDER BY lane DESC, position DESC LIMIT ${pageRows}`);
  page.setReturnArrays(true);
  return function* read(): Generator<readonly [number, number, number]> {
    let end: readonly [number, number] = [Number.MAX_SAFE_INTEGER, 0];
    for (;;) {
      const rows = page.all(...end) as unknown as (readonly [number, number, number])[];
      yield* rows;
      const last = rows.at(-1);
      if (last === undefined) return;
      end = [last[0], last[1]];
    }
  };
}

/** Opens the stories of a log, at most `max` of them; those of the latest rows where more wait. */
export function openStories(database: DatabaseSync, max: number): Stories {
  const read = prepareReading(database);
  const lanes = new Map<number, LaneStories>();
  let count = 0;

  function of(lane: number): LaneStories {
    const known = lanes.get(lane);
    if (known !== undefined) return known;
    const none = { last: new Map<number, number>(), lostThrough: 0 };
    lanes.set(lane, none);
    return none;
  }

  function begin(its: LaneStories, about: number, position: number): void {
    if (count === max) {
      its.lostThrough = Math.max(its.lostThrough, position);
      return;
    }
    its.last.set(about, position);
    count += 1;
  }

  function recover(): void {
    lanes.clear();
    count = 0;
    for (const [lane, position, about] of read()) {
      const its = of(lane);
      if (!its.last.has(about)) begin(its, about, position);
    }
  }

  recover();
  return {
    follow(lane, { about, position }) {
      if (about === null) return null;
      const its = of(lane);
      const prior = its.last.get(about);
      if (prior !== undefined) {
        its.last.set(about, position);
        return prior;
      }
      const isLost = its.lostThrough > 0;
      begin(its, about, position);
      return isLost ? unknownPrior : null;
    },
    leave(lane, gone, head) {
      const its = of(lane);
      for (const { about, position } of gone) {
        if (about === null || its.last.get(about) !== position) continue;
        its.last.delete(about);
        count -= 1;
      }
      if (head === undefined || head > its.lostThrough) its.lostThrough = 0;
    },
    lose(lane, through) {
      const its = of(lane);
      its.lostThrough = Math.max(its.lostThrough, through);
    },
    recover,
  };
}
