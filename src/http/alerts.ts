/**
 * Tells alarms to `alerts.url`: signed POSTs, each a list of what began and ended since the last
 * one. A storm of alarms is a few requests, a flapping one is one line, and nobody waits for any
 * of it.
 *
 *     facts ─▶ untold ─a second▶ POST ─2xx▶ told
 *                 ▲                └─else▶ a pause that doubles ─a day▶ alarm.undelivered
 *                 └────────────────────────────┘
 *
 * It lives in memory: what is untold when the daemon stops is in the log alone.
 */
import { Buffer } from "node:buffer";
import { randomUUID } from "node:crypto";
import { firstOf, sleep } from "../flow/sleep.ts";
import { signal } from "../flow/signal.ts";
import type { Answered } from "../pipeline/verdict.ts";
import type { State } from "../telemetry.ts";
import { sentenceOf } from "./alerts/sentences.ts";
import { createUntold, type Edge } from "./alerts/untold.ts";

/** What alerts are made with. */
export interface AlertsOptions {
  /** Where they go, as the config in force says; absent: nothing is kept. */
  readonly url: () => string | undefined;
  /** Resolves when another config is in force, or when the signal aborts. */
  readonly reconfigured: (signal: AbortSignal) => Promise<void>;
  /** Makes one signed request within a time of its own. Never rejects. */
  readonly post: (url: string, id: string, body: Uint8Array) => Promise<Answered>;
  readonly random: () => number;
  /** A monotonic clock, in ms. */
  readonly now: () => number;
  readonly state: State;
}

/** Listens to facts. Disposal waits for no answer. */
export interface Alerts extends AsyncDisposable {
  readonly state: State;
}

/** In one request. */
const edgesMax = 100;
/** What comes together is told together; so there are at most sixty requests a minute. */
const gatherMs = 1_000;
const pauseFirstMs = 2_000;
const pauseMsMax = 60 * 60_000;
/** Nobody needs to hear of it any more. */
const keptMsMax = 24 * 60 * 60_000;

const isoOf = (at: number) => new Date(at).toISOString();

function told({ alarm, state, tenant, since, until }: Edge) {
  return {
    alarm,
    state,
    ...(tenant === undefined ? {} : { tenant }),
    since: isoOf(since),
    ...(until === undefined ? {} : { until: isoOf(until) }),
    text: sentenceOf(alarm, state, tenant),
  };
}

function bodyOf(id: string, edges: readonly Edge[]): Uint8Array {
  return Buffer.from(JSON.stringify({
    type: "aggregator.alarms",
    version: 1,
    id,
    timestamp: isoOf(Date.now()),
    alarms: edges.map(told),
  }));
}

/** The answer, or undefined when `signal` aborts before. */
function unlessAborted<T>(signal: AbortSignal, answer: Promise<T>): Promise<T | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<T | undefined>();
  const onAbort = () => resolve(undefined);
  signal.addEventListener("abort", onAbort);
  answer.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  return promise;
}

const isAccepted = ({ status = 0 }: Answered) => status >= 200 && status < 300;

const whyOf = ({ status, error }: Answered) =>
  error ?? (status === undefined ? "no answer" : `status ${status}`);

/** Begins to tell. */
export function createAlerts(options: AlertsOptions): Alerts {
  const { url, reconfigured, post, random, now, state } = options;
  const untold = createUntold(now);
  const added = signal();
  const stop = new AbortController();
  let failures = 0;
  let lastTo: string | undefined;

  function undelivered(edges: readonly Edge[], why: string): void {
    for (const { alarm } of edges) state({ is: "alarm.undelivered", alarm, why });
  }

  const hear: State = (fact) => {
    if (fact.is !== "alarm.raised" && fact.is !== "alarm.cleared") return;
    if (url() === undefined) return untold.clear();
    const edge = fact.is === "alarm.raised" ? "raised" : "cleared";
    const gaveWay = untold.add(edge, fact.alarm, fact.tenant);
    if (gaveWay !== undefined) undelivered([gaveWay], "too many wait");
    added.raise();
  };

  /** Waits after a failure; another URL ends it. */
  async function pause(from: string): Promise<void> {
    const ms = random() * Math.min(pauseMsMax, pauseFirstMs * 2 ** failures);
    const moved = async (until: AbortSignal) => {
      while (!until.aborted && url() === from) await reconfigured(until);
    };
    await firstOf(stop.signal, (until) => sleep(ms, until), moved);
  }

  async function send(to: string): Promise<void> {
    if (to !== lastTo) failures = 0;
    lastTo = to;
    const edges = untold.take(edgesMax);
    const id = `alarm_${randomUUID()}`;
    const answered = await unlessAborted(stop.signal, post(to, id, bodyOf(id, edges)));
    if (answered === undefined) return;
    if (isAccepted(answered)) {
      failures = 0;
      return untold.told(edges);
    }
    undelivered(untold.giveUp(keptMsMax), whyOf(answered));
    await pause(to);
    failures += 1;
  }

  async function run(): Promise<void> {
    while (!stop.signal.aborted) {
      if (untold.size === 0) await added.next(stop.signal);
      await sleep(gatherMs, stop.signal);
      const to = url();
      if (to === undefined) untold.clear();
      else if (untold.size > 0 && !stop.signal.aborted) await send(to);
    }
  }

  const running = run();
  return {
    state: hear,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}
