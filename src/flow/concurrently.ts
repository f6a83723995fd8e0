/**
 * Works on several items at once. Nothing is pulled from the source without a free slot, and a
 * slot is held until its result is taken: that is all the backpressure there is.
 *
 *     source ─pull when a slot is free▶ [work] [work] [work] ─▶ results, in order of completion
 */
import PQueue from "p-queue";
import { channel } from "./channel.ts";

interface Result<Out> {
  readonly value: Out;
  /** Frees the slot. */
  readonly taken: () => void;
}

/**
 * Yields the results of `work`, at most `slots()` at once (asked again before every pull);
 * `undefined` results are not yielded. What `work` or the source throws is thrown here. A reader
 * that stops early ends the source at its next item.
 */
export async function* concurrently<In, Out>(
  slots: () => number,
  source: AsyncIterable<In>,
  work: (item: In) => Promise<Out | undefined>,
): AsyncGenerator<Out, void, undefined> {
  const queue = new PQueue();
  const results = channel<Result<Out>>();
  let failure: { readonly error: unknown } | undefined;
  let ended = false;

  function fail(error: unknown): void {
    failure ??= { error };
    ended = true;
    results.close();
  }

  async function run(item: In): Promise<void> {
    const value = await work(item);
    if (value === undefined) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    if (results.push({ value, taken: resolve })) await promise;
  }

  async function pull(): Promise<void> {
    for await (const item of source) {
      if (ended) return;
      queue.add(() => run(item)).catch(fail);
      while (!ended && queue.pending >= slots()) {
        await new Promise((resolve) => queue.addEventListener("next", resolve, { once: true }));
      }
      if (ended) return;
    }
    await queue.onIdle();
  }

  pull().then(() => results.close(), fail);
  try {
    for await (const { value, taken } of results.take()) {
      try {
        yield value;
      } finally {
        taken();
      }
    }
    if (failure !== undefined) throw failure.error;
  } finally {
    ended = true;
    results.close();
    for await (const { taken } of results.take()) taken();
  }
}
