/**
 * Two things that no single webhook tells: that none come any more, and that of those that come
 * none is rightly signed. Neither keeps more than a few numbers.
 */

/** Whether webhooks have stopped coming. */
export interface Arrivals {
  arrived(): void;
  /** Nothing came for ten times the usual gap, nor for `atLeastMs`. */
  isSilent(atLeastMs: number): boolean;
}

/** Gaps that say what is usual. */
const gapsKept = 64;
/** What comes closer together is one burst; its gaps say nothing of when the next one comes. */
const burstMs = 1_000;
/** Nothing is usual before so many. */
const arrivalsMin = 20;
/** The usual gap, so many times over. */
const silentGaps = 10;

/** The middle one, 0 where there is none. */
function medianOf(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** Watches for silence; `now` is a monotonic clock in ms. */
export function createArrivals(now: () => number): Arrivals {
  const gaps: number[] = [];
  let counted = 0;
  let next = 0;
  let lastAt = 0;
  return {
    arrived() {
      const at = now();
      const gap = at - lastAt;
      lastAt = at;
      counted += 1;
      if (counted === 1 || gap < burstMs) return;
      gaps[next] = gap;
      next = (next + 1) % gapsKept;
    },
    isSilent(atLeastMs) {
      if (counted < arrivalsMin) return false;
      return now() - lastAt >= Math.max(atLeastMs, silentGaps * medianOf(gaps));
    },
  };
}

/** Whether nothing but wrong signatures comes. */
export interface Impostors {
  /** One was refused; says whether there have been enough of them. */
  refused(): boolean;
  /** One was right: counting begins anew. */
  trusted(): void;
}

/** So many of them … */
const refusedMin = 5;
/** … over at least so long … */
const refusedMs = 60_000;
/** … without a pause like this: a scanner's visits of a whole night are not a rotated key. */
const lullMs = 10 * 60_000;

/** Watches for wrong signatures; `now` is a monotonic clock in ms. */
export function createImpostors(now: () => number): Impostors {
  let count = 0;
  let firstAt = 0;
  let lastAt = 0;
  return {
    refused() {
      const at = now();
      if (at - lastAt > lullMs) count = 0;
      if (count === 0) firstAt = at;
      count += 1;
      lastAt = at;
      return count >= refusedMin && at - firstAt >= refusedMs;
    },
    trusted: () => count = 0,
  };
}
