/**
 * The engine in plain maps and arrays: it keeps every promise of the port but the one of
 * surviving its process. For tests, simulation, and trying out what a config says.
 */
import type { BatchId } from "../batch.ts";
import type { BatchMember } from "../delivery.ts";
import type { Engine, EngineCounts } from "../engine.ts";
import type { Stored } from "../held.ts";
import type { TenantId } from "../tenant.ts";
import { createHandout } from "./handout.ts";
import { hurryIn, setClockIn } from "./memory/clock.ts";
import { createMemoryEvents, type MemoryEvents } from "./memory/events.ts";
import { createMemoryBelongings, createMemoryCalls, createMemoryHeld } from "./memory/held.ts";
import { batchOf } from "./memory/lane.ts";
import { createMemoryLanes, type MemoryLanes } from "./memory/lanes.ts";
import { lettersIn, pageOf, storyIn } from "./memory/letters.ts";
import { createMemoryReplay } from "./memory/replays.ts";
import {
  createMemoryHalts,
  createMemorySecrets,
  createMemoryUrls,
  pauseIn,
  resumeIn,
} from "./memory/standing.ts";
import type { EventState } from "./recording.ts";
import { createRecorder } from "./recorder.ts";
import type { HeldTable } from "./tables.ts";
import { ulid } from "./ulid.ts";

function openParts(stream: string) {
  const events = createMemoryEvents();
  const { memberOf } = events;
  const [urls, halts] = [createMemoryUrls(), createMemoryHalts()];
  const lanes = createMemoryLanes({
    stream,
    memberOf,
    putUrl: urls.put,
    gone: (lane, destination) => pauseIn(lane, { by: "gone", destination, at: Date.now() }),
  });
  const hasSealed = (id: TenantId) => lanesOf(lanes, id).some(({ last }) => last !== undefined);
  const secretVersion = createMemorySecrets(hasSealed);
  const replay = createMemoryReplay(lanes, events);
  const held = createMemoryHeld(events);
  const calls = createMemoryCalls();
  const belongings = createMemoryBelongings();
  const tables = { seen: events, events, held, calls, belongings, lanes };
  return { ...tables, ...createRecorder(tables), urls, halts, secretVersion, replay };
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

type Parts = ReturnType<typeof openParts>;

function membersOf({ lanes, events }: Parts, lane: string, id: BatchId): readonly BatchMember[] {
  return batchOf(lanes.of(lane), id).members.map(({ event, since }) => (
    { id: String(events.get(event)?.event.id), since }
  ));
}

const lanesOf = (lanes: MemoryLanes, of?: TenantId) =>
  lanes.all().filter(({ tenant }) => of === undefined || tenant === of);

function resume(lanes: MemoryLanes, tenant: TenantId): boolean {
  const [lane] = lanesOf(lanes, tenant);
  if (lane === undefined || !resumeIn(lane)) return false;
  lanes.touch(tenant);
  return true;
}

function hurry(lanes: MemoryLanes, of?: TenantId): number {
  const now = Date.now();
  return lanesOf(lanes, of).reduce((sum, lane) => {
    lanes.touch(lane.tenant);
    return sum + hurryIn(lane, now);
  }, 0);
}

function setClock({ lanes, held, halts }: Parts, by: number, at: number): void {
  for (const lane of lanes.all()) setClockIn(lane, by);
  held.move(by);
  if (by > 0) halts.addToAll({ from: at - by, until: at });
  lanes.touchAll();
}

/** Opens an empty engine; what it holds ends with it. */
export async function openMemoryEngine(): Promise<Engine> {
  const stream = ulid(Date.now());
  const parts = openParts(stream);
  const { events, lanes, held, belongings, owning, rules, append, unassigned } = parts;
  let closed = false;
  const handout = createHandout({
    unsettled: (lane) => commit(() => lanes.unsettled(lane)),
    seal: (lane, cut) => commit(() => lanes.seal(lane, cut)),
    bytes: (lane, batch) => commit(() => lanes.bytes(lane, batch)),
    settle: (lane, settling) => commit(() => lanes.settle(lane, settling)),
    members: (lane, batch) => commit(() => membersOf(parts, lane, batch)),
    urls: (lane) => commit(() => parts.urls.of(lane)),
    halts: (lane) => commit(() => parts.halts.of(lane)),
    halt: (lane, is) => commit(() => parts.halts.set(lane, is, Date.now())),
    hurry: (tenant) => commit(() => hurry(lanes, tenant)),
    resume: (tenant) => commit(() => resume(lanes, tenant)),
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
    prune: (before, limit) =>
      commit(() => {
        const pruned = events.prune(before, limit, lanes.holds);
        return { events: pruned, batches: lanes.forgetBatches(before, limit) };
      }),
    pause: (tenant) =>
      commit(() => pauseIn(lanes.laneOf(tenant), { by: "operator", at: Date.now() })),
    resume: (tenant) => commit(() => resume(lanes, tenant)),
    hurry: (tenant) => commit(() => hurry(lanes, tenant)),
    clockSet: (byMs, at) => commit(() => setClock(parts, byMs, at)),
    replay: (what, dryRun) => commit(() => parts.replay(what, dryRun)),
    dead: (what, limit, after) =>
      commit(() => pageOf(lettersIn(lanes.all(), events, what), limit, after)),
    story: (batch) => commit(() => storyIn(lanes.all(), batch)),
    secretVersions: (wanted) =>
      commit(() => wanted.map(({ tenant, version }) => parts.secretVersion(tenant, version))),
    async [Symbol.asyncDispose]() {
      closed = true;
      handout.close();
    },
  };
}
