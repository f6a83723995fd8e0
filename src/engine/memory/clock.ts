/** What is due at a time beside a lane in memory, when the clock was set or somebody hurries. */
import type { Session } from "../sessions.ts";
import { gatheringsOf, type Group, type MemoryLane } from "./lane.ts";

function movedSession(session: Session, by: number): Session {
  const { openedAt, closesAt, urgent } = session;
  const moved = { ...session, openedAt: openedAt + by, closesAt: closesAt + by };
  return urgent === undefined ? moved : { ...moved, urgent: { ...urgent, at: urgent.at + by } };
}

function movedGroup({ refusedAt, ...of }: Group["of"], by: number): Group["of"] {
  const moved = { ...of, dueAt: of.dueAt + by };
  return refusedAt === undefined ? moved : { ...moved, refusedAt: refusedAt + by };
}

/** It is due as far from now as before. */
export function setClockIn(lane: MemoryLane, by: number): void {
  for (const gathering of lane.sessions.values()) {
    gathering.session = movedSession(gathering.session, by);
  }
  for (const group of lane.groups) group.of = movedGroup(group.of, by);
  // What was accepted before an event was refused must not seem to have been accepted after.
  if (by < 0 && lane.deliveredAt !== undefined) lane.deliveredAt += by;
}

/** It is due now; says how many events that are. */
export function hurryIn(lane: MemoryLane, now: number): number {
  const sessions = gatheringsOf(lane);
  for (const gathering of sessions) {
    const { session } = gathering;
    gathering.session = { ...session, closesAt: Math.min(session.closesAt, now) };
  }
  for (const group of lane.groups) {
    group.of = { ...group.of, dueAt: Math.min(group.of.dueAt, now) };
  }
  return [...sessions, ...lane.groups].reduce((sum, { rows }) => sum + rows.length, 0);
}
