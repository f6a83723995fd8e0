/**
 * A tenant's rate: how soon its next request may go, so that on average no more requests, and no
 * more events, reach it than it wants. Two buckets that fill with time; a full one holds what is
 * allowed in a second, and at least one. No timer, and a clock that is given.
 */
import type { Destination, Rate } from "../tenant.ts";

/** What a full bucket allows at once: as much as is allowed in this time. */
const burstMs = 1_000;

/** Says when a tenant's next request may go. */
export interface Pacer {
  /**
   * Milliseconds until a request with so many events may go; 0: it may, and is counted. Of
   * several that wait the one that asks first goes: ask for one after the other, or a large
   * batch may wait for as long as small ones follow each other.
   */
  take(events: number): number;
}

/**
 * A bucket in units of which one event costs `perMs` and each ms brings `count`: with whole
 * milliseconds nothing is ever rounded.
 */
interface Bucket {
  /** Until so many may be spent, in ms. */
  waitMs(rate: Rate | undefined, count: number): number;
  /** Spends what was asked for. */
  spend(count: number): void;
}

const capacityOf = ({ count, perMs }: Rate) => Math.max(perMs, count * burstMs);

function createBucket(now: () => number): Bucket {
  let filled: { readonly rate: Rate; readonly at: number } | undefined;
  let units = 0;

  /** What was saved or is owed counts on by another rate. */
  function fill(rate: Rate): void {
    const at = now();
    if (filled === undefined) units = capacityOf(rate);
    else units = units * (rate.perMs / filled.rate.perMs) + (at - filled.at) * rate.count;
    units = Math.min(units, capacityOf(rate));
    filled = { rate, at };
  }

  return {
    waitMs(rate, count) {
      if (rate === undefined) {
        filled = undefined;
        return 0;
      }
      fill(rate);
      // More than it ever holds goes when it is full, and is paid for afterwards.
      const needed = Math.min(count * rate.perMs, capacityOf(rate));
      return Math.max(0, Math.ceil((needed - units) / rate.count));
    },
    spend(count) {
      if (filled !== undefined) units -= count * filled.rate.perMs;
    },
  };
}

/** Paces one tenant by the rate in force, asked for every time; `now` is monotonic, in ms. */
export function createPacer(rate: () => Destination["rate"], now: () => number): Pacer {
  const requests = createBucket(now);
  const events = createBucket(now);
  return {
    take(count) {
      const inForce = rate();
      const waitMs = Math.max(
        requests.waitMs(inForce?.requests, 1),
        events.waitMs(inForce?.events, count),
      );
      if (waitMs > 0) return waitMs;
      requests.spend(1);
      events.spend(count);
      return 0;
    },
  };
}
