/** When to try again, and when to stop trying. Pure: the clock and the dice are given. */
import type { Batch } from "../batch.ts";
import type { Halt } from "../delivery.ts";
import type { RetryPolicy } from "../tenant.ts";

/** Doubling further would change nothing: the longest pause is reached long before. */
const doublingsMax = 30;
/** Nothing is given up with fewer attempts than this, … */
const attemptsMin = 10;
/** … nor so soon after a start, a pause or a step of the clock, which may be all that was wrong. */
const graceMs = 10 * 60_000;

/** A longer `Retry-After` is cut: a URL that came back must not stay forgotten for a day. */
export const retryAfterMsMax = 60 * 60_000;

/**
 * The pause after a failed attempt that had `failures` failed ones before it: full jitter, never
 * less than the answer asked for.
 */
export function pauseMs(
  policy: RetryPolicy,
  failures: number,
  random: () => number,
  notBeforeMs = 0,
): number {
  const ceiling = Math.min(policy.maxMs, policy.firstMs * 2 ** Math.min(failures, doublingsMax));
  return Math.max(Math.round(random() * ceiling), notBeforeMs);
}

/** What has been tried enough to be given up, if it is old enough. */
export function isTried({ returned }: Batch, attempts: number, steadyMs: number): boolean {
  return attempts + (returned?.times ?? 0) >= attemptsMin && steadyMs >= graceMs;
}

/**
 * What became the tenant's before this is older than `for`, not counting the time that it was
 * paused, or that a clock leapt over.
 */
export function givenUpBefore(forMs: number, now: number, halts: readonly Halt[]): number {
  return halts.toReversed().reduce(
    (before, { from, until = now }) => until > before ? before - Math.max(0, until - from) : before,
    now - forMs,
  );
}
