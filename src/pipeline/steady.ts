/**
 * The wall clock, watched by the monotonic one: it may be set, by hand or by a network, and a
 * machine may sleep. Nothing is given up for a while after that.
 */

/** The wall clock was set when it is off by more than this from one look to the next. */
const stepMs = 60_000;

/** What is known of the wall clock. */
export interface SteadyClock {
  /** By how many ms it was set since the last look; 0: it was not. To be asked often. */
  look(): number;
  /** Since the start, or since it was last set, in ms. */
  steadyMs(): number;
}

/** Begins to watch. */
export function watchClock(): SteadyClock {
  let since = performance.now();
  let offset = Date.now() - since;
  return {
    look() {
      const now = performance.now();
      const byMs = Date.now() - now - offset;
      offset = Date.now() - now;
      if (Math.abs(byMs) <= stepMs) return 0;
      since = now;
      return Math.round(byMs);
    },
    steadyMs() {
      const now = performance.now();
      return Math.abs(Date.now() - now - offset) > stepMs ? 0 : now - since;
    },
  };
}
