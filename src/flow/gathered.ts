/**
 * Gathers what comes while the reader is busy: a slow step then works on many items at once, and
 * on a single one without delay when little comes.
 *
 *     source ─▶ [a b c] ─reader is ready▶ [a, b, c]
 */
import { channel } from "./channel.ts";

/**
 * Yields groups of at least one and at most `max` items, in order. It takes from the source at
 * once, so whoever feeds the source bounds what is inside. What the source throws is thrown here.
 */
export async function* gathered<T>(
  source: AsyncIterable<T>,
  max: number,
): AsyncGenerator<readonly T[], void, undefined> {
  const ready = channel<true>();
  let inside: T[] = [];
  let failure: { readonly error: unknown } | undefined;

  async function pull(): Promise<void> {
    for await (const item of source) {
      if (inside.push(item) === 1) ready.push(true);
    }
  }

  pull().catch((error: unknown) => failure = { error }).finally(() => ready.close());
  for await (const _ of ready.take()) {
    while (inside.length > 0) {
      const group = inside.slice(0, max);
      inside = inside.slice(max);
      yield group;
    }
  }
  if (failure !== undefined) throw failure.error;
}
