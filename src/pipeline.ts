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
import type { Config } from "./config.ts";
import type { Engine, Lane } from "./engine.ts";
import { channel } from "./flow/channel.ts";
import { classify } from "./pipeline/classify.ts";
import type { Ownership } from "./pipeline/claims.ts";
import { deliver, type DeliverOptions, type Send } from "./pipeline/deliver.ts";
import type { Inbound } from "./pipeline/inbound.ts";
import { insistent } from "./pipeline/insist.ts";
import { matcherOf } from "./pipeline/patterns.ts";
import { record } from "./pipeline/record.ts";
import type { SkewWatch } from "./pipeline/skew.ts";
import { verify } from "./pipeline/verify.ts";
import { window } from "./pipeline/window.ts";
import type { State } from "./telemetry.ts";
import { createVerifier, type Verifier } from "./telnyx/signature.ts";
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

/** Matchers of lists that many tenants share are made once. */
function ownershipOf(config: Config): Ownership {
  const matchers = new Map<string, (type: string) => boolean>();
  const matches = (patterns: readonly string[] | undefined, type: string): boolean => {
    if (patterns === undefined || patterns.length === 0) return false;
    const key = patterns.join("\n");
    const matcher = matchers.get(key) ?? matcherOf(patterns);
    matchers.set(key, matcher);
    return matcher(type);
  };
  return {
    directory: config.directory,
    takes: (id, channel) => config.tenants.get(id)?.channels.has(channel) ?? false,
    isImmediate: (tenant, type) => matches(config.tenants.get(tenant)?.immediate, type),
    isDropped: (tenant, type) => matches(config.tenants.get(tenant)?.drop, type),
  };
}

const verifierOf = ({ telnyx }: Config): Verifier => createVerifier(telnyx.publicKeys);

/** Reads a stage to its end. */
async function run(stage: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stage);
}

function inward(inbox: AsyncIterable<Inbound>, options: PipelineOptions): Promise<void> {
  const { engine, config, skew, state } = options;
  const maxSkewSeconds = () => config().telnyx.maxSkewSeconds;
  const verifier = derived(config, verifierOf);
  const ownership = derived(config, ownershipOf);
  const verified = verify(inbox, { verifier, maxSkewSeconds, skew, state });
  return run(record(classify(verified, ownership), { engine, state }));
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
    const found = config().tenants.get(tenant);
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
      const tenant = config().tenants.get(lane.tenant);
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
    stop.abort();
  };
  const inwardDone = inward(inbox.take(), options).catch(fail);
  const outwardDone = outward(options, stop.signal, fail).catch(fail);
  return {
    accept: (inbound) => inbox.push(inbound),
    failed: failed.promise,
    async [Symbol.asyncDispose]() {
      inbox.close();
      await inwardDone;
      stop.abort();
      await outwardDone;
    },
  };
}
