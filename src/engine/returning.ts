/**
 * How a batch ends, and what comes back of it: events that go on beside their lane, in a group of
 * their own. The same rules in every engine.
 *
 *     lane, session, split ──split──▶ split    due now, and before everything else
 *     any but a replay ──aside, partly─▶ retry    ┐ each is due at a time
 *     replay ──split, aside, partly──▶ replay   ┘
 */
import type { Batch, BatchHead, BatchId, Returned } from "../batch.ts";
import type { BatchStory, Settlement } from "../delivery.ts";
import type { EventRef } from "../event.ts";
import type { Cut } from "../lane.ts";
import { reasonOf, type Session, sessionEventsMax } from "./sessions.ts";

/** Where the events of a batch waited. */
export type Source = "lane" | "session" | Beside["source"];

/** Events that came back together. Times are epoch ms. */
export interface Beside {
  readonly source: "split" | "retry" | "replay";
  /** The batch that held them last. */
  readonly parent?: BatchId;
  readonly dueAt: number;
  /** Batches that held them since they first came back. */
  readonly returned: number;
  /** When the only one of them was first refused alone. */
  readonly refusedAt?: number;
}

/** One event that comes back. */
export interface Back {
  readonly event: EventRef;
  /** When it became the tenant's. */
  readonly since: number;
  /** What it adds to a payload. */
  readonly bytes: number;
}

/** A batch, as far as its end goes. */
export interface Ended extends Pick<Batch, "id" | "returned"> {
  readonly source: Source;
}

/** How a batch ends, and where its members go on, in the order of its payload. */
export interface Ending<Member> {
  readonly state: Exclude<BatchStory["state"], "sealed">;
  /** They go on in a group, if there are any. */
  readonly back: readonly Member[];
  readonly group?: Beside;
  readonly dead: readonly { readonly member: Member; readonly reason: string }[];
  /** How many were delivered. */
  readonly delivered: number;
}

/** What a batch says of its members' past; undefined: they have none. */
export function returnedOf(times: number, refusedAt: number | undefined): Returned | undefined {
  if (refusedAt !== undefined) return { times, refusedAt };
  return times === 0 ? undefined : { times };
}

/** What a batch of a group says of itself. */
export function pastOf(
  { source, parent, returned: times, refusedAt }: Beside,
): Pick<BatchHead, "retryOf" | "replayOf"> & Pick<Batch, "returned"> {
  const returned = returnedOf(times, refusedAt);
  return {
    ...(parent === undefined
      ? {}
      : source === "replay"
      ? { replayOf: parent }
      : { retryOf: parent }),
    ...(returned === undefined ? {} : { returned }),
  };
}

/** How a cut takes what is beside a lane, now; undefined: it is not due. */
export function dueCut(what: Session | Beside, cut: Cut, now: number): Cut | undefined {
  if ("legs" in what) {
    const reason = reasonOf(what, now, cut.bytesMax);
    return reason && { ...cut, reason, eventsMax: sessionEventsMax };
  }
  const { source, dueAt } = what;
  if (source === "split") return { ...cut, reason: "retry", compact: false };
  return dueAt <= now ? { ...cut, reason: source, compact: false } : undefined;
}

/** The group of what comes back of a batch. */
function groupOf(batch: Ended, isSplit: boolean, dueAt: number, refusedAt?: number): Beside {
  const wasBeside = batch.source === "retry" || batch.source === "replay";
  return {
    source: batch.source === "replay" ? "replay" : isSplit && !wasBeside ? "split" : "retry",
    parent: batch.id,
    // A pause of fractions of a ms is no whole number, and columns hold nothing else.
    dueAt: Math.ceil(dueAt),
    returned: (batch.returned?.times ?? 0) + 1,
    ...(refusedAt === undefined ? {} : { refusedAt }),
  };
}

/** Whatever is named twice is tried again: nothing may be lost, and nothing be in two places. */
function partlyOf<Member>(
  batch: Ended,
  members: readonly Member[],
  to: Extract<Settlement, { as: "partly" }>,
): Ending<Member> {
  const again = new Set(to.again);
  const reasons = new Map(to.dead.map(({ member, reason }) => [member, reason]));
  const back = members.filter((_, place) => again.has(place));
  const dead = members.flatMap((member, place) => {
    const reason = again.has(place) ? undefined : reasons.get(place);
    return reason === undefined ? [] : [{ member, reason }];
  });
  const delivered = members.length - back.length - dead.length;
  return { state: "partly", back, group: groupOf(batch, false, to.notBefore), dead, delivered };
}

/** How a settlement ends a batch of these members; undefined: it stays sealed. */
export function endingOf<Member>(
  batch: Ended,
  members: readonly Member[],
  to: Settlement,
  now: number,
): Ending<Member> | undefined {
  const none = { back: [], dead: [], delivered: 0 };
  switch (to.as) {
    case "again":
    case "gone":
      return undefined;
    case "accepted":
      return { ...none, state: "delivered", delivered: members.length };
    case "split":
      return { ...none, state: "split", back: members, group: groupOf(batch, true, now) };
    case "aside": {
      // A clock that was set back must not make it wait until then to be found out.
      const refusedAt = to.refusedAt === undefined ? undefined : Math.min(to.refusedAt, now);
      const group = groupOf(batch, false, to.notBefore, refusedAt);
      return { ...none, state: "split", back: members, group };
    }
    case "partly":
      return partlyOf(batch, members, to);
    case "dead": {
      const dead = members.map((member) => ({ member, reason: to.reason }));
      return { ...none, state: "dead", dead };
    }
  }
}
