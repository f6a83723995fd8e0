/**
 * deliver: sends batches until they are settled. A failure of the destination is a value; the
 * outcome of every attempt is in the log before anything follows from it. The destination is
 * asked for before each attempt: a corrected URL, secret or header applies to what waits.
 */
import type PQueue from "p-queue";
import type { Batch } from "../batch.ts";
import type { Attempt, Settlement } from "../delivery.ts";
import type { Lane } from "../engine.ts";
import { concurrently } from "../flow/concurrently.ts";
import { firstOf, sleep } from "../flow/sleep.ts";
import type { Fact, State } from "../telemetry.ts";
import type { Destination, TenantId } from "../tenant.ts";
import { isGivenUp, pauseMs } from "./backoff.ts";
import { type Answered, verdictOf } from "./verdict.ts";

/** One request to be made. */
export interface Delivery {
  readonly tenant: TenantId;
  readonly destination: Destination;
  readonly batch: Batch;
  readonly bytes: Uint8Array;
  /** From 1. */
  readonly attempt: number;
}

/** Makes one request; resolves with its answer or with why there is none. Never rejects. */
export type Send = (delivery: Delivery) => Promise<Answered & { readonly tookMs: number }>;

/** What deliver is given. */
export interface DeliverOptions {
  /** Where the tenant's batches go now; undefined while it is paused or not in the config. */
  readonly destination: () => Destination | undefined;
  readonly reconfigured: (signal: AbortSignal) => Promise<void>;
  readonly send: Send;
  /** The requests of all tenants. */
  readonly requests: PQueue;
  readonly random: () => number;
  /** A monotonic clock, in ms. */
  readonly now: () => number;
  readonly state: State;
  readonly signal: AbortSignal;
}

/** What makes two destinations the same: where it goes and what is sent along. */
const identityOf = ({ url, headers, secrets }: Destination) =>
  JSON.stringify([url, headers, secrets.map((secret) => [...secret])]);

const originOf = (url: string) => URL.parse(url)?.origin ?? "";

/** Resolves when there is a destination, or when `signal` aborts. */
async function whenSendable(options: DeliverOptions): Promise<void> {
  const { destination, reconfigured, signal } = options;
  while (!signal.aborted && destination() === undefined) await reconfigured(signal);
}

/** Waits out a pause; a destination that is another than `from` ends it. */
function rest(options: DeliverOptions, pause: number, from: Destination): Promise<void> {
  const before = identityOf(from);
  const isSame = () => {
    const current = options.destination();
    return current !== undefined && identityOf(current) === before;
  };
  const replaced = async (stop: AbortSignal) => {
    while (!stop.aborted && isSame()) await options.reconfigured(stop);
  };
  return firstOf(options.signal, (stop) => sleep(pause, stop), replaced);
}

/** One attempt, made when there is a slot among the requests of all tenants. */
async function attemptOnce(
  lane: Lane,
  batch: Batch,
  number: number,
  options: DeliverOptions,
): Promise<{ attempt: Attempt; answered: Answered; to: Destination } | undefined> {
  return options.requests.add(async () => {
    if (options.signal.aborted || options.destination() === undefined) return undefined;
    const bytes = await lane.bytes(batch.id);
    const to = options.destination();
    if (to === undefined) return undefined;
    const startedAt = Date.now();
    const delivery = { tenant: lane.tenant, destination: to, batch, bytes, attempt: number };
    const { tookMs, ...answered } = await options.send(delivery);
    const attempt: Attempt = {
      number,
      startedAt,
      tookMs,
      origin: originOf(to.url),
      ...(answered.status === undefined ? {} : { status: answered.status }),
      ...(answered.error === undefined ? {} : { error: answered.error }),
      ...(answered.text === undefined ? {} : { answer: answered.text }),
    };
    return { attempt, answered, to };
  });
}

/** What is written down after an attempt, and how long to wait for the next. */
function judge(
  batch: Batch,
  made: { readonly attempt: Attempt; readonly answered: Answered; readonly to: Destination },
  random: () => number,
  sendableMs: number,
): { readonly settlement: Settlement; readonly nextMs?: number } {
  const { attempt, answered, to: { retry } } = made;
  const now = Date.now();
  const verdict = verdictOf(answered, now);
  if (verdict.is === "accepted") return { settlement: { as: "accepted" } };
  if (isGivenUp(batch, retry, attempt.number, now, sendableMs)) {
    const reason = `not accepted within ${Math.round(retry.forMs / 1_000)} s`;
    return { settlement: { as: "dead", reason, olderThan: now - retry.forMs } };
  }
  const nextMs = pauseMs(retry, attempt.number - 1, random, verdict.notBeforeMs);
  return { settlement: { as: "again" }, nextMs };
}

function factOf(
  batch: Batch,
  { number, origin, status, error, tookMs }: Attempt,
  settlement: Settlement,
  nextMs: number | undefined,
): Fact {
  return {
    is: "batch.attempted",
    tenant: batch.tenant,
    batch: batch.id,
    attempt: number,
    verdict: settlement.as,
    origin,
    ...(status === undefined ? {} : { status }),
    ...(error === undefined ? {} : { error }),
    tookMs,
    ageMs: Date.now() - batch.oldestAt,
    ...(nextMs === undefined ? {} : { nextMs }),
  };
}

/** Settles one batch; undefined when `signal` aborted first: it goes on after the next start. */
async function settle(
  lane: Lane,
  batch: Batch,
  options: DeliverOptions,
): Promise<Settlement | undefined> {
  const { destination, now, random, signal } = options;
  let attempts = batch.attempts;
  let sendableSince = now();
  while (!signal.aborted) {
    if (destination() === undefined) {
      await whenSendable(options);
      sendableSince = now();
      continue;
    }
    const made = await attemptOnce(lane, batch, attempts + 1, options);
    if (made === undefined) continue;
    const { settlement, nextMs } = judge(batch, made, random, now() - sendableSince);
    await lane.settle(batch.id, made.attempt, settlement);
    attempts = made.attempt.number;
    options.state(factOf(batch, made.attempt, settlement, nextMs));
    if (nextMs === undefined) return settlement;
    await rest(options, nextMs, made.to);
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
  return concurrently(slots, batches, (batch) => settle(lane, batch, options));
}
