/**
 * The engine in plain maps and arrays: it keeps every promise of the port but the one of
 * surviving its process. For tests and simulation, and as the model the others are held against.
 */
import { Buffer } from "node:buffer";
import type { Batch, BatchId } from "../batch.ts";
import { envelopeBytesOf } from "../batch/envelope.ts";
import type { Attempt, Settlement } from "../delivery.ts";
import type { Cut, Engine, EngineCounts, Entry, LaneCount, Recorded } from "../engine.ts";
import type { Event, EventRef, Owner } from "../event.ts";
import type { TenantId } from "../tenant.ts";
import { createHandout, type LaneState } from "./handout.ts";
import {
  duplicateOf,
  type EventState,
  identify,
  ownersOf,
  recordedOf,
  type Seen,
  type SeenKeys,
  stateOf,
} from "./recording.ts";
import { makeBatch, type WaitingRow } from "./sealing.ts";
import { ulid } from "./ulid.ts";

interface StoredEvent {
  readonly event: Event;
  readonly state: EventState;
  readonly owners: readonly Owner[];
  readonly key: string;
  readonly raw: Uint8Array;
  readonly text: Uint8Array;
}

interface Row extends WaitingRow {
  readonly immediate: boolean;
}

interface StoredBatch {
  batch: Batch;
  readonly members: readonly EventRef[];
  readonly bytes: Uint8Array;
}

interface StoredLane {
  readonly tenant: TenantId;
  waiting: Row[];
  readonly sealed: Map<BatchId, StoredBatch>;
  /** Batches that were settled for good. */
  readonly settled: Set<BatchId>;
  readonly dead: Set<EventRef>;
  last?: Batch;
  deliveredAt?: number;
}

interface Memory {
  readonly stream: string;
  readonly events: Map<EventRef, StoredEvent>;
  readonly seen: Map<string, Seen>;
  readonly lanes: Map<string, StoredLane>;
  /** Lanes that whoever waits on them has not been told of yet. */
  readonly changed: Set<string>;
  lastRef: EventRef;
}

const keyOf = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

function seenKeysOf({ seen }: Memory): SeenKeys {
  return {
    putNew(key, made) {
      if (seen.has(keyOf(key))) return false;
      seen.set(keyOf(key), made);
      return true;
    },
    find: (key) => seen.get(keyOf(key)),
    renew: (key, made) => void seen.set(keyOf(key), made),
  };
}

function laneOf({ lanes }: Memory, name: string): StoredLane {
  const lane = lanes.get(name);
  if (lane === undefined) throw new Error(`No lane is called "${name}"`);
  return lane;
}

function batchOf(lane: StoredLane, id: BatchId): StoredBatch {
  const stored = lane.sealed.get(id);
  if (stored === undefined) throw new Error(`No batch of "${lane.tenant}" is called "${id}"`);
  return stored;
}

function addRow({ lanes, changed }: Memory, { tenant }: Owner, row: Row): void {
  const lane: StoredLane = lanes.get(tenant) ??
    { tenant, waiting: [], sealed: new Map(), settled: new Set(), dead: new Set() };
  lane.waiting.push(row);
  lanes.set(tenant, lane);
  changed.add(tenant);
}

function append(memory: Memory, entry: Entry): Recorded {
  const ref = ++memory.lastRef;
  const identity = identify(entry, ref, seenKeysOf(memory));
  if (identity.is === "duplicate") return duplicateOf(memory.events.get(identity.of)?.owners ?? []);
  const event = { ...entry.event, id: identity.id };
  const owners = ownersOf(entry);
  const state = stateOf(entry, owners);
  const raw = entry.raw.slice();
  const text = entry.json?.slice() ?? raw;
  memory.events.set(ref, { event, state, owners, key: keyOf(identity.key), raw, text });
  for (const owner of owners.filter(({ dropped }) => !dropped)) {
    const bytes = envelopeBytesOf({ event, owner, raw: text });
    const { immediate } = owner;
    addRow(memory, owner, { event: ref, since: event.receivedAt, bytes, immediate });
  }
  return recordedOf(state, owners, identity.id !== entry.event.id);
}

function memberOf({ events }: Memory, ref: EventRef, tenant: TenantId) {
  const stored = events.get(ref);
  const owner = stored?.owners.find((candidate) => candidate.tenant === tenant);
  if (stored === undefined || owner === undefined) throw new Error(`Event ${ref} is missing`);
  return { event: stored.event, owner, raw: stored.text };
}

function seal(memory: Memory, name: string, cut: Cut): Batch | undefined {
  const lane = laneOf(memory, name);
  const { stream } = memory;
  const { tenant, last, waiting } = lane;
  const place = { stream, tenant, lastSequence: last?.sequence ?? 0 };
  const made = makeBatch(
    last === undefined ? place : { ...place, lastBatch: last.id },
    waiting.slice(0, cut.eventsMax),
    cut,
    (row) => memberOf(memory, row.event, tenant),
  );
  if (made === undefined) return undefined;
  const { batch, bytes, taken } = made;
  lane.sealed.set(batch.id, { batch, bytes, members: taken.map(({ event }) => event) });
  lane.waiting = waiting.slice(taken.length);
  lane.last = batch;
  memory.changed.add(name);
  return batch;
}

