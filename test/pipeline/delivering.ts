/** Deliveries from a real lane, to a backend that answers when a test says so. */
import type { Batch } from "../../src/batch.ts";
import type { Settlement } from "../../src/delivery.ts";
import type { Engine } from "../../src/engine.ts";
import type { Cut, Lane } from "../../src/lane.ts";
import { signal as createSignal } from "../../src/flow/signal.ts";
import type { Delivery } from "../../src/pipeline/attempt.ts";
import { createCircuit } from "../../src/pipeline/circuit.ts";
import { deliver } from "../../src/pipeline/deliver.ts";
import { createPacer } from "../../src/pipeline/rate.ts";
import { createRequests } from "../../src/pipeline/requests.ts";
import type { Answered } from "../../src/pipeline/verdict.ts";
import type { Destination } from "../../src/tenant.ts";
import { until } from "../support/clock.ts";
import { arrive, collectFacts, destination, firstLane, from } from "./shared.ts";

/** One event, whatever waits. */
export const cut: Cut = {
  eventsMax: 1,
  bytesMax: 9_999,
  reason: "flush",
  layout: "envelope/1",
  from: "head",
  compact: false,
};

/** A lane with so many batches of one event each. */
export async function laneWith(engine: Engine, count: number) {
  for (let index = 0; index < count; index++) await arrive(engine, `e-${index}`);
  const lane = await firstLane(engine);
  const batches: Batch[] = [];
  for (let index = 0; index < count; index++) {
    const batch = await lane.seal(cut);
    if (batch !== undefined) batches.push(batch);
  }
  return { lane, batches };
}

/** A backend that answers when it is told to, or when its time is over. */
function createBackend(signal: AbortSignal) {
  const sent: (Delivery & { readonly answer: (answered: Answered) => void; done: boolean })[] = [];
  const over = { error: "the test is over" };
  function send(delivery: Delivery) {
    const { promise, resolve } = Promise.withResolvers<Answered & { readonly tookMs: number }>();
    const one = {
      ...delivery,
      done: false,
      answer(answered: Answered) {
        one.done = true;
        resolve({ ...answered, tookMs: 5 });
      },
    };
    sent.push(one);
    if (signal.aborted) one.answer(over);
    return promise;
  }
  return { sent, send, end: () => sent.forEach((one) => one.answer(over)) };
}

/** Begins to deliver these. */
export function start(
  lane: Lane,
  batches: readonly Batch[],
  { to = destination, requestsMax = 10 } = {},
) {
  const changed = createSignal();
  const stop = new AbortController();
  const { facts, state } = collectFacts();
  const { sent, send, end } = createBackend(stop.signal);
  const settlements: Settlement[] = [];
  const requests = createRequests({ limit: () => requestsMax });
  let current: Destination | undefined = to;
  let dice = 1;
  let elapsed = 0;
  const now = () => Date.now() + elapsed;
  const startedAt = now();
  const random = () => dice;
  const circuit = createCircuit({ known: [], now, random });
  const settled = deliver(lane, from(...batches), {
    destination: () => lane.waiting().paused === undefined ? current : undefined,
    reconfigured: (signal) => changed.next(signal),
    send,
    answers: () => Promise.resolve(false),
    requests,
    circuit,
    pacer: createPacer(() => current?.rate, now),
    random,
    now,
    steadyMs: () => now() - startedAt,
    stand: () => Promise.resolve(),
    state,
    signal: stop.signal,
  });
  const done = (async () => {
    for await (const settlement of settled) settlements.push(settlement);
  })();
  const attempted = () => facts.filter(({ is }) => is === "batch.attempted");
  /** Answers the attempt of this number, as soon as it is made. */
  async function answer(index: number, answered: Answered): Promise<void> {
    await until(`attempt ${index}`, () => sent.length > index);
    sent[index]?.answer(answered);
  }
  return {
    sent,
    settlements,
    facts,
    attempted,
    requests,
    done,
    underWay: () => sent.filter((one) => !one.done).length,
    roll: (next: number) => dice = next,
    /** Lets the monotonic clock go on. */
    elapse: (ms: number) => elapsed += ms,
    reload(next: Destination | undefined) {
      current = next;
      changed.raise();
    },
    answer,
    /** Answers the attempt of this number 500; resolves when that is in the log. */
    async fail(index: number) {
      await answer(index, { status: 500 });
      await until(`fact ${index}`, () => attempted().length > index);
    },
    abort: () => stop.abort(),
    async [Symbol.asyncDispose]() {
      stop.abort();
      end();
      await done;
    },
  };
}
