/** One lane of the engine in memory: what waits in it and beside it, is sealed, is dead. */
import type { Batch, BatchId } from "../../batch.ts";
import type { Member } from "../../batch/member.ts";
import type { BatchStory, KeptAttempt, Pause, UrlState } from "../../delivery.ts";
import type { LaneCount } from "../../engine.ts";
import type { EventRef, Key } from "../../event.ts";
import type { TenantId } from "../../tenant.ts";
import type { Copy } from "../copy.ts";
import type { LaneCut } from "../cutting.ts";
import type { LaneState } from "../handout.ts";
import { backRowOf, rowOf, type WaitingRow } from "../queue.ts";
import type { Back, Beside, Source } from "../returning.ts";
import { dueAtOf, type Session, withEvent, withoutRows } from "../sessions.ts";

/** One event that waits. */
export interface Row extends WaitingRow {
  readonly expiresAt?: number;
}

/** A session, with its queue. */
export interface Gathering {
  session: Session;
  rows: Row[];
}

/** What came back of a batch, with its queue. */
export interface Group {
  of: Beside;
  rows: Row[];
}

/** A batch, from when it was sealed; its members in the order of its payload. */
export interface StoredBatch {
  batch: Batch;
  state: BatchStory["state"];
  settledAt?: number;
  readonly source: Source;
  readonly members: readonly Pick<Row, "event" | "since">[];
  readonly bytes: Uint8Array;
  /** The first of its attempts, and the last. */
  kept: readonly KeptAttempt[];
}

/** Why and when an event was given up; without `batch` it was waiting. */
export interface Dead {
  readonly batch?: BatchId;
  readonly reason: string;
  readonly at: number;
}

/** One lane, with what is beside it. */
export interface MemoryLane {
  readonly tenant: TenantId;
  rows: Row[];
  readonly sessions: Map<Key, Gathering>;
  /** None of them empty, the latest last. */
  groups: Group[];
  readonly sealed: Map<BatchId, StoredBatch>;
  /** All batches, those that are sealed among them. */
  readonly stories: Map<BatchId, StoredBatch>;
  readonly dead: Map<EventRef, Dead>;
  last?: Batch;
  deliveredAt?: number;
  paused?: Pause;
  cut?: LaneCut | undefined;
}

/** What lanes are made from. */
export interface MemoryLaneOptions {
  readonly stream: string;
  readonly memberOf: (event: EventRef, tenant: TenantId) => Member;
  /** Is told of a URL's new state, once per attempt. */
  readonly putUrl: (lane: MemoryLane, url: UrlState) => void;
  /** Is told that nobody wants the lane's events there any more. */
  readonly gone: (lane: MemoryLane, destination: string) => void;
}

/** A batch that is not settled for good; throws where there is none of this id. */
export function batchOf(lane: MemoryLane, id: BatchId): StoredBatch {
  const stored = lane.sealed.get(id);
  if (stored === undefined) throw new Error(`No batch of "${lane.tenant}" is called "${id}"`);
  return stored;
}

/** The sessions in which something waits. */
export const gatheringsOf = ({ sessions }: MemoryLane): readonly Gathering[] =>
  [...sessions.values()].filter(({ rows }) => rows.length > 0);

/** Everything that waits beside a lane. */
const besideOf = (lane: MemoryLane) =>
  [...gatheringsOf(lane), ...lane.groups].flatMap(({ rows }) => rows);

/** Everything that waits: in the lane itself, then beside it. */
export const waitingIn = (lane: MemoryLane): readonly Row[] => [...lane.rows, ...besideOf(lane)];

/** These wait no longer. */
export function remove(lane: MemoryLane, gone: ReadonlySet<Row>): void {
  lane.rows = lane.rows.filter((row) => !gone.has(row));
  for (const gathering of gatheringsOf(lane)) {
    const out = gathering.rows.filter((row) => gone.has(row));
    if (out.length === 0) continue;
    gathering.session = withoutRows(gathering.session, out);
    gathering.rows = gathering.rows.filter((row) => !gone.has(row));
  }
  for (const group of lane.groups) group.rows = group.rows.filter((row) => !gone.has(row));
  lane.groups = lane.groups.filter(({ rows }) => rows.length > 0);
}

/** Whether a copy of an event waits, is sealed or is dead. */
export function holdsIn(lane: MemoryLane, ref: EventRef): boolean {
  return lane.dead.has(ref) || waitingIn(lane).some(({ event }) => event === ref) ||
    [...lane.sealed.values()].some(({ members }) => members.some(({ event }) => event === ref));
}

