/**
 * Steering: what operators do to lanes while they run, and what lanes remember from one hand-out
 * to the next. A lane is in hand only while it has work; its circuit and its rate outlive that.
 */
import { signal as createSignal } from "../flow/signal.ts";
import type { Lane } from "../lane.ts";
import type { State } from "../telemetry.ts";
import type { Destination, TenantId } from "../tenant.ts";
import { type Circuit, createCircuit } from "./circuit.ts";
import { createPacer, type Pacer } from "./rate.ts";
import type { UrlView } from "./standing.ts";

/** What is remembered of a lane. */
export interface Steered {
  readonly circuit: Circuit;
  readonly pacer: Pacer;
  /** Windows that were open then are closed, in epoch ms. */
  flushedAt(): number;
  /** Resolves when that changes, or when `signal` aborts. */
  flushed(signal: AbortSignal): Promise<void>;
  /**
   * Where the lane goes now; undefined: it stands still, which is written down when it changes.
   * Another destination makes due now whatever waits for its time.
   */
  stand(lane: Lane, to: Destination | undefined): Promise<void>;
}

/** All lanes that have been in hand. */
export interface Steering {
  /** What is known of a lane; asked of the log where it is in hand for the first time. */
  of(lane: Lane, destination: () => Destination | undefined): Promise<Steered>;
  /** A tenant's windows close now, its next attempt is due now; all tenants' if none is named. */
  flush(tenant?: TenantId): void;
  /** A tenant's next attempt is due now. */
  hurry(tenant: TenantId): void;
  /** How a tenant's URLs do; none where its lane was never in hand. */
  urls(tenant: TenantId, destination: Destination): readonly UrlView[];
}

/** What steering is given. */
export interface SteeringOptions {
  /** A monotonic clock, in ms. */
  readonly now: () => number;
  readonly random: () => number;
  readonly state: State;
}

const never = Number.NEGATIVE_INFINITY;

/** Makes the steering of one pipeline; bounded by the tenants that there are. */
export function createSteering({ now, random, state }: SteeringOptions): Steering {
  const lanes = new Map<TenantId, Steered>();
  const flushes = createSignal();
  // Monotonic: a clock that is set back must not flush what comes for as long.
  let allFlushedAt = never;
  const flushedAts = new Map<TenantId, number>();
  /** Rounded up: what became a tenant's in the same ms was there. */
  const epochOf = (at: number) => Math.ceil(at + Date.now() - now());

  /** What was gone is another destination now. */
  async function end(lane: Lane): Promise<void> {
    await lane.resume();
    state({ is: "tenant.resumed", tenant: lane.tenant });
  }

  function steered(tenant: TenantId, circuit: Circuit, pacer: Pacer): Steered {
    let stands: boolean | undefined;
    let halted = Promise.resolve();
    let ending: Promise<void> | undefined;
    return {
      circuit,
      pacer,
      flushedAt: () => epochOf(Math.max(allFlushedAt, flushedAts.get(tenant) ?? never)),
      flushed: (signal) => flushes.next(signal),
      async stand(lane, to) {
        const is = to === undefined;
        const isOver = !is && lane.waiting().paused !== undefined;
        if (isOver) ending ??= end(lane).finally(() => ending = undefined);
        if (stands !== is) {
          stands = is;
          // One after the other: what is repeated until it succeeds must not come too late.
          halted = halted.then(() => lane.halt(is));
          await halted;
        }
        if (isOver) await ending;
        if (to !== undefined && circuit.notice(to)) await lane.hurry();
      },
    };
  }

  return {
    async of(lane, destination) {
      const { tenant } = lane;
      const known = lanes.get(tenant);
      if (known !== undefined) return known;
      // It was paused before the start: whoever listens since then is told.
      if (lane.waiting().paused?.by === "gone") state({ is: "tenant.paused", tenant, by: "gone" });
      const circuit = createCircuit({ known: await lane.urls(), now, random });
      const made = steered(tenant, circuit, createPacer(() => destination()?.rate, now));
      lanes.set(tenant, made);
      return made;
    },
    flush(tenant) {
      const at = now();
      if (tenant === undefined) allFlushedAt = at;
      else flushedAts.set(tenant, at);
      const flushed = tenant === undefined ? [...lanes.values()] : [lanes.get(tenant)];
      for (const one of flushed) one?.circuit.hurry();
      flushes.raise();
    },
    hurry: (tenant) => lanes.get(tenant)?.circuit.hurry(),
    urls: (tenant, destination) => lanes.get(tenant)?.circuit.view(destination) ?? [],
  };
}
