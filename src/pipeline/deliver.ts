/**
 * deliver: sends batches until they are settled. A failure of the destination is a value; the
 * outcome of every attempt is in the log before anything follows from it. The destination is
 * asked for before each attempt: a corrected URL, secret or header applies to what waits.
 *
 *     a batch ─▶ a way? ─attempt▶ answer ─verdict▶ judgement ─▶ in the log ─▶ again, or the end
 */
import type { Batch } from "../batch.ts";
import type { Settlement } from "../delivery.ts";
import type { Lane } from "../lane.ts";
import { concurrently } from "../flow/concurrently.ts";
import { firstOf, sleep } from "../flow/sleep.ts";
import type { State } from "../telemetry.ts";
import type { Destination } from "../tenant.ts";
import { attemptOnce, type AttemptOptions, type Held, type Made } from "./attempt.ts";
import type { Circuit, Edge } from "./circuit.ts";
import { type Case, judge, type Judgement, looksTroubled } from "./judge.ts";
import { factsOf, failingFacts, whyOf } from "./outcome.ts";
import { identityOf } from "./urls.ts";
import { verdictOf } from "./verdict.ts";

/** What deliver is given. */
export interface DeliverOptions extends AttemptOptions {
  readonly reconfigured: (signal: AbortSignal) => Promise<void>;
  /** Asks a URL for a sign of life; true: it answered, and not with a 5xx. */
  readonly answers: (to: Destination, url: string) => Promise<boolean>;
  readonly random: () => number;
  /** A monotonic clock, in ms. */
  readonly now: () => number;
  /** Since the start or the last step of the wall clock, in ms. */
  readonly steadyMs: () => number;
  /** To be told before each look: whether the lane stands still, and where it goes, may change. */
  readonly stand: () => Promise<void>;
  readonly state: State;
}

/** No wait is longer: what failed for long is told although no attempt is made. */
const restMsMax = 30_000;

/** What is remembered of a batch between its attempts. */
interface Memory {
  attempts: number;
  /** Answered 400 or 422 since the start. */
  refusals: number;
  /** Answered 5xx so often in a row, … */
  troubles: number;
  /** … since when, in epoch ms, … */
  troubledAt: number;
  /** … and by the monotonic clock: one that is set must not make it long or short. */
  troubledSince: number;
}

const untroubled = { troubles: 0, troubledAt: 0, troubledSince: 0 };

/** What the batches of one lane share. */
interface Shared extends DeliverOptions, Held {
  /** Since when anything could be sent, and when and with what a sign of life was asked for. */
  readonly lane: { sendableSince: number; askedAt: number; answered: boolean };
}

/** A sign of life is asked for no more often. */
const askMs = 60_000;

/** Resolves when there is a destination, or when `signal` aborts. */
async function whenSendable(lane: Lane, options: DeliverOptions): Promise<void> {
  const { destination, reconfigured, signal } = options;
  while (!signal.aborted && destination() === undefined) {
    await firstOf(signal, reconfigured, (stop) => lane.changed(stop));
  }
}

/** Waits for time to pass, or for anything that may open a way since `revision`. */
async function rest(options: DeliverOptions, ms: number, revision: number): Promise<void> {
  const { circuit, reconfigured, signal } = options;
  if (circuit.revision() !== revision) return;
  const until = (stop: AbortSignal) => sleep(Math.min(ms, restMsMax), stop);
  return firstOf(signal, until, (stop) => circuit.changed(stop), reconfigured);
}

const isServerError = ({ attempt: { status = 0 } }: Made) => status >= 500;

function remember(memory: Memory, made: Made): void {
  memory.attempts = made.attempt.number;
  if (!isServerError(made)) memory.troubles = 0;
  else if (++memory.troubles === 1) {
    memory.troubledAt = made.attempt.startedAt;
    memory.troubledSince = made.started.startedAt;
  }
}

/** Whether the URL gives a sign of life; one request like any other, now and then. */
async function isAlive(lane: Lane, { to, started }: Made, shared: Shared): Promise<boolean> {
  const { answers, now, requests, circuit, signal } = shared;
  if (now() - shared.lane.askedAt < askMs) return shared.lane.answered;
  shared.lane.askedAt = now();
  const ask = async () => !signal.aborted && await answers(to, started.url);
  shared.lane.answered = await requests.run(lane.tenant, 0, circuit.isSuspect, ask);
  return shared.lane.answered;
}

