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
import { givenUpBefore, isTried, pauseMs } from "./backoff.ts";
import { pickFailures } from "./verdict.ts";

/** Events of a tenant that may be poison, beside its lane at once. */
const refusedMax = 16;
/** A batch answered 5xx so often, … */
const troubledTimes = 8;
/** … over so long, is looked at as if it had been refused. */
const troubledMs = 10 * 60_000;

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
}

/** What is written down, and what the attempt says of its URL. */
export interface Judgement {
  readonly settlement: Settlement;
  /** It accepted something, or answered without that, or did neither. */
  readonly url: "works" | "answers" | "fails";
  /** The URL gets nothing for at least so long, in ms. */
  readonly pauseMs?: number;
}

const works = (settlement: Settlement): Judgement => ({ settlement, url: "works" });

const pausing = (pauseMs: number | undefined) => pauseMs === undefined ? {} : { pauseMs };

function answers(settlement: Settlement, pauseMs?: number): Judgement {
  return { settlement, url: "answers", ...pausing(pauseMs) };
}

function fails(settlement: Settlement, pauseMs: number | undefined): Judgement {
  return { settlement, url: "fails", ...pausing(pauseMs) };
}

/** Waits longer each time that its events have come back. */
function asideUntil({ batch, retry, now, random }: Case, notBeforeMs = 0): number {
  return now + pauseMs(retry, batch.returned?.times ?? 0, random, notBeforeMs);
}

/** A batch whose events are all too old; undefined: it goes on. */
function deadOf({ batch, attempts, retry, now, steadyMs, halts }: Case): Settlement | undefined {
  if (!isTried(batch, attempts, steadyMs)) return undefined;
  const olderThan = givenUpBefore(retry.forMs, now, halts);
  if (batch.youngestAt >= olderThan) return undefined;
  const reason = `not accepted within ${Math.round(retry.forMs / 1_000)} s`;
  return { as: "dead", reason, olderThan };
}

/** Others were accepted since it was first refused alone. */
function isPoison({ batch: { returned }, deliveredAt = 0 }: Case): boolean {
  return returned?.refusedAt !== undefined && deliveredAt > returned.refusedAt;
}

/** It is refused whole; alone it goes beside the lane, unless too many are there. */
function refusedOf(its: Case, poison: Settlement | undefined, notBeforeMs?: number): Judgement {
  const { batch, retry, now, refused } = its;
  if (batch.count > 1) return answers({ as: "split" }, notBeforeMs);
  if (poison !== undefined) return answers(poison, notBeforeMs);
  if (refused < refusedMax || now - batch.sealedAt >= retry.maxMs) {
    const notBefore = asideUntil(its, notBeforeMs);
    return answers({ as: "aside", notBefore, refused: true }, notBeforeMs);
  }
  return fails({ as: "again" }, notBeforeMs);
}

function onRefused(its: Case, notBeforeMs?: number): Judgement {
  const { refusals, batch, retry, random } = its;
  const isKnown = batch.returned?.refusedAt !== undefined;
  if (refusals === 1 && !isKnown) {
    return answers({ as: "again" }, pauseMs(retry, 0, random, notBeforeMs));
  }
  // Nothing waits behind what is given up here, unless it is as old.
  const dead = isPoison(its)
    ? { as: "dead", reason: "refused while others were accepted", olderThan: 0 } as const
    : deadOf(its);
  return refusedOf(its, dead, notBeforeMs);
}

function onTooLarge(its: Case, notBeforeMs?: number): Judgement {
  const { batch: { count, returned }, deliveredAt = 0, now, retry, random } = its;
  if (count > 1) return answers({ as: "split" }, notBeforeMs);
  const notBefore = asideUntil(its, notBeforeMs);
  const end = deadOf(its) ?? { as: "aside", notBefore, refused: false } as const;
  if (deliveredAt > now - retry.maxMs) return answers(end, notBeforeMs);
  // Where everything is too large, not all that waits may be tried again and again.
  if (returned === undefined) return fails(end, notBeforeMs);
  return answers(end, pauseMs(retry, returned.times, random, notBeforeMs));
}

/** It is answered 5xx for long by a URL that answers others. */
function isTroubled({ batch, attempts, trouble }: Case): boolean {
  return trouble !== undefined && trouble.othersAnswered && looksTroubled(batch, attempts, trouble);
}

function onAgain(its: Case, notBeforeMs?: number): Judgement {
  const dead = deadOf(its);
  if (dead !== undefined) return fails(dead, notBeforeMs);
  if (!isTroubled(its)) return fails({ as: "again" }, notBeforeMs);
  const { returned } = its.batch;
  const isLong = (returned?.times ?? 0) >= troubledTimes &&
    its.now - (returned?.refusedAt ?? its.now) >= troubledMs;
  const poison = isLong && isPoison(its)
    ? { as: "dead", reason: "failed while others were accepted", olderThan: 0 } as const
    : undefined;
  return refusedOf(its, poison, notBeforeMs);
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
  return works({ as: "partly", again, dead, notBefore: asideUntil(its) });
}

/** What becomes of a batch, and of its URL. */
export function judge(verdict: Verdict, its: Case): Judgement {
  switch (verdict.is) {
    case "accepted":
      return works({ as: "accepted" });
    case "partly":
      return onPartly(its, verdict.failures);
    case "gone":
      return answers({ as: "gone", destination: its.destination });
    case "too_large":
      return onTooLarge(its, verdict.notBeforeMs);
    case "refused":
      return onRefused(its, verdict.notBeforeMs);
    case "again":
      return onAgain(its, verdict.notBeforeMs);
  }
}
