/** A signal: tells everybody who waits that something happened, and remembers nothing. */

/** Raised by one side, awaited by others. */
export interface Signal {
  raise(): void;
  /** Resolves at the next `raise`, or when `signal` aborts. Never rejects. */
  next(signal: AbortSignal): Promise<void>;
}

/** Makes a signal. */
export function signal(): Signal {
  const waiters = new Set<() => void>();
  return {
    raise() {
      const woken = [...waiters];
      waiters.clear();
      for (const wake of woken) wake();
    },
    next(signal) {
      return new Promise((resolve) => {
        if (signal.aborted) return resolve();
        const wake = () => {
          waiters.delete(wake);
          signal.removeEventListener("abort", wake);
          resolve();
        };
        waiters.add(wake);
        signal.addEventListener("abort", wake);
      });
    },
  };
}
