/**
 * Sessions: the events of one call or message gather beside a tenant's lane and become a payload
 * of their own. The same rules in every engine.
 *
 *     first event ─▶ open ──all legs ended, `linger` passed, or `max_age`──▶ closed, and sealed
 *                     ▲ a leg begins                                              │
 *                     └──── what comes later lingers, and continues it ◀──────────┘
 *
 * Legs begin and end in any order and more than once, as webhooks do.
 */
import type { BatchId, ClosingReason } from "../batch.ts";
import { linkMarginMs } from "../lane.ts";
import type { Copy, CopySubject, SessionOf } from "./copy.ts";

/** So many events wait in one session at most: then it is sealed before it closes. */
export const sessionEventsMax = 10_000;

/** Of one call; those beyond it do not keep it open. */
const legsMax = 64;

/** The legs of a call that were heard of. */
export type Legs = Readonly<Record<string, "open" | "ended">>;

/** One call or message, and what waits of it. Times are epoch ms. */
export interface Session {
  readonly openedAt: number;
  readonly closesAt: number;
  readonly legs: Legs;
  /** Why and when it is sealed although it may still be open. */
  readonly urgent?: { readonly at: number; readonly reason: ClosingReason };
  /** What its later batches continue. */
  readonly firstBatch?: BatchId;
  /** When its last event came. */
  readonly seenAt: number;
  readonly count: number;
  readonly bytes: number;
}

/** A leg that is forgotten for another: one that ended, if there is any. */
function withRoom(legs: Legs): Legs | undefined {
  if (Object.keys(legs).length < legsMax) return legs;
  const ended = Object.keys(legs).find((leg) => legs[leg] === "ended");
  if (ended === undefined) return undefined;
  const { [ended]: _, ...others } = legs;
  return others;
}

/** The same object where nothing changes: a leg that ended does not begin again. */
function legsAfter(legs: Legs, { stage, leg }: CopySubject): Legs {
  if (stage === undefined || leg === undefined) return legs;
  const known = legs[leg];
  if (known === "ended" || (known === "open" && stage === "begins")) return legs;
  const others = known === undefined ? withRoom(legs) : legs;
  return others === undefined ? legs : { ...others, [leg]: stage === "ends" ? "ended" : "open" };
}

const isOngoing = (legs: Legs) => Object.values(legs).includes("open");

/** When it opened and when it will close, with one event more, after which its legs are these. */
function spanOf(before: Session | undefined, copy: Copy, of: SessionOf, legs: Legs) {
  const { since, subject: { stage } } = copy;
  const isOver = before !== undefined && since >= before.closesAt;
  // What has closed is about to be sealed; it is not held again for what came meanwhile.
  if (isOver && before.count > 0) return { openedAt: before.openedAt, closesAt: before.closesAt };
  const openedAt = before === undefined || isOver ? since : before.openedAt;
  const aged = openedAt + of.maxAgeMs;
  const lingered = Math.min(aged, since + of.lingerMs);
  const at = (closesAt: number) => ({ openedAt, closesAt });
  if (stage === "begins" && legs !== before?.legs) return at(aged);
  if (stage === "ends" && !isOngoing(legs)) return at(lingered);
  if (before === undefined) return at(aged);
  return at(isOver ? lingered : before.closesAt);
}

function urgencyOf({ owner, since, expiresAt }: Copy, count: number): Session["urgent"] {
  if (owner.immediate) return { at: since, reason: "immediate" };
  if (count >= sessionEventsMax) return { at: since, reason: "max_events" };
  if (expiresAt === undefined || expiresAt <= since) return undefined;
  return { at: Math.max(since, expiresAt - linkMarginMs), reason: "expiry" };
}

function moreUrgent(one: Session["urgent"], other: Session["urgent"]): Session["urgent"] {
  if (one === undefined || other === undefined) return one ?? other;
  return other.at < one.at ? other : one;
}

/** A session with one event more; the first opens it. */
export function withEvent(before: Session | undefined, copy: Copy, of: SessionOf): Session {
  const count = (before?.count ?? 0) + 1;
  const legs = legsAfter(before?.legs ?? {}, copy.subject);
  const urgent = moreUrgent(before?.urgent, urgencyOf(copy, count));
  return {
    ...spanOf(before, copy, of, legs),
    legs,
    ...(urgent === undefined ? {} : { urgent }),
    ...(before?.firstBatch === undefined ? {} : { firstBatch: before.firstBatch }),
    seenAt: copy.since,
    count,
    bytes: (before?.bytes ?? 0) + copy.bytes,
  };
}

/** A session without some of what waited in it; what was urgent goes with the last of it. */
export function withoutRows(session: Session, rows: readonly { bytes: number }[]): Session {
  const count = session.count - rows.length;
  const bytes = session.bytes - rows.reduce((sum, row) => sum + row.bytes, 0);
  const { urgent: _, ...calm } = session;
  return { ...(count === 0 ? calm : session), count, bytes };
}

/** When what waits in it is to be sealed; undefined: nothing waits. */
export function dueAtOf({ count, closesAt, urgent }: Session): number | undefined {
  return count === 0 ? undefined : Math.min(closesAt, urgent?.at ?? closesAt);
}

/** Why what waits in it is sealed now; undefined: it is not. */
export function reasonOf(
  { closesAt, urgent, bytes }: Session,
  now: number,
  bytesMax: number,
): ClosingReason | undefined {
  if (closesAt <= now) return "session";
  if (urgent !== undefined && urgent.at <= now) return urgent.reason;
  return bytes >= bytesMax ? "max_bytes" : undefined;
}
