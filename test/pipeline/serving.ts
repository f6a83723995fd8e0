/**
 * The outward flow of one engine as the pipeline joins it, with a backend that is a function and a
 * clock in a test's hands: wall and monotonic clock are two things, and the first may be set.
 */
import type { Settlement } from "../../src/delivery.ts";
import type { Engine } from "../../src/engine.ts";
import type { Lane } from "../../src/lane.ts";
import { signal as createSignal } from "../../src/flow/signal.ts";
import type { Delivery } from "../../src/pipeline/attempt.ts";
import { deliver } from "../../src/pipeline/deliver.ts";
import { createRequests } from "../../src/pipeline/requests.ts";
import { createSteering, type Steered } from "../../src/pipeline/steering.ts";
import type { Answered } from "../../src/pipeline/verdict.ts";
import { window } from "../../src/pipeline/window.ts";
import type { Destination, WindowRule } from "../../src/tenant.ts";
import { type Clock, turns } from "../support/clock.ts";
import { collectFacts, destination, idsIn, windowRule } from "./shared.ts";

/** Wall and monotonic time. */
export interface Times {
  /** Monotonic, in ms. */
  now(): number;
  /** Sets the wall clock by so much, and no other. */
  set(byMs: number): void;
  steadyMs(): number;
}

/** Takes both clocks into a test's hands, of which the wall clock is stopped already. */
export function settableClock(): Times & Disposable {
  const { now } = Date;
  const elapsed = performance.now;
  let setBy = 0;
  let steadySince = now();
  Date.now = () => now() + setBy;
  performance.now = now;
  return {
    now,
    set(byMs) {
      setBy += byMs;
      steadySince = now();
    },
    steadyMs: () => now() - steadySince,
    [Symbol.dispose]() {
      Date.now = now;
      performance.now = elapsed;
    },
  };
}

/** One request, as the backend saw it. */
export interface Request extends Delivery {
  readonly ids: readonly string[];
  /** Monotonic, in ms. */
  readonly at: number;
}

/** What a backend answers. */
export type Backend = (request: Request) => Answered;

/** How everything is served, unless a test says otherwise. */
export interface Served {
  readonly to?: Destination;
  readonly rule?: WindowRule;
  /** Whether a ping is answered. */
  readonly pings?: boolean;
  readonly random?: () => number;
}

/** Serves every lane of an engine until disposal. */
export function serve(engine: Engine, backend: Backend, times: Times, served: Served = {}) {
  const { to = destination, rule = windowRule, pings = false, random = () => 1 } = served;
  const { facts, state } = collectFacts();
  const stop = new AbortController();
  const changed = createSignal();
  const requests = createRequests({ limit: () => 10 });
  const { now, steadyMs } = times;
  const steering = createSteering({ now, random, state });
  const sent: Request[] = [];
  const settlements: Settlement[] = [];
  let answers = backend;
  const reconfigured = (signal: AbortSignal) => changed.next(signal);

  async function send(delivery: Delivery) {
    const request = { ...delivery, ids: idsIn(delivery.bytes), at: now() };
    sent.push(request);
    return { ...answers(request), tookMs: 1 };
  }

  function common(lane: Lane, steered: Steered) {
    const running = <T>(value: T) => lane.waiting().paused === undefined ? value : undefined;
    return {
      ...steered,
      rule: () => running(rule),
      destination: () => running(to),
      stand: () => steered.stand(lane, running(to)),
      answers: () => Promise.resolve(pings),
      ...{ reconfigured, send, requests, random, now, steadyMs, state, signal: stop.signal },
    };
  }

  async function serveLane(lane: Lane): Promise<void> {
    using held = lane;
    const options = common(held, await steering.of(held, () => to));
    const batches = window(held, options);
    for await (const settlement of deliver(held, batches, options)) settlements.push(settlement);
  }

  const ended = (async () => {
    const lanes: Promise<void>[] = [];
    for await (const lane of engine.lanes(stop.signal)) lanes.push(serveLane(lane));
    await Promise.all(lanes);
  })();
  return {
    sent,
    settlements,
    facts,
    answer: (next: Backend) => answers = next,
    steering,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await ended;
    },
  };
}

/** Lets time pass in small steps, so that all that follows from it happens when it is due. */
export async function live(clock: Clock, ms: number, stepMs = 1_000): Promise<void> {
  for (let passed = 0; passed < ms; passed += stepMs) await clock.pass(stepMs);
  await turns();
}

/** The ids of what was accepted, in that order. */
export const acceptedIn = (sent: readonly Request[], isAccepted: (one: Request) => boolean) =>
  sent.filter(isAccepted).flatMap(({ ids }) => ids);
