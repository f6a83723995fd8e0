/**
 * window: decides when what waits in a lane becomes a batch. A window opens with the first event
 * and closes at the first of its bounds; it is sealed only when somebody takes the batch, so that
 * under load, and after an outage, batches fill up.
 *
 *     split     what a batch that was split has left             ── before everything else
 *     live      what is fresh and immediate, past a backlog    ┐
 *     session   one call or message that has closed,           ├─ in turns, when several are due
 *                or what is tried or sent again                │
 *     head      the window itself                              ┘
 */
import type { Batch, ClosingReason } from "../batch.ts";
import { type Cut, type Lane, linkMarginMs, type Waiting } from "../lane.ts";
import { firstOf, sleep } from "../flow/sleep.ts";
import type { WindowRule } from "../tenant.ts";

/** A window that should have closed so long ago is a backlog; what is younger is fresh. */
const backlogMs = 30_000;

/** Between two looks at a session that is due here and not yet where it is sealed. */
const againMs = 1_000;

/** Why a window closes now, or in how many ms it will. */
export type Closing = { readonly reason: ClosingReason } | { readonly inMs: number };

/** In how many ms a link in what waits becomes urgent; one that works no longer is not. */
function expiryInMs({ expiresAt }: Waiting, now: number): number {
  if (expiresAt === undefined || expiresAt <= now) return Number.POSITIVE_INFINITY;
  return expiresAt - linkMarginMs - now;
}

/**
 * The rule of a window, as of now; something waits, and has been seen waiting for `watchedMs`.
 * What became the tenant's before `flushedAt` waits no longer.
 */
export function closingOf(
  waiting: Waiting,
  rule: WindowRule,
  now: number,
  watchedMs: number,
  flushedAt = 0,
): Closing {
  // A clock that was set back must not keep a window open for longer than the rule says.
  const age = Math.max(watchedMs, now - (waiting.oldestAt ?? now));
  const expiryMs = expiryInMs(waiting, now);
  if (age > rule.maxWaitMs + backlogMs) return { reason: "backlog" };
  if (waiting.immediate) return { reason: "immediate" };
  if ((waiting.oldestAt ?? now) <= flushedAt) return { reason: "flush" };
  if (waiting.count >= rule.eventsMax) return { reason: "max_events" };
  if (waiting.bytes >= rule.bytesMax) return { reason: "max_bytes" };
  if (age >= rule.maxWaitMs) return { reason: "max_wait" };
  if (expiryMs <= 0) return { reason: "expiry" };
  return { inMs: Math.min(rule.maxWaitMs - age, expiryMs) };
}

/** The same for the sessions beside it: the next one, or the fullest. */
function sessionClosingOf(waiting: Waiting, rule: WindowRule, now: number): Closing {
  const { sessionAt = Number.POSITIVE_INFINITY, sessionBytes = 0 } = waiting;
  if (sessionAt <= now) return { reason: "session" };
  if (sessionBytes >= rule.bytesMax) return { reason: "max_bytes" };
  return { inMs: sessionAt - now };
}

/** Something fresh and immediate waits behind a backlog, and may go past it. */
function overtakes(waiting: Waiting, rule: WindowRule, head: Closing, now: number): boolean {
  const { immediate, liveAt = 0 } = waiting;
  return "reason" in head && head.reason === "backlog" && rule.catchUp === "live_first" &&
    immediate && liveAt >= now - backlogMs;
}

type Taking = Pick<Cut, "from" | "reason">;

const never = { inMs: Number.POSITIVE_INFINITY };

/** What is to be sealed now, in the order of turns; where it is nothing, in how many ms. */
function dueOf(
  waiting: Waiting,
  rule: WindowRule | undefined,
  now: number,
  watchedMs: number,
  flushedAt: number,
) {
  if (rule === undefined) return { due: [], ...never };
  if (waiting.split > 0) return { due: [{ from: "session", reason: "retry" } as const], inMs: 0 };
  const head = waiting.count === 0 ? never : closingOf(waiting, rule, now, watchedMs, flushedAt);
  const session = sessionClosingOf(waiting, rule, now);
  if ("inMs" in head && "inMs" in session) {
    return { due: [], inMs: Math.min(head.inMs, session.inMs) };
  }
  const due: Taking[] = [];
  if (overtakes(waiting, rule, head, now)) {
    due.push({ from: { liveFrom: now - backlogMs }, reason: "immediate" });
  }
  if ("reason" in session) due.push({ from: "session", reason: session.reason });
  if ("reason" in head) due.push({ from: "head", reason: head.reason });
  return { due, inMs: 0 };
}

const turnOf = ({ from }: Taking) => from === "head" ? 2 : from === "session" ? 1 : 0;

/** The next in turn after what was sealed last. */
function inTurn(due: readonly Taking[], last: Taking | undefined): Taking | undefined {
  const turn = last === undefined ? -1 : turnOf(last);
  return due.find((taking) => turnOf(taking) > turn) ?? due[0];
}

/** What window is given. */
export interface WindowOptions {
  /** The rule in force; undefined while the tenant is paused or not in the config. */
  readonly rule: () => WindowRule | undefined;
  /** Resolves when another config is in force. */
  readonly reconfigured: (signal: AbortSignal) => Promise<void>;
  /** Windows that were open then are closed, in epoch ms. */
  readonly flushedAt: () => number;
  /** Resolves when that changes. */
  readonly flushed: (signal: AbortSignal) => Promise<void>;
  /** To be told before each look: whether the lane stands still, and where it goes, may change. */
  readonly stand: () => Promise<void>;
  readonly signal: AbortSignal;
}

const isIdle = ({ count, sealed, sessionAt }: Waiting) =>
  count === 0 && sealed === 0 && sessionAt === undefined;

function cutOf(taking: Taking, { eventsMax, bytesMax, compact, layout }: WindowRule): Cut {
  const isSingle = layout === "single/1";
  return { ...taking, eventsMax: isSingle ? 1 : eventsMax, bytesMax, compact, layout };
}

/**
 * Yields the batches of a lane: those sealed before, then one per window and session. Ends when
 * nothing waits and nothing is on its way, or when `signal` aborts. What is not sealed is safe in
 * the log.
 */
export async function* window(
  lane: Lane,
  { rule, reconfigured, flushedAt, flushed, stand, signal }: WindowOptions,
): AsyncGenerator<Batch, void, undefined> {
  const changed = (stop: AbortSignal) => lane.changed(stop);
  const rest = (ms: number) =>
    firstOf(signal, changed, reconfigured, flushed, (stop) => sleep(ms, stop));
  for (const batch of await lane.unsettled()) {
    if (signal.aborted) return;
    yield batch;
  }
  let watchedSince: number | undefined;
  let last: Taking | undefined;
  while (!signal.aborted) {
    if (isIdle(lane.waiting())) return;
    await stand();
    // From here to the rest nothing is waited for: a commit in between would not be heard of.
    const waiting = lane.waiting();
    const current = rule();
    if (waiting.count === 0) watchedSince = undefined;
    else if (current !== undefined) watchedSince ??= performance.now();
    const watchedMs = performance.now() - (watchedSince ?? performance.now());
    const { due, inMs } = dueOf(waiting, current, Date.now(), watchedMs, flushedAt());
    const taking = inTurn(due, last);
    if (taking === undefined || current === undefined) {
      await rest(inMs);
      continue;
    }
    last = taking;
    if (taking.from === "head") watchedSince = undefined;
    const batch = await lane.seal(cutOf(taking, current));
    if (batch !== undefined) yield batch;
    else if (taking.from === "session") await rest(againMs);
  }
}
