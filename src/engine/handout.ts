/**
 * Handing lanes out: each to one worker at a time, and only while it has work. A lane that is
 * handed back waits here until there is work in it again.
 *
 *     a commit ─▶ update ─▶ work, in nobody's hands ─▶ take ─▶ a worker
 *                              ▲─────────── dispose ─────────────┘
 */
import type { Batch, BatchId } from "../batch.ts";
import type { Attempt, BatchMember, Halt, Settled, Settlement, UrlState } from "../delivery.ts";
import type { Cut, Lane, Waiting } from "../lane.ts";
import { type Signal, signal as createSignal } from "../flow/signal.ts";
import type { TenantId } from "../tenant.ts";

/** How a lane stands after a commit. */
export interface LaneState {
  readonly name: string;
  readonly tenant: TenantId;
  readonly waiting: Waiting;
}

/** How so many URLs of a lane had done is kept: its destinations, and the ones before them. */
export const urlsMax = 4;

/** What is written down after an attempt. */
export interface Settling {
  readonly batch: BatchId;
  readonly attempt: Attempt;
  readonly to: Settlement;
  readonly url: UrlState | undefined;
}

/** What the engine does for a lane. */
export interface LaneWork {
  unsettled(lane: string): Promise<readonly Batch[]>;
  seal(lane: string, cut: Cut): Promise<Batch | undefined>;
  bytes(lane: string, batch: BatchId): Promise<Uint8Array>;
  members(lane: string, batch: BatchId): Promise<readonly BatchMember[]>;
  urls(lane: string): Promise<readonly UrlState[]>;
  halts(lane: string): Promise<readonly Halt[]>;
  halt(lane: string, is: boolean): Promise<void>;
  hurry(tenant: TenantId): Promise<unknown>;
  resume(tenant: TenantId): Promise<unknown>;
  settle(lane: string, settling: Settling): Promise<Settled>;
}

/** The lanes of one engine. */
export interface Handout {
  /** To be called after every commit, before anybody learns of it. */
  update(states: readonly LaneState[]): void;
  /** Ends when `signal` aborts or after `close`. */
  take(signal: AbortSignal): AsyncGenerator<Lane, void, undefined>;
  close(): void;
}

/** A lane as this file knows it. */
interface Known {
  waiting: Waiting;
  readonly name: string;
  readonly tenant: TenantId;
  readonly moved: Signal;
}

const hasWork = ({ waiting: { count, sealed, sessionAt } }: Known) =>
  count > 0 || sealed > 0 || sessionAt !== undefined;

/** Each worker's own handle: handing it back twice does not take it from the next worker. */
function createLane(known: Known, work: LaneWork, handBack: () => void): Lane {
  const { name, tenant, moved } = known;
  let held = true;
  return {
    name,
    tenant,
    waiting: () => known.waiting,
    changed: (signal) => moved.next(signal),
    unsettled: () => work.unsettled(name),
    seal: (cut) => work.seal(name, cut),
    bytes: (batch) => work.bytes(name, batch),
    members: (batch) => work.members(name, batch),
    urls: () => work.urls(name),
    halts: () => work.halts(name),
    halt: (is) => work.halt(name, is),
    hurry: async () => void await work.hurry(tenant),
    resume: async () => void await work.resume(tenant),
    settle: (batch, attempt, to, url) => work.settle(name, { batch, attempt, to, url }),
    [Symbol.dispose]() {
      if (held) handBack();
      held = false;
    },
  };
}

/** Hands out the lanes that `update` tells of. */
export function createHandout(work: LaneWork): Handout {
  const lanes = new Map<string, Known>();
  const held = new Set<Known>();
  /** Work in nobody's hands, longest first. */
  const idle = new Set<Known>();
  const closed = new AbortController();
  const offered = createSignal();

  function offer(lane: Known): void {
    if (held.has(lane) || !hasWork(lane)) return;
    idle.add(lane);
    offered.raise();
  }

  function hand(lane: Known): Lane {
    idle.delete(lane);
    held.add(lane);
    return createLane(lane, work, () => {
      held.delete(lane);
      offer(lane);
    });
  }

  function known({ name, tenant, waiting }: LaneState): Known {
    const found = lanes.get(name);
    if (found !== undefined) return found;
    const made: Known = { name, tenant, waiting, moved: createSignal() };
    lanes.set(name, made);
    return made;
  }

  return {
    update(states) {
      for (const state of states) {
        const lane = known(state);
        lane.waiting = state.waiting;
        lane.moved.raise();
        offer(lane);
      }
    },
    async *take(signal) {
      const ended = AbortSignal.any([signal, closed.signal]);
      while (!ended.aborted) {
        const [lane] = idle;
        if (lane === undefined) await offered.next(ended);
        else yield hand(lane);
      }
    },
    close: () => closed.abort(),
  };
}
