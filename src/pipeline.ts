/**
 * The pipeline: two flows, and the log between them.
 *
 *     inward    Inbound ─verify▶ Verified ─classify▶ Classified ─record▶ in the log      200 here
 *     outward   waiting in a lane ─window▶ Batch ─deliver▶ Settlement                 settled here
 *
 * Before the log the sender still waits, and we may refuse; behind it the event is ours, and we
 * may not. Disposal lets the inward flow run dry, then lets attempts under way end; what is not
 * settled then goes on after the next start.
 */
import PQueue from "p-queue";
import { type Config, tenantOf } from "./config.ts";
import type { Engine, Lane } from "./engine.ts";
import { channel } from "./flow/channel.ts";
import { startAssigning } from "./pipeline/assign.ts";
import { classify } from "./pipeline/classify.ts";
import { ownershipOf } from "./ownership/claims.ts";
import { deliver, type DeliverOptions, type Send } from "./pipeline/deliver.ts";
import type { Inbound } from "./pipeline/inbound.ts";
import { insistent } from "./pipeline/insist.ts";
import { record } from "./pipeline/record.ts";
import type { SkewWatch } from "./pipeline/skew.ts";
import { createKeyRing, type KeyRing, verify } from "./pipeline/verify.ts";
import { window } from "./pipeline/window.ts";
import type { State } from "./telemetry.ts";
import type { Destination, TenantId } from "./tenant.ts";

/** What the pipeline is given. */
export interface PipelineOptions {
  readonly engine: Engine;
  readonly config: () => Config;
  readonly reconfigured: (signal: AbortSignal) => Promise<void>;
  readonly send: Send;
  readonly skew: SkewWatch;
  readonly state: State;
}

/** The running stages. */
export interface Pipeline extends AsyncDisposable {
  /** Takes a webhook; its `answer` is called once. False when it is closed. */
  accept(inbound: Inbound): boolean;
  /** Rejects when a stage failed, which is a bug: the process should end. */
  readonly failed: Promise<never>;
}

/** Something made from the config, made anew when another config is in force. */
function derived<T>(config: () => Config, make: (config: Config) => T): () => T {
  let from: Config | undefined;
  let made: T | undefined;
  return () => {
    const current = config();
    if (made === undefined || from !== current) made = make(current);
    from = current;
    return made;
  };
}

const keyRingOf = ({ telnyx, tenants }: Config): KeyRing =>
  createKeyRing(telnyx.publicKeys, tenants.values());

/** Reads a stage to its end. */
async function run(stage: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stage);
}

function inward(
  inbox: AsyncIterable<Inbound>,
  options: PipelineOptions,
  signal: AbortSignal,
): Promise<unknown> {
  const { engine, config, reconfigured, skew, state } = options;
  const maxSkewSeconds = () => config().telnyx.maxSkewSeconds;
  const keyRing = derived(config, keyRingOf);
  const ownership = derived(config, ownershipOf);
  const assigning = startAssigning({ engine, config, ownership, reconfigured, state, signal });
  const verified = verify(inbox, { keyRing, maxSkewSeconds, skew, state });
  const recorded = record(classify(verified, ownership), {
    engine,
    state,
    heldUnder: (asked) => asked !== ownership() && assigning.again(),
  });
  return Promise.all([run(recorded), assigning.ended]);
}

/** Everything a lane's two stages share. */
function laneOptions(
  tenant: TenantId,
  requests: PQueue,
  options: PipelineOptions,
  signal: AbortSignal,
): DeliverOptions {
  const { config, reconfigured, send, state } = options;
  const now = () => performance.now();
  const destination = (): Destination | undefined => {
    const found = tenantOf(config(), tenant);
    return found === undefined || found.paused ? undefined : found.destination;
  };
  return { destination, reconfigured, send, requests, random: Math.random, now, state, signal };
}

async function outward(
  options: PipelineOptions,
  signal: AbortSignal,
  fail: (error: unknown) => void,
): Promise<void> {
  const { engine, config, reconfigured, state } = options;
  const requests = new PQueue({ concurrency: config().limits.deliveriesMax });

  async function* sealed(lane: Lane) {
    const rule = () => {
      const tenant = tenantOf(config(), lane.tenant);
      return tenant === undefined || tenant.paused ? undefined : tenant.window;
    };
    for await (const batch of window(lane, { rule, reconfigured, signal })) {
      const { id, sequence, count, size, reason } = batch;
      const told = { tenant: lane.tenant, batch: id, sequence, count, bytes: size, reason };
      if (batch.attempts === 0) state({ is: "batch.sealed", ...told });
      yield batch;
    }
  }

  async function serve(lane: Lane): Promise<void> {
    using held = insistent(lane, signal, state);
    await run(deliver(held, sealed(held), laneOptions(lane.tenant, requests, options, signal)));
  }

  const serving = new Set<Promise<void>>();
  for await (const lane of engine.lanes(signal)) {
    requests.concurrency = config().limits.deliveriesMax;
    const served = serve(lane).catch(fail).finally(() => serving.delete(served));
    serving.add(served);
  }
  await Promise.all(serving);
}

/** Starts the stages. */
export function startPipeline(options: PipelineOptions): Pipeline {
  const inbox = channel<Inbound>();
  const stop = new AbortController();
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {});
  const fail = (error: unknown) => {
    failed.reject(error);
    // Nobody is left to answer what would still come in, nor to send what a lane would hand out.
    inbox.close();
    ended.abort();
    stop.abort();
  };
  const ended = new AbortController();
  const inwardDone = inward(inbox.take(), options, ended.signal).catch(fail);
  const outwardDone = outward(options, stop.signal, fail).catch(fail);
  return {
    accept: (inbound) => inbox.push(inbound),
    failed: failed.promise,
    async [Symbol.asyncDispose]() {
      inbox.close();
      ended.abort();
      await inwardDone;
      stop.abort();
      await outwardDone;
    },
  };
}
