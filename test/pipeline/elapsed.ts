/** What counts from the start of the process, and no setting of the clock moves, in tests. */

/** Stops it at zero; disposal gives the real one back. */
export function stopElapsed(): Disposable & { pass(ms: number): void } {
  const { now } = performance;
  let elapsed = 0;
  performance.now = () => elapsed;
  return {
    pass: (ms) => void (elapsed += ms),
    [Symbol.dispose]: () => void (performance.now = now),
  };
}
