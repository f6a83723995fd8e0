/**
 * judge: what becomes of a batch after an attempt (SPEC, "What the answer means"). Pure: the
 * verdict and everything it depends on are given.
 *
 *     413                 smaller batches; alone: beside the lane
 *     400, 422            once more, then smaller batches, until the event is alone: beside the
 *                         lane, and dead if it is refused again while others are accepted
 *     5xx, for long,      the same
 *      from a URL that answers
 *     everything else     again, until `for` is over
 *
 * A URL that refuses everything is a URL that fails, not a thousand poison events: of those that
 * may be poison only a few are beside the lane at a time.
 */
import type { Batch } from "../batch.ts";
import type { BatchMember, Halt, Settlement, Verdict } from "../delivery.ts";
import type { RetryPolicy } from "../tenant.ts";
import { givenUpBefore, isTried, pauseMs, retryAfterMsMax } from "./backoff.ts";
import { pickFailures } from "./verdict.ts";

/** Events of a tenant that may be poison, beside its lane at once. */
const refusedMax = 16;
/** A batch answered 5xx so often, … */
const troubledTimes = 8;
/** … over so long, is looked at as if it had been refused. */
const troubledMs = 10 * 60_000;

/** Who accepted something within this, or within the longest pause, accepts things, in ms. */
const latelyMs = 60_000;

/** Whether it is time to find out if the URL answers others, and not this batch. */
export function looksTroubled(
  { returned }: Batch,
  attempts: number,
  { times, forMs }: Omit<Trouble, "othersAnswered">,
): boolean {
  // What a split has brought out need not be waited for as long again.
  return returned === undefined ? times >= troubledTimes && forMs >= troubledMs : attempts > 1;
}

/** How often a batch was answered 5xx, without another answer in between. */
export interface Trouble {
  readonly times: number;
  /** For how long, in ms. */
  readonly forMs: number;
  /** The URL answers others: a ping, or another batch. */
  readonly othersAnswered: boolean;
}

/** What a judgement depends on besides the verdict. Times are epoch ms. */
export interface Case {
  readonly batch: Batch;
  /** Attempts made of this batch, the last one among them. */
  readonly attempts: number;
  /** Of these, answered that it is refused, the last one among them; not over a restart. */
  readonly refusals: number;
  readonly retry: RetryPolicy;
  readonly now: number;
  readonly random: () => number;
  /** Events beside the lane that were refused alone. */
  readonly refused: number;
  /** When a batch of the tenant was last accepted. */
  readonly deliveredAt?: number;
  readonly trouble?: Trouble;
  /** How long it could be sent, in ms: since the start, a pause, or a step of the clock. */
  readonly steadyMs: number;
  readonly halts: readonly Halt[];
  /** Of the batch; only where the verdict names some. */
  readonly members: readonly BatchMember[];
  /** Names the destination. */
  readonly destination: string;
  /** It went to the other URL. */
  readonly failover: boolean;
}

/** What is written down, and what the attempt says of its URL. */
export interface Judgement {
  readonly settlement: Settlement;
  /** It accepted something; refused all of it; failed; or its answer says nothing of it. */
  readonly url: "works" | "refuses" | "fails" | "answers";
  /** The URL gets nothing for at least so long, in ms. */
  readonly pauseMs?: number;
}

const works = (settlement: Settlement): Judgement => ({ settlement, url: "works" });

const pausing = (pauseMs: number | undefined) => pauseMs === undefined ? {} : { pauseMs };

function refuses(settlement: Settlement, pauseMs?: number): Judgement {
  return { settlement, url: "refuses", ...pausing(pauseMs) };
}

function fails(settlement: Settlement, pauseMs: number | undefined): Judgement {
  return { settlement, url: "fails", ...pausing(pauseMs) };
}

/** Waits longer each time that its events have come back. */
function asideUntil({ batch, retry, now, random }: Case, notBeforeMs = 0): number {
  return now + pauseMs(retry, batch.returned?.times ?? 0, random, notBeforeMs);
}

/** Something of the tenant's was accepted a short while ago. */
function acceptsLately({ deliveredAt = 0, now, retry }: Case): boolean {
  return deliveredAt > now - Math.max(retry.maxMs, latelyMs);
}

/**
 * Beside the lane, since when it is refused alone. While nothing else is accepted that says
 * nothing of the event, and begins anew each time.
 */
function asideOf(its: Case, isRefused: boolean, notBeforeMs?: number): Settlement {
  const { batch: { returned }, now } = its;
  const since = isPoison(its) || !isRefused ? returned?.refusedAt : now;
  const notBefore = asideUntil(its, notBeforeMs);
  return { as: "aside", notBefore, ...(since === undefined ? {} : { refusedAt: since }) };
}

/** A batch whose events are all too old; undefined: it goes on. */
function deadOf({ batch, attempts, retry, now, steadyMs, halts }: Case): Settlement | undefined {
  if (!isTried(batch, attempts, steadyMs)) return undefined;
  const olderThan = givenUpBefore(retry.forMs, now, halts);
  if (batch.youngestAt >= olderThan) return undefined;
  const reason = `not accepted within ${Math.round(retry.forMs / 1_000)} s`;
  return { as: "dead", reason, olderThan };
}

