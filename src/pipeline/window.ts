/**
 * window: decides when what waits in a lane becomes a batch. A window opens with the first event
 * and closes at the first of its bounds; it is sealed only when somebody takes the batch, so that
 * under load, and after an outage, batches fill up.
 */
import type { Batch, ClosingReason } from "../batch.ts";
import { envelopeLayout } from "../batch/envelope.ts";
import type { Lane, Waiting } from "../engine.ts";
import { firstOf, sleep } from "../flow/sleep.ts";
import type { WindowRule } from "../tenant.ts";

/** A window that should have closed so long ago is a backlog. */
const backlogMs = 30_000;

/** Why a window closes now, or in how many ms it will. */
export type Closing = { readonly reason: ClosingReason } | { readonly inMs: number };

/** The rule of a window, as of now; something waits, and has been seen waiting for `watchedMs`. */
export function closingOf(
  waiting: Waiting,
  rule: WindowRule,
  now: number,
  watchedMs: number,
): Closing {
  // A clock that was set back must not keep a window open for longer than the rule says.
  const age = Math.max(watchedMs, now - (waiting.oldestAt ?? now));
  if (age > rule.maxWaitMs + backlogMs) return { reason: "backlog" };
  if (waiting.immediate) return { reason: "immediate" };
  if (waiting.count >= rule.eventsMax) return { reason: "max_events" };
  if (waiting.bytes >= rule.bytesMax) return { reason: "max_bytes" };
  if (age >= rule.maxWaitMs) return { reason: "max_wait" };
  return { inMs: rule.maxWaitMs - age };
}

/** What window is given. */
export interface WindowOptions {
  /** The rule in force; undefined while the tenant is paused or not in the config. */
  readonly rule: () => WindowRule | undefined;
  /** Resolves when another config is in force. */
  readonly reconfigured: (signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
}

/**
 * Yields the batches of a lane: those sealed before, then one per window. Ends when nothing waits
 * and nothing is on its way, or when `signal` aborts. What is not sealed is safe in the log.
 */
export async function* window(
  lane: Lane,
  { rule, reconfigured, signal }: WindowOptions,
): AsyncGenerator<Batch, void, undefined> {
  const changed = (stop: AbortSignal) => lane.changed(stop);
  for (const batch of await lane.unsettled()) {
    if (signal.aborted) return;
    yield batch;
  }
  let watchedSince: number | undefined;
  while (!signal.aborted) {
    const waiting = lane.waiting();
    const current = rule();
    if (waiting.count === 0 && waiting.sealed === 0) return;
    if (waiting.count === 0) watchedSince = undefined;
    if (waiting.count === 0 || current === undefined) {
      await firstOf(signal, changed, reconfigured);
      continue;
    }
    watchedSince ??= performance.now();
    const closing = closingOf(waiting, current, Date.now(), performance.now() - watchedSince);
    if ("inMs" in closing) {
      await firstOf(signal, changed, reconfigured, (stop) => sleep(closing.inMs, stop));
      continue;
    }
    watchedSince = undefined;
    const { eventsMax, bytesMax } = current;
    const { reason } = closing;
    const batch = await lane.seal({ eventsMax, bytesMax, reason, layout: envelopeLayout });
    if (batch !== undefined) yield batch;
  }
}
