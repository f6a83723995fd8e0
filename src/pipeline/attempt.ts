/**
 * One attempt: a slot among the requests of all tenants, the way that the circuit opens, what the
 * rate allows, and then the request itself. A failure of the destination is a value.
 */
import type { Batch } from "../batch.ts";
import type { Attempt } from "../delivery.ts";
import type { Lane } from "../lane.ts";
import type { Destination, TenantId } from "../tenant.ts";
import type { Circuit, Started } from "./circuit.ts";
import type { Pacer } from "./rate.ts";
import type { Requests } from "./requests.ts";
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

/** Made when there is a slot; until then everything may have changed, and is looked at again. */
async function inSlot(
  lane: Lane,
  batch: Batch,
  number: number,
  options: AttemptOptions & Held,
): Promise<Tried> {
  const { destination, circuit, pacer, held, send, signal } = options;
  const to = destination();
  if (signal.aborted || to === undefined) return { waitMs: 0 };
  const way = circuit.way(to, batch.sequence);
  if ("waitMs" in way) return way;
  const waitMs = paceMs(batch, pacer, held);
  if (waitMs > 0) return { waitMs };
  const started = circuit.started(way);
  const bytes = await lane.bytes(batch.id);
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
  const work = () => inSlot(lane, batch, number, options);
  return requests.run(lane.tenant, batch.size, circuit.isSuspect, work);
}