/** Others were accepted since it was refused alone. */
function isPoison({ batch: { returned }, deliveredAt = 0 }: Case): boolean {
  return returned?.refusedAt !== undefined && deliveredAt > returned.refusedAt;
}

/** It is refused whole; alone it goes beside the lane, unless too many are there. */
function refusedOf(its: Case, poison: Settlement | undefined, notBeforeMs?: number): Judgement {
  const { batch, retry, now, refused } = its;
  if (batch.count > 1) return refuses({ as: "split" }, notBeforeMs);
  if (poison !== undefined) return refuses(poison, notBeforeMs);
  const mayGo = refused < refusedMax || acceptsLately(its) || now - batch.sealedAt >= retry.maxMs;
  if (!mayGo) return fails({ as: "again" }, notBeforeMs);
  return refuses(asideOf(its, true, notBeforeMs), notBeforeMs);
}

function onRefused(its: Case, notBeforeMs?: number): Judgement {
  const { refusals, batch, retry, random } = its;
  const isKnown = batch.returned?.refusedAt !== undefined;
  if (refusals === 1 && !isKnown) {
    return refuses({ as: "again" }, pauseMs(retry, 0, random, notBeforeMs));
  }
  // Nothing waits behind what is given up here, unless it is as old.
  const dead = isPoison(its)
    ? { as: "dead", reason: "refused while others were accepted", olderThan: 0 } as const
    : deadOf(its);
  return refusedOf(its, dead, notBeforeMs);
}

function onTooLarge(its: Case, notBeforeMs?: number): Judgement {
  const { batch: { count, returned }, retry, random } = its;
  if (count > 1) return refuses({ as: "split" }, notBeforeMs);
  const end = deadOf(its) ?? asideOf(its, false, notBeforeMs);
  if (acceptsLately(its)) return refuses(end, notBeforeMs);
  // Where everything is too large, not all that waits may be tried again and again.
  if (returned === undefined) return fails(end, notBeforeMs);
  return refuses(end, pauseMs(retry, returned.times, random, notBeforeMs));
}

/** It is answered 5xx for long by a URL that answers others. */
function isTroubled({ batch, attempts, trouble }: Case): boolean {
  return trouble !== undefined && trouble.othersAnswered && looksTroubled(batch, attempts, trouble);
}

function onAgain(its: Case, notBeforeMs?: number): Judgement {
  const dead = deadOf(its);
  if (dead !== undefined) return fails(dead, notBeforeMs);
  if (!isTroubled(its)) return fails({ as: "again" }, notBeforeMs);
  const { batch: { returned }, trouble: { times } = { times: 0 }, retry, random } = its;
  const isLong = its.now - (returned?.refusedAt ?? its.now) >= troubledMs;
  const isBad = its.batch.count === 1 && isLong && isPoison(its);
  if (!isBad) return refusedOf(its, undefined, notBeforeMs);
  // It may be a URL that comes and goes: only who fails again and again is given up.
  if (times < troubledTimes) {
    return refuses({ as: "again" }, pauseMs(retry, times, random, notBeforeMs));
  }
  const reason = "failed while others were accepted";
  return refuses({ as: "dead", reason, olderThan: 0 }, notBeforeMs);
}

function onPartly(its: Case, failures: Extract<Verdict, { is: "partly" }>["failures"]): Judgement {
  const { attempts, batch, members, retry, now, halts, steadyMs } = its;
  const picked = pickFailures(failures, members);
  // A list that names what was not sent is one of another batch: nothing of it can be trusted.
  if (picked === undefined) return onAgain(its);
  const olderThan = givenUpBefore(retry.forMs, now, halts);
  const isTired = isTried(batch, attempts, steadyMs);
  const isOld = (member: number) => isTired && (members[member]?.since ?? now) < olderThan;
  const tired = `not accepted within ${Math.round(retry.forMs / 1_000)} s`;
  const dead = [
    ...picked.dead.map((member) => ({ member, reason: "refused for good by its receiver" })),
    ...picked.again.filter(isOld).map((member) => ({ member, reason: tired })),
  ];
  const again = picked.again.filter((member) => !isOld(member));
  const settlement = { as: "partly", again, dead, notBefore: asideUntil(its) } as const;
  const isDelivered = again.length + dead.length < members.length;
  if (isDelivered) return works(settlement);
  return acceptsLately(its) ? refuses(settlement) : fails(settlement, undefined);
}

/** Of the other URL it says that it is not to be used; of the first, that nobody listens. */
function onGone({ failover, destination }: Case): Judgement {
  if (failover) return fails({ as: "again" }, retryAfterMsMax);
  return { settlement: { as: "gone", destination }, url: "answers" };
}

/** What becomes of a batch, and of its URL. */
export function judge(verdict: Verdict, its: Case): Judgement {
  switch (verdict.is) {
    case "accepted":
      return works({ as: "accepted" });
    case "partly":
      return onPartly(its, verdict.failures);
    case "gone":
      return onGone(its);
    case "too_large":
      return onTooLarge(its, verdict.notBeforeMs);
    case "refused":
      return onRefused(its, verdict.notBeforeMs);
    case "again":
      return onAgain(its, verdict.notBeforeMs);
  }
}
