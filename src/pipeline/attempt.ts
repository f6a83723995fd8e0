/**
 * One attempt: a slot among the requests of all tenants, the way that the circuit opens, what the
 * rate allows, the bytes, and then the request itself. A failure of the destination is a value.
 * A log that does not give the bytes holds no slot: it is waited for without one.
 */
import type { Batch } from "../batch.ts";
import type { Attempt } from "../delivery.ts";
import type { Lane } from "../lane.ts";
import type { Destination, TenantId } from "../tenant.ts";
import { sleep } from "../flow/sleep.ts";
import type { Circuit, Started } from "./circuit.ts";
import type { Pacer } from "./rate.ts";
import type { Requests } from "./requests.ts";
import type { Route } from "./standing.ts";
import type { Answered } from "./verdict.ts";

/** One request to be made. */
export interface Delivery {
  readonly tenant: TenantId;
  readonly destination: Destination;
  /** The one of the destination's URLs that it goes to. */
  readonly url: string;
  readonly batch: Batch;
  readonly bytes: Uint8Array;
  /** From 1. */
  readonly attempt: number;
}

/** Makes one request; resolves with its answer or with why there is none. Never rejects. */
export type Send = (delivery: Delivery) => Promise<Answered & { readonly tookMs: number }>;

/** Between two looks at whether a batch that the rate holds up before this one has gone. */
const behindMs = 100;
/** So long may the log take to give a batch's bytes until the slot is given back; at first. */
const readMs = 1_000;

/** What an attempt is given. */
export interface AttemptOptions {
  /** Where the tenant's batches go now; undefined while it is paused or not in the config. */
  readonly destination: () => Destination | undefined;
  readonly send: Send;
  readonly requests: Requests;
  readonly circuit: Circuit;
  readonly pacer: Pacer;
  readonly signal: AbortSignal;
}

/** What the attempts of one lane share. */
export interface Held {
  /** Batches that the rate holds up, by their sequence. */
  readonly held: Set<number>;
}

/** An attempt that was made, … */
export interface Made {
  readonly attempt: Attempt;
  readonly answered: Answered;
  readonly to: Destination;
  readonly started: Started;
}

/** … or for how long none may be made. */
export type Tried = Made | { readonly waitMs: number };

/** Paths and queries may carry secrets. */
export const originOf = (url: string): string => URL.parse(url)?.origin ?? "";

function attemptOf(number: number, startedAt: number, url: string, tookMs: number, its: Answered) {
  const { status, error, text } = its;
  const attempt: Attempt = {
    number,
    startedAt,
    tookMs,
    origin: originOf(url),
    ...(status === undefined ? {} : { status }),
    ...(error === undefined ? {} : { error }),
    ...(text === undefined ? {} : { answer: text }),
  };
  return attempt;
}

/** Asks the rate for a batch, the oldest first: a large one must not starve behind small ones. */
function paceMs({ sequence, count }: Batch, pacer: Pacer, held: Set<number>): number {
  const isFirst = [...held].every((other) => other >= sequence);
  const waitMs = isFirst ? pacer.take(count) : behindMs;
  if (waitMs > 0) held.add(sequence);
  else held.delete(sequence);
  return waitMs;
}

/** Where it may go now: until it has a slot, and then its bytes, everything may have changed. */
function look(
  { sequence }: Batch,
  { destination, circuit, signal }: AttemptOptions,
): { readonly to: Destination; readonly way: Route } | { readonly waitMs: number } {
  const to = destination();
  if (signal.aborted || to === undefined) return { waitMs: 0 };
  const way = circuit.way(to, sequence);
  return "waitMs" in way ? way : { to, way };
}

/** Undefined: it takes longer. */
async function inTime<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  const stop = new AbortController();
  try {
    return await Promise.race([promise, sleep(ms, stop.signal).then(() => undefined)]);
  } finally {
    stop.abort();
  }
}

/** What is done in a slot; `reading` resolves, without it, when the log can be read again. */
async function inSlot(
  lane: Lane,
  batch: Batch,
  number: number,
  options: AttemptOptions & Held,
  readMsMax: number,
): Promise<Tried | { readonly reading: Promise<unknown> }> {
  const { circuit, pacer, held, send } = options;
  const before = look(batch, options);
  if ("waitMs" in before) return before;
  const waitMs = paceMs(batch, pacer, held);
  if (waitMs > 0) return { waitMs };
  const reading = lane.bytes(batch.id);
  const bytes = await inTime(reading, readMsMax);
  if (bytes === undefined) return { reading };
  const looked = look(batch, options);
  if ("waitMs" in looked) return looked;
  const { to, way } = looked;
  const started = circuit.started(way);
  const startedAt = Date.now();
  const { tenant } = lane;
  const { url } = way;
  const delivery = { tenant, destination: to, url, batch, bytes, attempt: number };
  const { tookMs, ...answered } = await send(delivery);
  return { attempt: attemptOf(number, startedAt, url, tookMs, answered), answered, to, started };
}

/** Tries once; where the way is closed, it does not even wait for a slot. */
export async function attemptOnce(
  lane: Lane,
  batch: Batch,
  number: number,
  to: Destination,
  options: AttemptOptions & Held,
): Promise<Tried> {
  const { requests, circuit } = options;
  const way = circuit.way(to, batch.sequence);
  if ("waitMs" in way) return way;
  // Doubled, so that a log that is only slow is waited for to the end at last.
  for (let readMsMax = readMs;; readMsMax *= 2) {
    const work = () => inSlot(lane, batch, number, options, readMsMax);
    const tried = await requests.run(lane.tenant, batch.size, circuit.isSuspect, work);
    if (!("reading" in tried)) return tried;
    // Read once more in the next slot: bytes that wait for one would be bounded by nobody.
    await tried.reading;
  }
}
