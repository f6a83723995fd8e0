/** Waiting for time to pass, for something else, or for the end. */

/** Timers hold 31 bits of milliseconds; longer waits are woken once and look again. */
const timerMsMax = 2_147_483_647;

/** Resolves after `ms`, or when `signal` aborts. Never rejects, and leaves no timer behind. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, Math.min(Math.max(ms, 0), timerMsMax));
    signal.addEventListener("abort", done);
  });
}

/** Resolves when any of these does, or when `signal` aborts; the others are told to stop. */
export async function firstOf(
  signal: AbortSignal,
  ...waits: readonly ((signal: AbortSignal) => Promise<unknown>)[]
): Promise<void> {
  const stop = new AbortController();
  const onAbort = () => stop.abort();
  signal.addEventListener("abort", onAbort);
  if (signal.aborted) stop.abort();
  try {
    await Promise.race(waits.map((wait) => wait(stop.signal)));
  } finally {
    stop.abort();
    signal.removeEventListener("abort", onAbort);
  }
}
