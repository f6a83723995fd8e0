/** The lanes of the engine in memory. */
import type { Batch, BatchId } from "../../batch.ts";
import type { Attempt, Settlement } from "../../delivery.ts";
import type { Cut, LaneCount } from "../../engine.ts";
import type { EventRef } from "../../event.ts";
import type { TenantId } from "../../tenant.ts";
import type { Copy } from "../copy.ts";
import type { LaneState } from "../handout.ts";
import {
  addTo,
  batchOf,
  countOf,
  createMemoryLane,
  forgetIn,
  holdsIn,
  type MemoryLane,
  type MemoryLaneOptions,
  sealIn,
  settleIn,
  stateOf,
} from "./lane.ts";

/** The lanes of one engine, by name. */
export interface MemoryLanes {
  add(copy: Copy): void;
  /** Throws where no lane is called so. */
  seal(lane: string, cut: Cut): Batch | undefined;
  unsettled(lane: string): readonly Batch[];
  bytes(lane: string, batch: BatchId): Uint8Array;
  settle(lane: string, batch: BatchId, attempt: Attempt, settlement: Settlement): void;
  /** Whether a copy of it waits, is sealed or is dead. */
  holds(event: EventRef): boolean;
  counts(): readonly LaneCount[];
  /** Forgets at most `limit` sessions last seen before then, in which nothing waits. */
  forgetSessions(before: number, limit: number): number;
  /** The lanes that changed since this was last asked. */
  changes(): readonly LaneState[];
}

/** Makes an engine's lanes; they end with it. */
export function createMemoryLanes(options: MemoryLaneOptions): MemoryLanes {
  const lanes = new Map<string, MemoryLane>();
  /** Lanes that whoever waits on them has not been told of yet. */
  const changed = new Set<string>();
  let lastPosition = 0;

  function of(name: string): MemoryLane {
    const lane = lanes.get(name);
    if (lane === undefined) throw new Error(`No lane is called "${name}"`);
    return lane;
  }

  function ofTenant(tenant: TenantId): MemoryLane {
    const lane = lanes.get(tenant) ?? createMemoryLane(tenant);
    lanes.set(tenant, lane);
    return lane;
  }

  return {
    add(copy) {
      const { tenant } = copy.owner;
      addTo(ofTenant(tenant), copy, ++lastPosition);
      changed.add(tenant);
    },
    seal(name, cut) {
      const batch = sealIn(of(name), options, cut);
      if (batch !== undefined) changed.add(name);
      return batch;
    },
    unsettled: (name) => [...of(name).sealed.values()].map(({ batch }) => batch),
    bytes: (name, batch) => batchOf(of(name), batch).bytes.slice(),
    settle(name, id, attempt, to) {
      settleIn(of(name), id, attempt, to);
      if (to.as !== "again") changed.add(name);
    },
    holds: (event) => [...lanes.values()].some((lane) => holdsIn(lane, event)),
    counts: () => [...lanes.values()].map(countOf),
    forgetSessions: (before, limit) =>
      [...lanes.values()].reduce((sum, lane) => sum + forgetIn(lane, before, limit - sum), 0),
    changes() {
      const states = [...changed].map((name) => stateOf(name, of(name)));
      changed.clear();
      return states;
    },
  };
}
