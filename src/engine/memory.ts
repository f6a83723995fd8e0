/**
 * The engine in plain maps and arrays: it keeps every promise of the port but the one of
 * surviving its process. For tests, simulation, and trying out what a config says.
 */
import type { Engine, EngineCounts } from "../engine.ts";
import type { Stored } from "../held.ts";
import { createHandout } from "./handout.ts";
import { createMemoryEvents, type MemoryEvents } from "./memory/events.ts";
import { createMemoryBelongings, createMemoryCalls, createMemoryHeld } from "./memory/held.ts";
import { createMemoryLanes, type MemoryLanes } from "./memory/lanes.ts";
import type { EventState } from "./recording.ts";
import { createRecorder } from "./recorder.ts";
import type { HeldTable } from "./tables.ts";
import { ulid } from "./ulid.ts";

function openParts(stream: string) {
  const events = createMemoryEvents();
  const lanes = createMemoryLanes({ stream, memberOf: events.memberOf });
  const held = createMemoryHeld(events);
  const calls = createMemoryCalls();
  const belongings = createMemoryBelongings();
  const tables = { seen: events, events, held, calls, belongings, lanes };
  return { ...tables, ...createRecorder(tables) };
}

function countsOf(stream: string, events: MemoryEvents, lanes: MemoryLanes): EngineCounts {
  const count = (state: EventState) =>
    events.all().filter(([, kept]) => kept.state === state).length;
  return {
    stream,
    held: count("held"),
    expired: count("expired"),
    parked: count("parked"),
    lanes: lanes.counts(),
  };
}

function storedAs(id: string, events: MemoryEvents, held: HeldTable): Stored | undefined {
  const found = events.all().findLast(([, { event }]) => event.id === id);
  if (found === undefined) return undefined;
  const [ref, { event, state, owners, raw, json }] = found;
  const row = held.find(ref);
  const form = json !== undefined;
  const stored = { ref, event, state, owners, raw: raw.slice(), form };
  if (row === undefined) return stored;
  const { why, claims: { path, signer } } = row;
  return { ...stored, why, path, ...(signer === undefined ? {} : { signer }) };
}

/** Opens an empty engine; what it holds ends with it. */
export async function openMemoryEngine(): Promise<Engine> {
  const stream = ulid(Date.now());
  const { events, lanes, held, belongings, owning, rules, append, unassigned } = openParts(stream);
  let closed = false;
  const handout = createHandout({
    unsettled: (lane) => commit(() => lanes.unsettled(lane)),
    seal: (lane, cut) => commit(() => lanes.seal(lane, cut)),
    bytes: (lane, batch) => commit(() => lanes.bytes(lane, batch)),
    settle: (lane, batch, attempt, to) => commit(() => lanes.settle(lane, batch, attempt, to)),
  });

  /** Does it, and tells whoever waits on the lanes that it changed. */
  async function commit<T>(work: () => T): Promise<T> {
    if (closed) throw new Error("The engine is closed");
    const result = work();
    handout.update(lanes.changes());
    return result;
  }

  return {
    stream,
    broken: new AbortController().signal,
    append: (entries) => commit(() => entries.map(append)),
    configure: (next) => commit(() => unassigned.configure(next)),
    belongings: () => commit(() => new Map(belongings.digests())),
    belong: (to) =>
      commit(() => {
        for (const one of to) belongings.put(one, Date.now() + rules.holdMs);
      }),
    wanted: (after, limit) => commit(() => unassigned.wanted(after, limit)),
    naming: (keys) => commit(() => unassigned.naming(keys)),
    held: (refs) => commit(() => unassigned.held(refs)),
    reclaim: (claims) => commit(() => unassigned.reclaim(claims)),
    release: (which, to, limit) => commit(() => unassigned.release(which, to, limit)),
    tend: (now, expire) => commit(() => unassigned.tend(now, expire)),
    postpone: (until) => commit(() => held.postpone(until)),
    known: (keys) => commit(() => keys.map(owning.known)),
    find: (id) => commit(() => storedAs(id, events, held)),
    lanes: handout.take,
    counts: () => commit(() => countsOf(stream, events, lanes)),
    raw: (event) => commit(() => events.get(event)?.raw.slice()),
    prune: (before, limit) => commit(() => events.prune(before, limit, lanes.holds)),
    async [Symbol.asyncDispose]() {
      closed = true;
      handout.close();
    },
  };
}
