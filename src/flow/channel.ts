/**
 * A channel: what is pushed at one end comes out at the other, in order. It has no bound of its
 * own: whoever pushes holds a slot until the result is taken, and that is the bound.
 */

/** The two ends of a channel. */
export interface Channel<T> {
  /** After `close` it does nothing and says false. */
  push(value: T): boolean;
  /** What is inside still comes out; then `take` ends. */
  close(): void;
  /**
   * Ends when the channel is closed and empty, or when `signal` aborts. For one reader at a time;
   * what one leaves behind, the next one gets.
   */
  take(signal?: AbortSignal): AsyncGenerator<T, void, undefined>;
}

/** What is inside is a chain: taking from a long one costs the same as from a short one. */
interface Link<T> {
  readonly value: T;
  next: Link<T> | undefined;
}

/** Makes a channel. */
export function channel<T>(): Channel<T> {
  let first: Link<T> | undefined;
  let last: Link<T> | undefined;
  let closed = false;
  let wake = () => {};

  async function* take(signal?: AbortSignal): AsyncGenerator<T, void, undefined> {
    const onAbort = () => wake();
    signal?.addEventListener("abort", onAbort);
    try {
      while (!signal?.aborted) {
        if (first !== undefined) {
          const { value, next } = first;
          first = next;
          yield value;
          continue;
        }
        if (closed) return;
        const { promise, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        await promise;
      }
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }

  return {
    push(value) {
      if (closed) return false;
      const link: Link<T> = { value, next: undefined };
      if (first === undefined || last === undefined) first = link;
      else last.next = link;
      last = link;
      wake();
      return true;
    },
    close() {
      closed = true;
      wake();
    },
    take,
  };
}
