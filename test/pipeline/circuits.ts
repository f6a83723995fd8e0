/** A circuit with a clock and dice of its own. */
import type { UrlState } from "../../src/delivery.ts";
import { createCircuit, type Started, type Way } from "../../src/pipeline/circuit.ts";
import type { Destination } from "../../src/tenant.ts";
import { destination } from "./shared.ts";

/** The first URL. */
export const first = destination.url;
/** The other one. */
export const second = "https://spare.acme.example/telnyx";
/** A destination with both. */
export const both: Destination = { ...destination, failoverUrl: second };
/** In ms. */
export const minute = 60_000;

/** A circuit with a clock and dice of its own; a failure's pause is the longest unless told. */
export function circuitOf({ to = destination, known = [] as readonly UrlState[] } = {}) {
  let mono = 1_000;
  let dice = 1;
  let current = to;
  const circuit = createCircuit({ known, now: () => mono, random: () => dice });
  const way = (sequence = 1) => circuit.way(current, sequence);
  function begin(sequence = 1): Started {
    const open = way(sequence);
    if ("waitMs" in open) throw new Error(`It is closed for ${open.waitMs} ms`);
    return circuit.started(open);
  }
  const fail = (attempt: Started, pauseMs?: number) => {
    mono += 1;
    return circuit.failed(attempt, current, "500", pauseMs);
  };
  /** Fails one after the other, each as soon as it may be made. */
  function failTimes(count: number) {
    return Array.from({ length: count }, () => {
      const open = way();
      if ("waitMs" in open) mono += open.waitMs;
      return fail(begin());
    }).flat();
  }
  return {
    ...circuit,
    way: (sequence?: number) => way(sequence),
    begin,
    fail,
    failTimes,
    pass: (ms: number) => mono += ms,
    roll: (next: number) => dice = next,
    to: (next: Destination) => current = next,
    failing: () => circuit.failing(current),
    now: () => mono,
  };
}

/** For how long the way is closed, in ms; 0: it is open. */
export const waitOf = (way: Way) => "waitMs" in way ? way.waitMs : 0;
/** Where an open way leads. */
export const urlOf = (way: Way) => "waitMs" in way ? undefined : way.url;
