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
import { type Config, tenantOf } from "./config.ts";
import type { Engine } from "./engine.ts";
import type { Lane } from "./lane.ts";
import { channel } from "./flow/channel.ts";
import { startAssigning } from "./pipeline/assign.ts";
import { classify } from "./pipeline/classify.ts";
import { ownershipOf } from "./ownership/claims.ts";
import type { Send } from "./pipeline/attempt.ts";
import type { UrlView } from "./pipeline/standing.ts";
import { deliver, type DeliverOptions } from "./pipeline/deliver.ts";
import type { Inbound } from "./pipeline/inbound.ts";
import { insistent } from "./pipeline/insist.ts";
import { record } from "./pipeline/record.ts";
import type { SkewWatch } from "./pipeline/skew.ts";
import { createRequests, type Requests } from "./pipeline/requests.ts";
import { type SteadyClock, watchClock } from "./pipeline/steady.ts";
import { createSteering, type Steered, type Steering } from "./pipeline/steering.ts";
import { identityOf } from "./pipeline/urls.ts";
import { createKeyRing, type KeyRing, verify } from "./pipeline/verify.ts";
import { window } from "./pipeline/window.ts";
import type { State } from "./telemetry.ts";
import type { Destination, Tenant, TenantId } from "./tenant.ts";

/** What the pipeline is given. */
export interface PipelineOptions {
  readonly engine: Engine;
  readonly config: () => Config;
  readonly reconfigured: (signal: AbortSignal) => Promise<void>;
  readonly send: Send;
  /** Sends a signed ping; true: it was answered, and not with a 5xx. */
  readonly answers: (tenant: TenantId, to: Destination, url: string) => Promise<boolean>;
  readonly skew: SkewWatch;
  readonly state: State;
}

/** The running stages. */
export interface Pipeline extends AsyncDisposable {
  /** Takes a webhook; its `answer` is called once. False when it is closed. */
  accept(inbound: Inbound): boolean;
  /** Closes a tenant's windows now, or everybody's; what is to be tried again is tried now. */
  flush(tenant?: TenantId): Promise<void>;
  /** Sends a tenant nothing until `resume`, whatever the config says. */
  pause(tenant: TenantId): Promise<void>;
  /** How a tenant's URLs do; none where nothing was sent to it since the start. */
  urls(tenant: TenantId): readonly UrlView[];
  /** Ends a pause that is not the config's; says whether there was one. */
  resume(tenant: TenantId): Promise<boolean>;
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
  clock: SteadyClock,
  options: PipelineOptions,
  signal: AbortSignal,
): Promise<unknown> {
  const { engine, config, reconfigured, skew, state } = options;
  const maxSkewSeconds = () => config().telnyx.maxSkewSeconds;
  const keyRing = derived(config, keyRingOf);
  const ownership = derived(config, ownershipOf);
  const told = { engine, config, ownership, reconfigured, clock, state, signal };
  const assigning = startAssigning(told);
  const verified = verify(inbox, { keyRing, maxSkewSeconds, skew, state });
  const recorded = record(classify(verified, ownership), {
    engine,
    state,
    heldUnder: (asked) => asked !== ownership() && assigning.again(),
  });
  return Promise.all([run(recorded), assigning.ended]);
}

/** What the outward flow of all lanes shares. */
interface Shared {
  readonly requests: Requests;
  readonly clock: SteadyClock;
  readonly steering: Steering;
}

const now = () => performance.now();

/** The tenant of a lane, while something may be sent to it. */
function runningOf(lane: Lane, config: Config): Tenant | undefined {
  const tenant = tenantOf(config, lane.tenant);
  if (tenant === undefined || tenant.paused) return undefined;
  const { paused } = lane.waiting();
  if (paused === undefined) return tenant;
  // Another destination than the one that was gone.
  const isOther = paused.by === "gone" && paused.destination !== identityOf(tenant.destination);
  return isOther ? tenant : undefined;
}

/** Says whether a lane stands still, and where it goes. */
function standingOf(lane: Lane, { stand }: Steered, config: () => Config): () => Promise<void> {
  return () => stand(lane, runningOf(lane, config())?.destination);
}

/** Everything that the last stage of a lane is given. */
function deliverOptions(
  lane: Lane,
  { requests, clock }: Shared,
  steered: Steered,
  options: PipelineOptions,
  signal: AbortSignal,
): DeliverOptions {
  const { config, reconfigured, send, answers, state } = options;
  const { circuit, pacer } = steered;
  return {
    destination: () => runningOf(lane, config())?.destination,
    reconfigured,
    send,
    answers: (to, url) => answers(lane.tenant, to, url),
    requests,
    circuit,
    pacer,
    random: Math.random,
    now,
    steadyMs: clock.steadyMs,
    stand: standingOf(lane, steered, config),
    state,
    signal,
  };
}

/** The batches of a lane, stated as they are sealed. */
async function* sealed(
  lane: Lane,
  steered: Steered,
  { config, reconfigured, state }: PipelineOptions,
  signal: AbortSignal,
) {
  const rule = () => runningOf(lane, config())?.window;
  const { flushedAt, flushed } = steered;
  const stand = standingOf(lane, steered, config);
  const given = { rule, reconfigured, flushedAt, flushed, stand, signal };
  for await (const batch of window(lane, given)) {
    const { id, sequence, count, size, reason } = batch;
    const told = { tenant: lane.tenant, batch: id, sequence, count, bytes: size, reason };
    if (batch.attempts === 0) state({ is: "batch.sealed", ...told });
    yield batch;
  }
}

async function outward(
  shared: Shared,
  options: PipelineOptions,
  signal: AbortSignal,
  fail: (error: unknown) => void,
): Promise<void> {
  const { engine, config, state } = options;

  async function serve(lane: Lane): Promise<void> {
    using held = insistent(lane, signal, state);
    const destination = () => tenantOf(config(), lane.tenant)?.destination;
    const steered = await shared.steering.of(held, destination);
    const batches = sealed(held, steered, options, signal);
    await run(deliver(held, batches, deliverOptions(held, shared, steered, options, signal)));
  }

  const serving = new Set<Promise<void>>();
  for await (const lane of engine.lanes(signal)) {
    const served = serve(lane).catch(fail).finally(() => serving.delete(served));
    serving.add(served);
  }
  await Promise.all(serving);
}

/** What operators do to tenants while they are delivered to. */
function createControls(steering: Steering, { config, engine, state }: PipelineOptions) {
  return {
    urls(tenant: TenantId) {
      const found = tenantOf(config(), tenant);
      return found === undefined ? [] : steering.urls(tenant, found.destination);
    },
    async flush(tenant?: TenantId) {
      await engine.hurry(tenant);
      steering.flush(tenant);
    },
    async pause(tenant: TenantId) {
      await engine.pause(tenant);
      state({ is: "tenant.paused", tenant, by: "operator" });
    },
    async resume(tenant: TenantId) {
      const was = await engine.resume(tenant);
      await engine.hurry(tenant);
      steering.hurry(tenant);
      if (was) state({ is: "tenant.resumed", tenant });
      return was;
    },
  };
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
  const clock = watchClock();
  const steering = createSteering({ now, random: Math.random, state: options.state });
  const limit = () => options.config().limits.deliveriesMax;
  const shared = { clock, steering, requests: createRequests({ limit }) };
  const inwardDone = inward(inbox.take(), clock, options, ended.signal).catch(fail);
  const outwardDone = outward(shared, options, stop.signal, fail).catch(fail);
  return {
    accept: (inbound) => inbox.push(inbound),
    ...createControls(steering, options),
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
