/**
 * assign: keeps the engine's rules those of the config in force, and lets it decide once a second
 * what has waited for its call long enough.
 *
 *     another config ─▶ adopt       every second ─▶ tend       the clock was set ─▶ postpone
 */
import { signal as createSignal } from "../flow/signal.ts";
import { firstOf, sleep } from "../flow/sleep.ts";
import { adopt, type AdoptOptions } from "./adopt.ts";
import type { SteadyClock } from "./steady.ts";

const tendMs = 1_000;
/** Nothing is given up or forgotten so soon after a start, or a step of the clock. */
const quietMs = 10 * 60_000;
/** What could not be delivered to us comes again within so long: Telnyx retries for a minute. */
const returnMs = 60_000;

/** What assign is given. */
export interface AssignOptions extends AdoptOptions {
  readonly reconfigured: (signal: AbortSignal) => Promise<void>;
  readonly clock: SteadyClock;
}

/** The running stage. */
export interface Assigning {
  /** Something was held under an older config: it is asked about again. */
  again(): void;
  /** Rejects where the engine fails for good. */
  readonly ended: Promise<unknown>;
}

/** Repeats `work` until it succeeds: while the log cannot be written it is tried every second. */
async function insist(work: () => Promise<void>, { engine, signal }: AssignOptions): Promise<void> {
  while (!signal.aborted) {
    try {
      return await work();
    } catch (error) {
      if (engine.broken.aborted) throw error;
      await sleep(tendMs, signal);
    }
  }
}

async function keepAdopting(options: AssignOptions, asked: (stop: AbortSignal) => Promise<void>) {
  const { config, reconfigured, signal } = options;
  while (!signal.aborted) {
    const current = config();
    await insist(() => adopt(current, options), options);
    if (config() === current) await firstOf(signal, reconfigured, asked);
  }
}

/**
 * Tells the engine by how much the clock was set, and postpones then, as at the start. Each is
 * done once, however often it is asked to because the other failed.
 */
function createFollowing({ clock, engine, state }: AssignOptions) {
  let [setBy, isPostponed] = [0, false];
  return async function follow(): Promise<void> {
    setBy += clock.look();
    if (setBy !== 0) {
      await engine.clockSet(setBy, Date.now());
      state({ is: "clock.set", byMs: setBy });
      [setBy, isPostponed] = [0, false];
    }
    if (isPostponed) return;
    await engine.postpone(Date.now() + returnMs);
    isPostponed = true;
  };
}

async function keepTending(options: AssignOptions): Promise<void> {
  const { clock, engine, signal, state } = options;
  const followClock = createFollowing(options);
  await insist(followClock, options);
  while (!signal.aborted) {
    await sleep(tendMs, signal);
    if (signal.aborted) return;
    await insist(async () => {
      await followClock();
      const isQuiet = clock.steadyMs() < quietMs;
      for (let more = true; more && !signal.aborted;) {
        const tended = await engine.tend(Date.now(), !isQuiet);
        const { released, expired } = tended;
        if (released > 0) state({ is: "events.released", count: released, by: "call" });
        if (expired > 0) state({ is: "events.expired", count: expired });
        more = tended.more;
      }
    }, options);
  }
}

/** Starts the stage; its first word to the engine is the rules in force. */
export function startAssigning(options: AssignOptions): Assigning {
  const asked = createSignal();
  let pending = false;
  const whenAsked = async (stop: AbortSignal) => {
    while (!pending && !stop.aborted) await asked.next(stop);
    pending = false;
  };
  return {
    again() {
      pending = true;
      asked.raise();
    },
    ended: Promise.all([keepAdopting(options, whenAsked), keepTending(options)]),
  };
}
