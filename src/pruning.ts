/** Forgetting what is settled and past retention, a little at a time, off everybody's path. */
import type { Engine } from "./engine.ts";
import { messageOf } from "./errors.ts";
import { sleep } from "./flow/sleep.ts";
import type { State } from "./telemetry.ts";

/** Nothing is forgotten so soon after a start: the clock may still be wrong. */
const graceMs = 10 * 60_000;
const everyMs = 60_000;
/** Events in one step, as many batches, and the pause between two steps. */
const stepMax = 200;
const stepMs = 20;
/** Ids are remembered at least for so long, whatever the retention. */
const idsMsMin = 24 * 60 * 60_000;

/** Prunes until disposed. */
export function startPruning(
  engine: Pick<Engine, "prune">,
  retentionMs: () => number,
  state: State,
): AsyncDisposable {
  const stop = new AbortController();

  async function pruneAll(): Promise<number> {
    let events = 0;
    while (!stop.signal.aborted) {
      const before = Date.now() - Math.max(retentionMs(), idsMsMin);
      const pruned = await engine.prune(before, stepMax);
      events += pruned.events;
      if (pruned.events + pruned.batches === 0) break;
      await sleep(stepMs, stop.signal);
    }
    return events;
  }

  async function run(): Promise<void> {
    await sleep(graceMs, stop.signal);
    while (!stop.signal.aborted) {
      try {
        const events = await pruneAll();
        if (events > 0) state({ is: "store.pruned", events });
      } catch (error) {
        state({ is: "store.broken", why: messageOf(error) });
      }
      await sleep(everyMs, stop.signal);
    }
  }

  const running = run();
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}
