/** Picking, in memory: which of the rows that wait a cut is to take. */
import type { Cut } from "../../lane.ts";
import { limited } from "../cutting.ts";
import { overtaking } from "../queue.ts";
import { dueCut } from "../returning.ts";
import { dueAtOf } from "../sessions.ts";
import { type Gathering, gatheringsOf, type Group, type MemoryLane, type Row } from "./lane.ts";

/** The rows that a cut finds, and how they are taken. */
export interface Picked {
  readonly rows: readonly Row[];
  readonly cut: Cut;
  /** The session or group that they are of. */
  readonly queue?: Gathering | Group;
}

const dueIn = (queue: Gathering | Group) =>
  "of" in queue ? queue.of.dueAt : dueAtOf(queue.session) ?? Number.POSITIVE_INFINITY;

function pickBeside(lane: MemoryLane, cut: Cut): Picked | undefined {
  const sessions = gatheringsOf(lane);
  const split = lane.groups.findLast(({ of }) => of.source === "split");
  const [next] = [...sessions, ...lane.groups].sort((one, other) => dueIn(one) - dueIn(other));
  const [fullest] = sessions.toSorted((one, other) => other.session.bytes - one.session.bytes);
  for (const queue of [split, next, fullest]) {
    if (queue === undefined) continue;
    const own = dueCut("of" in queue ? queue.of : queue.session, cut, Date.now());
    if (own === undefined) continue;
    const within = limited(own, lane.cut);
    return { rows: queue.rows.slice(0, within.eventsMax), cut: within, queue };
  }
  return undefined;
}

/** Finds what a cut is to take; undefined: nothing is due beside the lane. */
export function pick(lane: MemoryLane, wanted: Cut): Picked | undefined {
  if (wanted.from === "session") return pickBeside(lane, wanted);
  const cut = limited(wanted, lane.cut);
  if (wanted.from === "head") return { rows: lane.rows.slice(0, cut.eventsMax), cut };
  const { liveFrom } = wanted.from;
  const fresh = lane.rows.filter(({ immediate, since }) => immediate === 1 && since >= liveFrom)
    .toSorted((one, other) => one.since - other.since);
  const storyOf = ({ about, position }: Row) =>
    lane.rows.filter((row) => row.about === about && row.position <= position);
  return { rows: overtaking(fresh, storyOf, cut.eventsMax), cut };
}
