/** Deliveries from a real lane, to a backend that answers when a test says so. */
import PQueue from "p-queue";
import type { Batch } from "../../src/batch.ts";
import type { Settlement } from "../../src/delivery.ts";
import type { Cut, Engine, Lane } from "../../src/engine.ts";
import { signal as createSignal } from "../../src/flow/signal.ts";
import { deliver, type Delivery } from "../../src/pipeline/deliver.ts";
import type { Answered } from "../../src/pipeline/verdict.ts";
import type { Destination } from "../../src/tenant.ts";
import { until } from "../support/clock.ts";
import { arrive, collectFacts, destination, firstLane, from } from "./shared.ts";

const cut: Cut = {
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

/** Begins to deliver these. */
export function start(
  lane: Lane,
  batches: readonly Batch[],
  { to = destination, requestsMax = 10 } = {},
) {
  const changed = createSignal();
  const stop = new AbortController();
  const { facts, state } = collectFacts();
  const sent: (Delivery & { readonly answer: (answered: Answered) => void; done: boolean })[] = [];
  const settlements: Settlement[] = [];
  const requests = new PQueue({ concurrency: requestsMax });
  let current: Destination | undefined = to;
  let dice = 1;
  let mono = 0;
  const settled = deliver(lane, from(...batches), {
    destination: () => current,
    reconfigured: (signal) => changed.next(signal),
    send: (delivery) => {
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
      if (stop.signal.aborted) one.answer({ error: "the test is over" });
      return promise;
    },
    requests,
    random: () => dice,
    now: () => mono,
    state,
    signal: stop.signal,
  });
  const done = (async () => {
    for await (const settlement of settled) settlements.push(settlement);
  })();
  /** Answers the attempt of this number, as soon as it is made. */
  async function answer(index: number, answered: Answered): Promise<void> {
    await until(`attempt ${index}`, () => sent.length > index);
    sent[index]?.answer(answered);
  }
  return {
    sent,
    settlements,
    facts,
    requests,
    done,
    underWay: () => sent.filter((one) => !one.done).length,
    roll: (next: number) => dice = next,
    /** Lets the monotonic clock go on. */
    elapse: (ms: number) => mono += ms,
    reload(next: Destination | undefined) {
      current = next;
      changed.raise();
    },
    answer,
    /** Answers the attempt of this number 500; resolves when that is in the log. */
    async fail(index: number) {
      await answer(index, { status: 500 });
      await until(`fact ${index}`, () => facts.length > index);
    },
    abort: () => stop.abort(),
    async [Symbol.asyncDispose]() {
      stop.abort();
      for (const one of sent) one.answer({ error: "the test is over" });
      await done;
    },
  };
}
