/**
 * The time of one exchange: a single deadline for all of it, and a shorter one for the connection,
 * because an address where nobody is should not cost as much as a backend that thinks. It knows
 * how far the exchange has got, so that it can say what took too long.
 */

/** How far an exchange has got. */
export type Step = "connecting" | "waiting for an answer" | "reading the answer";

/** The time that is left. Disposal stops it. */
export interface Deadline extends Disposable {
  /** Aborts when the time is over. */
  readonly signal: AbortSignal;
  readonly step: () => Step;
  /** Says how far it has got. A second connection has its own time again, within the whole. */
  enter(step: Step): void;
  /** `timeout connecting`, … once the time is over. */
  readonly error: () => string | undefined;
}

/** Starts both clocks, in ms. */
export function openDeadline(wholeMs: number, connectMs: number): Deadline {
  const over = new AbortController();
  let step: Step = "connecting";
  let error: string | undefined;
  const end = () => {
    error ??= `timeout ${step}`;
    over.abort();
  };
  const whole = setTimeout(end, wholeMs);
  let connecting = setTimeout(end, connectMs);
  return {
    signal: over.signal,
    step: () => step,
    enter(next) {
      step = next;
      clearTimeout(connecting);
      if (next === "connecting") connecting = setTimeout(end, connectMs);
    },
    error: () => error,
    [Symbol.dispose]() {
      clearTimeout(whole);
      clearTimeout(connecting);
    },
  };
}