const least = (times: readonly number[]) => times.length === 0 ? undefined : Math.min(...times);

/** When the next of what is beside a lane is due, and how full the fullest session is. */
function nextBeside(lane: MemoryLane) {
  const sessions = gatheringsOf(lane).map(({ session }) => session);
  const due = [
    ...sessions.flatMap((session) => dueAtOf(session) ?? []),
    ...lane.groups.map(({ of: { source, dueAt } }) => source === "split" ? 0 : dueAt),
  ];
  const sessionAt = least(due);
  if (sessionAt === undefined) return {};
  return { sessionAt, sessionBytes: Math.max(0, ...sessions.map(({ bytes }) => bytes)) };
}

/** What is told of a lane after a commit. */
export function stateOf(name: string, lane: MemoryLane): LaneState {
  const { tenant, rows, sealed, groups, deliveredAt, paused } = lane;
  const [oldest] = rows;
  const links = rows.flatMap(({ expiresAt = 0 }) => expiresAt > Date.now() ? [expiresAt] : []);
  const live = rows.flatMap(({ immediate, since }) => immediate === 1 ? [since] : []);
  const expiresAt = least(links);
  const splits = groups.filter(({ of }) => of.source === "split");
  const waiting = {
    count: rows.length,
    bytes: rows.reduce((sum, { bytes }) => sum + bytes, 0),
    ...(oldest === undefined ? {} : { oldestAt: oldest.since }),
    immediate: live.length > 0,
    ...(live.length === 0 ? {} : { liveAt: Math.max(...live) }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...nextBeside(lane),
    sealed: sealed.size,
    split: splits.flatMap((group) => group.rows).length,
    refused: groups.filter(({ of }) => of.refusedAt !== undefined).length,
    ...(deliveredAt === undefined ? {} : { deliveredAt }),
    ...(paused === undefined ? {} : { paused }),
  };
  return { name, tenant, waiting };
}

const sealedOldest = ({ sealed }: MemoryLane) =>
  [...sealed.values()].map(({ batch }) => batch.oldestAt);

/** What people are told of a lane. */
export function countOf(lane: MemoryLane): LaneCount {
  const { rows, groups } = lane;
  const queues = [rows, ...[...gatheringsOf(lane), ...groups].map((queue) => queue.rows)];
  const waiting = queues.flatMap(([first]) => first?.since ?? []);
  const oldestAt = least([...waiting, ...sealedOldest(lane)]);
  return {
    tenant: lane.tenant,
    waiting: waitingIn(lane).length,
    sealed: lane.sealed.size,
    dead: lane.dead.size,
    lastSequence: lane.last?.sequence ?? 0,
    ...(oldestAt === undefined ? {} : { oldestAt }),
    ...(lane.deliveredAt === undefined ? {} : { deliveredAt: lane.deliveredAt }),
    ...(lane.paused === undefined ? {} : { paused: lane.paused }),
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

/** Lets events that came back wait beside the lane, in this order. */
export function besideIn(
  lane: MemoryLane,
  events: readonly Back[],
  of: Beside,
  nextPosition: () => number,
): void {
  const rows = events.map((back) => backRowOf(back, nextPosition()));
  if (rows.length > 0) lane.groups.push({ of, rows });
}

/** Forgets sessions last seen before then, in which nothing waits; says how many. */
export function forgetIn({ sessions }: MemoryLane, before: number, limit: number): number {
  const old = [...sessions].filter(([, { session, rows }]) =>
    rows.length === 0 && session.seenAt < before
  ).slice(0, limit);
  for (const [key] of old) sessions.delete(key);
  return old.length;
}

/** Forgets batches settled before then, but none that dead letters name; says how many. */
export function forgetBatchesIn(
  { stories, dead }: MemoryLane,
  before: number,
  limit: number,
): number {
  const named = new Set([...dead.values()].map(({ batch }) => batch));
  const old = [...stories].filter(([id, { settledAt = before }]) =>
    settledAt < before && !named.has(id)
  ).slice(0, limit);
  for (const [id] of old) stories.delete(id);
  return old.length;
}

/** A lane in which nothing waits. */
export function createMemoryLane(tenant: TenantId): MemoryLane {
  const [sessions, sealed, stories, dead] = [new Map(), new Map(), new Map(), new Map()];
  return { tenant, rows: [], sessions, groups: [], sealed, stories, dead };
}
