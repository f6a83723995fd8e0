/** The lanes of the engine in memory. */
import type { Batch, BatchId } from "../../batch.ts";
import type { Settled } from "../../delivery.ts";
import type { LaneCount } from "../../engine.ts";
import type { EventRef } from "../../event.ts";
import type { Cut } from "../../lane.ts";
import type { TenantId } from "../../tenant.ts";
import type { Copy } from "../copy.ts";
import type { LaneState, Settling } from "../handout.ts";
import type { Back, Beside } from "../returning.ts";
import { sealIn, settleIn } from "./batches.ts";
import {
  addTo,
  batchOf,
  besideIn,
  countOf,
  createMemoryLane,
  forgetBatchesIn,
  forgetIn,
  holdsIn,
  type MemoryLane,
  type MemoryLaneOptions,
  stateOf,
} from "./lane.ts";

/** The lanes of one engine, by name. */
export interface MemoryLanes {
  add(copy: Copy): void;
  /** Lets events that came back wait beside a tenant's lane, in this order. */
  beside(tenant: TenantId, events: readonly Back[], group: Beside): void;
  /** Throws where no lane is called so. */
  of(name: string): MemoryLane;
  /** Makes the lane where there is none. */
  laneOf(tenant: TenantId): MemoryLane;
  all(): readonly MemoryLane[];
  seal(lane: string, cut: Cut): Batch | undefined;
  unsettled(lane: string): readonly Batch[];
  bytes(lane: string, batch: BatchId): Uint8Array;
  settle(lane: string, settling: Settling): Settled;
  /** How it stands is told anew after this commit. */
  touch(lane: string): void;
  touchAll(): void;
  /** Whether a copy of it waits, is sealed or is dead. */
  holds(event: EventRef): boolean;
  counts(): readonly LaneCount[];
  /** Forgets at most `limit` sessions last seen before then, in which nothing waits. */
  forgetSessions(before: number, limit: number): number;
  /** Forgets at most `limit` batches settled before then, but none that dead letters name. */
  forgetBatches(before: number, limit: number): number;
  /** The lanes that changed since this was last asked. */
  changes(): readonly LaneState[];
}

/** Makes an engine's lanes; they end with it. */
export function createMemoryLanes(options: MemoryLaneOptions): MemoryLanes {
  const lanes = new Map<string, MemoryLane>();
  /** Lanes that whoever waits on them has not been told of yet. */
  const changed = new Set<string>();
  let lastPosition = 0;
  const nextPosition = () => ++lastPosition;

  function of(name: string): MemoryLane {
    const lane = lanes.get(name);
    if (lane === undefined) throw new Error(`No lane is called "${name}"`);
    return lane;
  }

  function laneOf(tenant: TenantId): MemoryLane {
    const lane = lanes.get(tenant) ?? createMemoryLane(tenant);
    lanes.set(tenant, lane);
    changed.add(tenant);
    return lane;
  }

  return {
    of,
    laneOf,
    all: () => [...lanes.values()],
    add: (copy) => addTo(laneOf(copy.owner.tenant), copy, nextPosition()),
    beside: (tenant, events, group) => besideIn(laneOf(tenant), events, group, nextPosition),
    seal(name, cut) {
      const batch = sealIn(of(name), options, cut);
      if (batch !== undefined) changed.add(name);
      return batch;
    },
    unsettled: (name) => [...of(name).sealed.values()].map(({ batch }) => batch),
    bytes: (name, batch) => batchOf(of(name), batch).bytes.slice(),
    settle(name, settling) {
      const settled = settleIn(of(name), settling, options, nextPosition);
      if (settling.to.as !== "again") changed.add(name);
      return settled;
    },
    touch: (name) => void changed.add(name),
    touchAll() {
      for (const name of lanes.keys()) changed.add(name);
    },
    holds: (event) => [...lanes.values()].some((lane) => holdsIn(lane, event)),
    counts: () => [...lanes.values()].map(countOf),
    forgetSessions: (before, limit) =>
      [...lanes.values()].reduce((sum, lane) => sum + forgetIn(lane, before, limit - sum), 0),
    forgetBatches: (before, limit) =>
      [...lanes.values()].reduce(
        (sum, lane) => sum + forgetBatchesIn(lane, before, limit - sum),
        0,
      ),
    changes() {
      const states = [...changed].map((name) => stateOf(name, of(name)));
      changed.clear();
      return states;
    },
  };
}
