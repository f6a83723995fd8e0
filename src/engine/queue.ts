/**
 * What waits, in the order of arrival, and in which order and how much of it goes into a batch.
 * The same in every engine.
 *
 *     rows ─compacted▶ without what later states replaced ─arranged▶ each call's by its own time
 */
import { hash } from "node:crypto";
import type { EventRef } from "../event.ts";
import type { Copy } from "./copy.ts";
import type { Back } from "./returning.ts";

/** One waiting event, without its bytes. */
export interface WaitingRow {
  /** Counts all copies that ever waited: the order of arrival. */
  readonly position: number;
  readonly event: EventRef;
  /** When it became the tenant's. */
  readonly since: number;
  /** What it adds to a payload. */
  readonly bytes: number;
  readonly immediate: number;
  readonly occurredAt: number;
  /**
   * Equal within one call, conference, message or fax, and rarely beyond it: then those are kept
   * in order as if they were one. Null: of nothing that others are of.
   */
  readonly about: number | null;
  /** Equal for the states of one message to one recipient. */
  readonly state: number | null;
}

/** 52 bits that stand for a text: a number holds no more, and two texts rarely have the same. */
function digestOf(text: string): number {
  return Number.parseInt(hash("sha256", text, "hex").slice(0, 13), 16);
}

/** 32 bits that stand for a text (FNV-1a): quick, where the same for two does little harm. */
function checksumOf(text: string): number {
  let sum = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    sum = Math.imul(sum ^ text.charCodeAt(index), 0x01000193);
  }
  return sum;
}

/** A copy, as it waits at this position. */
export function rowOf({ subject, ...copy }: Copy, position: number): WaitingRow {
  const { event, since, bytes, occurredAt, owner } = copy;
  return {
    position,
    event,
    since,
    bytes,
    immediate: owner.immediate ? 1 : 0,
    occurredAt,
    about: subject.about === undefined ? null : checksumOf(subject.about),
    state: subject.state === undefined ? null : digestOf(subject.state),
  };
}

/** An event that came back, as it waits at this position: the order is that of the positions. */
export function backRowOf(back: Back, position: number): WaitingRow {
  return { ...back, position, immediate: 0, occurredAt: back.since, about: null, state: null };
}

/** Without the states that another of these rows replaces: of each message the last one stays. */
export function compacted<Row extends WaitingRow>(rows: readonly Row[]): readonly Row[] {
  const last = new Map<number, Row>();
  for (const row of rows) {
    if (row.state === null) continue;
    const other = last.get(row.state);
    if (other === undefined || row.occurredAt >= other.occurredAt) last.set(row.state, row);
  }
  return rows.filter((row) => row.state === null || last.get(row.state) === row);
}

/** Whether some event stands behind a later one of the same call, conference or message. */
function isMixed(rows: readonly WaitingRow[]): boolean {
  const latest = new Map<number, number>();
  return rows.some(({ about, occurredAt }) => {
    if (about === null) return false;
    const before = latest.get(about) ?? occurredAt;
    latest.set(about, occurredAt);
    return before > occurredAt;
  });
}

/** The events of each call, conference or message by when they occurred, in the places they had. */
export function arranged<Row extends WaitingRow>(rows: readonly Row[]): readonly Row[] {
  if (!isMixed(rows)) return rows;
  const subjects = Map.groupBy(rows, ({ about }) => about);
  for (const [about, its] of subjects) {
    if (about !== null) its.sort((one, other) => one.occurredAt - other.occurredAt);
  }
  const next = new Map([...subjects].map(([about, its]) => [about, its.values()]));
  return rows.map((row) => next.get(row.about)?.next().value ?? row);
}

/**
 * The rows that overtake a backlog: each of `fresh` with its story, which is everything before it
 * of the same call, conference or message, so that the order within that holds; in the order of
 * arrival. A story is told to the end, from its beginning or from what is picked; one that is not
 * known stays where it is.
 */
export function overtaking<Row extends WaitingRow>(
  fresh: readonly Row[],
  storyOf: (row: Row, picked: ReadonlyMap<number, Row>) => readonly Row[] | undefined,
  limit: number,
): readonly Row[] {
  const rows = new Map<number, Row>();
  for (const row of fresh) {
    if (rows.has(row.position)) continue;
    const story = row.about === null ? [row] : storyOf(row, rows);
    if (story === undefined) continue;
    if (rows.size > 0 && rows.size + story.length > limit) break;
    for (const one of story.slice(0, limit)) rows.set(one.position, one);
  }
  return [...rows.values()].sort((one, other) => one.position - other.position);
}
