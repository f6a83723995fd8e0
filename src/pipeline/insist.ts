/**
 * A log that cannot be written for a while, because its disk is full, must not end the daemon:
 * what a lane asks of it is asked again until it is done. Asking twice equals asking once.
 */
import type { Lane } from "../lane.ts";
import { messageOf } from "../errors.ts";
import { sleep } from "../flow/sleep.ts";
import type { State } from "../telemetry.ts";

/** Between two tries. */
const pauseMs = 1_000;

/** The same lane; what it asks for rejects only after `signal` aborted. */
export function insistent(lane: Lane, signal: AbortSignal, state: State): Lane {
  let failing = false;

  async function insist<T>(ask: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        const answer = await ask();
        failing = false;
        return answer;
      } catch (error) {
        if (signal.aborted) throw error;
        // Once, until it succeeds again: a full disk is no better for a log line per second.
        if (!failing) state({ is: "store.broken", why: messageOf(error) });
        failing = true;
        await sleep(pauseMs, signal);
      }
    }
  }

  return {
    name: lane.name,
    tenant: lane.tenant,
    waiting: () => lane.waiting(),
    changed: (until) => lane.changed(until),
    unsettled: () => insist(() => lane.unsettled()),
    seal: (cut) => insist(() => lane.seal(cut)),
    bytes: (batch) => insist(() => lane.bytes(batch)),
    members: (batch) => insist(() => lane.members(batch)),
    urls: () => insist(() => lane.urls()),
    halts: () => insist(() => lane.halts()),
    halt: (is) => insist(() => lane.halt(is)),
    hurry: () => insist(() => lane.hurry()),
    resume: () => insist(() => lane.resume()),
    settle: (batch, attempt, to, url) => insist(() => lane.settle(batch, attempt, to, url)),
    [Symbol.dispose]: () => lane[Symbol.dispose](),
  };
}