/** How often it was answered 5xx; where that matters, whether the URL answers others. */
async function troubleOf(
  lane: Lane,
  batch: Batch,
  made: Made,
  memory: Memory,
  shared: Shared,
): Promise<Pick<Case, "trouble">> {
  const { troubles, troubledAt, troubledSince } = memory;
  const trouble = { times: troubles, forMs: shared.now() - troubledSince };
  if (troubles === 0 || !looksTroubled(batch, memory.attempts, trouble)) return {};
  const others = (lane.waiting().deliveredAt ?? 0) > troubledAt;
  const othersAnswered = others || await isAlive(lane, made, shared);
  return { trouble: { ...trouble, othersAnswered } };
}

/** What becomes of a batch after an attempt. */
async function judged(
  lane: Lane,
  batch: Batch,
  made: Made,
  memory: Memory,
  shared: Shared,
): Promise<Judgement> {
  const now = Date.now();
  const verdict = verdictOf(made.answered, now);
  if (verdict.is === "refused") memory.refusals += 1;
  const { retry } = made.to;
  const { refused, deliveredAt } = lane.waiting();
  const isOld = verdict.is !== "accepted" && batch.oldestAt < now - retry.forMs;
  const sendableMs = shared.now() - shared.lane.sendableSince;
  return judge(verdict, {
    batch,
    attempts: memory.attempts,
    refusals: memory.refusals,
    retry,
    now,
    random: shared.random,
    refused,
    ...(deliveredAt === undefined ? {} : { deliveredAt }),
    ...await troubleOf(lane, batch, made, memory, shared),
    steadyMs: Math.min(sendableMs, shared.steadyMs()),
    halts: isOld ? await lane.halts() : [],
    members: verdict.is === "partly" ? await lane.members(batch.id) : [],
    destination: identityOf(made.to),
    failover: made.started.failover,
  });
}

/** Tells the circuit what an attempt says of its URL. */
function noteIn(circuit: Circuit, made: Made, { url, pauseMs }: Judgement): readonly Edge[] {
  const { attempt, started, to } = made;
  if (url === "works") return circuit.worked(started);
  if (url === "fails") return circuit.failed(started, to, whyOf(attempt), pauseMs);
  if (url === "refuses") circuit.refused(started, to, whyOf(attempt), pauseMs);
  else circuit.answered(started);
  return [];
}

/** Settles an attempt, and states what came of it; gives the batch's end, where it is one. */
async function conclude(
  lane: Lane,
  batch: Batch,
  made: Made,
  memory: Memory,
  shared: Shared,
): Promise<Settlement | undefined> {
  const { circuit, state } = shared;
  const { attempt, started } = made;
  remember(memory, made);
  const judgement = await judged(lane, batch, made, memory, shared);
  const { settlement } = judgement;
  const edges = noteIn(circuit, made, judgement);
  const urlState = circuit.toKeep(started.digest);
  const settled = await lane.settle(batch.id, attempt, settlement, urlState);
  const nextMs = Math.max(0, (urlState?.notBefore ?? 0) - Date.now());
  for (const fact of factsOf({ batch, made, settlement, settled, edges, nextMs })) state(fact);
  return settlement.as === "again" || settlement.as === "gone" ? undefined : settlement;
}

/** Settles one batch; undefined when `signal` aborted first: it goes on after the next start. */
async function settle(
  lane: Lane,
  batch: Batch,
  shared: Shared,
): Promise<Settlement | undefined> {
  const { destination, circuit, now, signal, state } = shared;
  using _ = circuit.enter(batch.sequence);
  const { attempts } = batch;
  const memory: Memory = { attempts, refusals: 0, ...untroubled };
  while (!signal.aborted) {
    await shared.stand();
    const to = destination();
    if (to === undefined) {
      await whenSendable(lane, shared);
      shared.lane.sendableSince = now();
      continue;
    }
    const revision = circuit.revision();
    const tried = await attemptOnce(lane, batch, memory.attempts + 1, to, shared);
    const end = "waitMs" in tried
      ? await rest(shared, tried.waitMs, revision)
      : await conclude(lane, batch, tried, memory, shared);
    for (const fact of failingFacts(lane.tenant, to, circuit)) state(fact);
    if (end !== undefined) return end;
  }
  return undefined;
}

/** Yields what became of each batch, at most `inFlight` of the destination at once. */
export function deliver(
  lane: Lane,
  batches: AsyncIterable<Batch>,
  options: DeliverOptions,
): AsyncIterable<Settlement> {
  const slots = () => options.destination()?.inFlight ?? 1;
  const memory = {
    sendableSince: options.now(),
    askedAt: Number.NEGATIVE_INFINITY,
    answered: false,
  };
  const shared = { ...options, held: new Set<number>(), lane: memory };
  return concurrently(slots, batches, (batch) => settle(lane, batch, shared));
}
