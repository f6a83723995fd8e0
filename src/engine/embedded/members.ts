/**
 * The members of a batch as they are written in its row: in the order of the payload, each as its
 * number, and with when it became the tenant's where that is not when it was received.
 */
import type { EventRef } from "../../event.ts";

/** So far apart the two are the same. */
const sameMs = 1_000;

type Written = EventRef | readonly [event: EventRef, since: number];

/** One event of a batch. */
export interface MemberRow {
  readonly event: EventRef;
  /** Absent: when it was received, or about then. */
  readonly since?: number;
}

/** Whether it became the tenant's at another time than it was received. */
export const isLater = (since: number, receivedAt: number) => Math.abs(since - receivedAt) > sameMs;

/** The members as one text. */
export function membersText(members: readonly MemberRow[]): string {
  return JSON.stringify(
    members.map(({ event, since }): Written => since === undefined ? event : [event, since]),
  );
}

/** The members that a text names. */
export function membersIn(text: unknown): readonly MemberRow[] {
  const written: readonly Written[] = JSON.parse(String(text));
  return written.map((one) => typeof one === "number" ? { event: one } : withSince(one));
}

const withSince = ([event, since]: readonly [EventRef, number]): MemberRow => ({ event, since });

/** Their numbers alone. */
export const refsIn = (text: unknown): readonly EventRef[] =>
  membersIn(text).map(({ event }) => event);
