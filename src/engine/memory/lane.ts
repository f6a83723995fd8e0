/** One lane of the engine in memory: what waits in it and beside it, is sealed, is dead. */
import type { Batch, BatchId } from "../../batch.ts";
import type { Member } from "../../batch/envelope.ts";
import type { Attempt, Settlement } from "../../delivery.ts";
import type { Cut, LaneCount } from "../../engine.ts";
import type { EventRef, Key } from "../../event.ts";
import type { TenantId } from "../../tenant.ts";
import type { Copy } from "../copy.ts";
import type { LaneState } from "../handout.ts";
import { overtaking, rowOf, type WaitingRow } from "../queue.ts";
import { makeBatch } from "../sealing.ts";
import {
  dueAtOf,
  reasonOf,
  type Session,
  sessionEventsMax,
  withEvent,
  withoutRows,
} from "../sessions.ts";

interface Row extends WaitingRow {
  readonly expiresAt?: number;
}

/** A session, with its queue. */
interface Gathering {
  session: Session;
  rows: Row[];
}

interface StoredBatch {
  batch: Batch;
  readonly members: readonly EventRef[];
  readonly bytes: Uint8Array;
}

/** One lane, with the sessions beside it. */
export interface MemoryLane {
  readonly tenant: TenantId;
  rows: Row[];
  readonly sessions: Map<Key, Gathering>;
  readonly sealed: Map<BatchId, StoredBatch>;
  /** Batches that were settled for good. */
  readonly settled: Set<BatchId>;
  readonly dead: Set<EventRef>;
  last?: Batch;
  deliveredAt?: number;
}

/** What lanes are made from. */
export interface MemoryLaneOptions {
  readonly stream: string;
  readonly memberOf: (event: EventRef, tenant: TenantId) => Member;
}

/** A batch that is not settled for good; throws where there is none of this id. */
export function batchOf(lane: MemoryLane, id: BatchId): StoredBatch {
  const stored = lane.sealed.get(id);
  if (stored === undefined) throw new Error(`No batch of "${lane.tenant}" is called "${id}"`);
  return stored;
}

const gatheringsOf = ({ sessions }: MemoryLane) =>
  [...sessions.values()].filter(({ rows }) => rows.length > 0);

/** Everything that waits: in the lane itself, then in its sessions. */
const waitingIn = (lane: MemoryLane) => [
  ...lane.rows,
  ...gatheringsOf(lane).flatMap(({ rows }) => rows),
];

/** These wait no longer. */
function remove(lane: MemoryLane, gone: ReadonlySet<Row>): void {
  lane.rows = lane.rows.filter((row) => !gone.has(row));
  for (const gathering of gatheringsOf(lane)) {
    const out = gathering.rows.filter((row) => gone.has(row));
    if (out.length === 0) continue;
    gathering.session = withoutRows(gathering.session, out);
    gathering.rows = gathering.rows.filter((row) => !gone.has(row));
  }
}

function bury(lane: MemoryLane, members: readonly EventRef[], olderThan: number): void {
  const old = waitingIn(lane).filter(({ since }) => since < olderThan);
  for (const event of [...members, ...old.map((row) => row.event)]) lane.dead.add(event);
  remove(lane, new Set(old));
}

/** Whether a copy of an event waits, is sealed or is dead. */
export function holdsIn(lane: MemoryLane, ref: EventRef): boolean {
  return lane.dead.has(ref) || waitingIn(lane).some(({ event }) => event === ref) ||
    [...lane.sealed.values()].some(({ members }) => members.includes(ref));
}

/** The rows that a cut finds; of a session, which one and why. */
interface Picked {
  readonly rows: readonly Row[];
  readonly cut: Cut;
  readonly gathering?: Gathering;
}

const dueIn = ({ session }: Gathering) => dueAtOf(session) ?? Number.POSITIVE_INFINITY;

function pickSession(lane: MemoryLane, cut: Cut): Picked | undefined {
  const all = gatheringsOf(lane);
  const [next] = all.toSorted((one, other) => dueIn(one) - dueIn(other));
  const [fullest] = all.toSorted((one, other) => other.session.bytes - one.session.bytes);
  for (const gathering of [next, fullest]) {
    const reason = gathering && reasonOf(gathering.session, Date.now(), cut.bytesMax);
    if (gathering === undefined || reason === undefined) continue;
    const own = { ...cut, reason, eventsMax: sessionEventsMax };
    return { rows: gathering.rows.slice(0, sessionEventsMax), cut: own, gathering };
  }
  return undefined;
}

function pick(lane: MemoryLane, cut: Cut): Picked | undefined {
  if (cut.from === "session") return pickSession(lane, cut);
  if (cut.from === "head") return { rows: lane.rows.slice(0, cut.eventsMax), cut };
  const { liveFrom } = cut.from;
  const fresh = lane.rows.filter(({ immediate, since }) => immediate === 1 && since >= liveFrom)
    .toSorted((one, other) => one.since - other.since);
  const storyOf = ({ about, position }: Row) =>
    lane.rows.filter((row) => row.about === about && row.position <= position);
  return { rows: overtaking(fresh, storyOf, cut.eventsMax), cut };
}