function bury(lane: StoredLane, members: readonly EventRef[], olderThan: number): void {
  const isOld = ({ since }: Row) => since < olderThan;
  const old = lane.waiting.filter(isOld).map(({ event }) => event);
  for (const event of [...members, ...old]) lane.dead.add(event);
  lane.waiting = lane.waiting.filter((row) => !isOld(row));
}

function settle(
  memory: Memory,
  name: string,
  id: BatchId,
  { number }: Attempt,
  to: Settlement,
): void {
  const lane = laneOf(memory, name);
  if (lane.settled.has(id)) return;
  const stored = batchOf(lane, id);
  if (number <= stored.batch.attempts) return;
  stored.batch = { ...stored.batch, attempts: number };
  if (to.as === "again") return;
  lane.sealed.delete(id);
  lane.settled.add(id);
  memory.changed.add(name);
  if (to.as === "accepted") lane.deliveredAt = Date.now();
  else bury(lane, stored.members, to.olderThan);
}

function stateOfLane(name: string, { tenant, waiting, sealed }: StoredLane): LaneState {
  const [oldest] = waiting;
  return {
    name,
    tenant,
    waiting: {
      count: waiting.length,
      bytes: waiting.reduce((sum, { bytes }) => sum + bytes, 0),
      immediate: waiting.some(({ immediate }) => immediate),
      sealed: sealed.size,
      ...(oldest === undefined ? {} : { oldestAt: oldest.since }),
    },
  };
}

function countsOf({ stream, events, lanes }: Memory): EngineCounts {
  const count = (state: EventState) =>
    [...events.values()].filter((stored) => stored.state === state).length;
  const laneCounts = [...lanes.values()].map((lane): LaneCount => {
    const [oldest] = lane.waiting;
    return {
      tenant: lane.tenant,
      waiting: lane.waiting.length,
      sealed: lane.sealed.size,
      dead: lane.dead.size,
      lastSequence: lane.last?.sequence ?? 0,
      ...(oldest === undefined ? {} : { oldestAt: oldest.since }),
      ...(lane.deliveredAt === undefined ? {} : { deliveredAt: lane.deliveredAt }),
    };
  });
  return { stream, held: count("held"), parked: count("parked"), lanes: laneCounts };
}

function isSettled({ lanes }: Memory, ref: EventRef, { state, owners }: StoredEvent): boolean {
  if (state === "held" || state === "parked") return false;
  const own = owners.flatMap(({ tenant }) => lanes.get(tenant) ?? []);
  return own.every(({ waiting, sealed, dead }) =>
    !dead.has(ref) && waiting.every(({ event }) => event !== ref) &&
    [...sealed.values()].every(({ members }) => !members.includes(ref))
  );
}

function prune(memory: Memory, before: number, limit: number): number {
  const { events, seen } = memory;
  const newest = Math.max(...events.keys());
  const settled = [...events].filter(([ref, stored]) =>
    ref !== newest && stored.event.receivedAt < before && isSettled(memory, ref, stored)
  ).slice(0, limit);
  for (const [ref, { key }] of settled) {
    events.delete(ref);
    if (seen.get(key)?.event === ref) seen.delete(key);
  }
  return settled.length;
}

/** Opens an empty engine; what it holds ends with it. */
export async function openMemoryEngine(): Promise<Engine> {
  const memory: Memory = {
    stream: ulid(Date.now()),
    events: new Map(),
    seen: new Map(),
    lanes: new Map(),
    changed: new Set(),
    lastRef: 0,
  };
  let closed = false;
  const handout = createHandout({
    unsettled: (lane) =>
      commit(() => [...laneOf(memory, lane).sealed.values()].map(({ batch }) => batch)),
    seal: (lane, cut) => commit(() => seal(memory, lane, cut)),
    bytes: (lane, batch) => commit(() => batchOf(laneOf(memory, lane), batch).bytes.slice()),
    settle: (lane, batch, attempt, settlement) =>
      commit(() => settle(memory, lane, batch, attempt, settlement)),
  });

  /** Does it, and tells whoever waits on the lanes that it changed. */
  async function commit<T>(work: () => T): Promise<T> {
    if (closed) throw new Error("The engine is closed");
    const result = work();
    const states = [...memory.changed].map((name) => stateOfLane(name, laneOf(memory, name)));
    memory.changed.clear();
    handout.update(states);
    return result;
  }

  return {
    stream: memory.stream,
    broken: new AbortController().signal,
    append: (entries) => commit(() => entries.map((entry) => append(memory, entry))),
    lanes: handout.take,
    counts: () => commit(() => countsOf(memory)),
    raw: (event) => commit(() => memory.events.get(event)?.raw.slice()),
    prune: (before, limit) => commit(() => prune(memory, before, limit)),
    async [Symbol.asyncDispose]() {
      closed = true;
      handout.close();
    },
  };
}
