/** Time that passes only when a test says so: `setTimeout` and `Date`, on every runtime. */
import { mock } from "node:test";
import { setImmediate } from "node:timers";

/** A clock that stands still. Disposal gives real time back. */
export interface Clock extends Disposable {
  /** Lets so much time pass, and everything happen that follows from it. */
  pass(ms: number): Promise<void>;
}

/** Lets everything happen that needs no time: promises, and a few turns of the event loop. */
export async function turns(count = 5): Promise<void> {
  for (let turn = 0; turn < count; turn++) {
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

const untilMsMax = 20_000;

/** Waits for what needs no time by the stopped clock but may need another thread. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  const end = performance.now() + untilMsMax;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`Did not happen: ${what}`);
    await turns(1);
  }
}

/** Stops the clock at this time. */
export function stopClock(now: number = Date.UTC(2026, 10, 20, 10)): Clock {
  mock.timers.enable({ apis: ["setTimeout", "Date"], now });
  return {
    async pass(ms) {
      await turns();
      mock.timers.tick(ms);
      await turns();
    },
    [Symbol.dispose]: () => mock.timers.reset(),
  };
}