const least = (times: readonly number[]) => times.length === 0 ? undefined : Math.min(...times);

/** What is told of a lane after a commit. */
export function stateOf(name: string, lane: MemoryLane): LaneState {
  const { tenant, rows, sealed } = lane;
  const [oldest] = rows;
  const sessions = gatheringsOf(lane).map(({ session }) => session);
  const links = rows.flatMap(({ expiresAt = 0 }) => expiresAt > Date.now() ? [expiresAt] : []);
  const live = rows.flatMap(({ immediate, since }) => immediate === 1 ? [since] : []);
  const expiresAt = least(links);
  const sessionAt = least(sessions.flatMap((session) => dueAtOf(session) ?? []));
  const sessionBytes = Math.max(...sessions.map(({ bytes }) => bytes));
  const waiting = {
    count: rows.length,
    bytes: rows.reduce((sum, { bytes }) => sum + bytes, 0),
    ...(oldest === undefined ? {} : { oldestAt: oldest.since }),
    immediate: live.length > 0,
    ...(live.length === 0 ? {} : { liveAt: Math.max(...live) }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(sessionAt === undefined ? {} : { sessionAt, sessionBytes }),
    sealed: sealed.size,
  };
  return { name, tenant, waiting };
}

/** What people are told of a lane. */
export function countOf(lane: MemoryLane): LaneCount {
  const [oldest] = lane.rows;
  return {
    tenant: lane.tenant,
    waiting: waitingIn(lane).length,
    sealed: lane.sealed.size,
    dead: lane.dead.size,
    lastSequence: lane.last?.sequence ?? 0,
    ...(oldest === undefined ? {} : { oldestAt: oldest.since }),
    ...(lane.deliveredAt === undefined ? {} : { deliveredAt: lane.deliveredAt }),
  };
}

/** Lets a copy wait in the lane, or in a session beside it. */
export function addTo(lane: MemoryLane, copy: Copy, position: number): void {
  const { expiresAt, session } = copy;
  const row = { ...rowOf(copy, position), ...(expiresAt === undefined ? {} : { expiresAt }) };
  if (session === undefined) return void lane.rows.push(row);
  const { key } = session;
  const before = lane.sessions.get(key);
  const rows = [...before?.rows ?? [], row];
  lane.sessions.set(key, { session: withEvent(before?.session, copy, session), rows });
}

const placeOf = (stream: string, { tenant, last }: MemoryLane, continues?: BatchId) => ({
  stream,
  tenant,
  lastSequence: last?.sequence ?? 0,
  ...(last === undefined ? {} : { lastBatch: last.id }),
  ...(continues === undefined ? {} : { continues }),
});

/** Makes a batch of what a cut finds. */
export function sealIn(
  lane: MemoryLane,
  { stream, memberOf }: MemoryLaneOptions,
  cut: Cut,
): Batch | undefined {
  const picked = pick(lane, cut);
  if (picked === undefined) return undefined;
  const { rows, gathering } = picked;
  const place = placeOf(stream, lane, gathering?.session.firstBatch);
  const memberOfRow = ({ event }: Row) => memberOf(event, lane.tenant);
  const made = makeBatch(place, rows, picked.cut, memberOfRow);
  if (made === undefined) return undefined;
  const { batch, bytes, members, taken } = made;
  lane.sealed.set(batch.id, { batch, bytes, members: members.map(({ event }) => event) });
  if (gathering) gathering.session = { firstBatch: batch.id, ...gathering.session };
  remove(lane, new Set(taken));
  lane.last = batch;
  return batch;
}

/** Notes an attempt and what it came to; doing so again changes nothing. */
export function settleIn(lane: MemoryLane, id: BatchId, { number }: Attempt, to: Settlement): void {
  if (lane.settled.has(id)) return;
  const stored = batchOf(lane, id);
  if (number <= stored.batch.attempts) return;
  stored.batch = { ...stored.batch, attempts: number };
  if (to.as === "again") return;
  lane.sealed.delete(id);
  lane.settled.add(id);
  if (to.as === "accepted") lane.deliveredAt = Date.now();
  else bury(lane, stored.members, to.olderThan);
}

/** Forgets sessions last seen before then, in which nothing waits; says how many. */
export function forgetIn({ sessions }: MemoryLane, before: number, limit: number): number {
  const old = [...sessions].filter(([, { session, rows }]) =>
    rows.length === 0 && session.seenAt < before
  ).slice(0, limit);
  for (const [key] of old) sessions.delete(key);
  return old.length;
}

/** A lane in which nothing waits. */
export function createMemoryLane(tenant: TenantId): MemoryLane {
  const sessions = new Map();
  const sealed = new Map();
  return { tenant, rows: [], sessions, sealed, settled: new Set(), dead: new Set() };
}
