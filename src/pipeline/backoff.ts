/** When to try again, and when to stop trying. Pure: the clock and the dice are given. */
import type { Batch } from "../batch.ts";
import type { RetryPolicy } from "../tenant.ts";

/** Doubling further would change nothing: the longest pause is reached long before. */
const doublingsMax = 30;
/** Nothing is given up with fewer attempts than this, … */
const attemptsMin = 10;
/** … nor so soon after a start or a pause, which may be all that was wrong. */
const graceMs = 10 * 60_000;

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

/** Whether a batch that failed once more is given up: all its events are older than `for`. */
export function isGivenUp(
  batch: Pick<Batch, "youngestAt">,
  policy: RetryPolicy,
  attempts: number,
  now: number,
  sendableMs: number,
): boolean {
  if (attempts < attemptsMin || sendableMs < graceMs) return false;
  return now - batch.youngestAt > policy.forMs;
}
