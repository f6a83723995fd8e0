/** Entries to be recorded, and what is done with an engine, in few words. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { hash } from "node:crypto";
import type { Batch } from "../../src/batch.ts";
import { envelopeLayout } from "../../src/batch/envelope.ts";
import type { Attempt, Settlement } from "../../src/delivery.ts";
import type { Engine, Entry, Recorded, Rules, TenantRule } from "../../src/engine.ts";
import type { Cut, Lane, Waiting } from "../../src/lane.ts";
import type { Event, Key } from "../../src/event.ts";
import type { Named, Subject } from "../../src/ownership.ts";

/** A moment in the past that tests count from. */
export const noon = Date.UTC(2025, 10, 20, 12);

/** A tenant that the config names as the owner. */
export function owner(tenant: string, more: Partial<Named> = {}): Named {
  const matched = `+1800555${tenant}`;
  return { tenant, by: "phone_number", matched, of: `number:${matched}`, ...more };
}

/** What is `….urgent` closes the tenant's window at once, what is `….unwanted` is not delivered. */
export function rule(tenant: string, more: Partial<TenantRule> = {}): TenantRule {
  return { tenant, immediate: ["*.urgent"], drop: ["*.unwanted"], ...more };
}

/** The rules of these tenants. */
export function rules(...tenants: readonly TenantRule[]): Rules {
  return { tenants, holdMs: 72 * 3_600_000, copies: false };
}

/** What a test says of an entry; all else follows from it. */
export interface Told extends Partial<Pick<Event, "type" | "occurredAt" | "expiresAt">> {
  readonly id?: string;
  readonly owners?: readonly Named[];
  readonly at?: number;
  /** The body as received. */
  readonly body?: string;
  readonly json?: string;
  /** What is compared under one id; by default the body. */
  readonly content?: string;
  readonly withinMs?: number;
  readonly subject?: Subject;
  readonly legs?: readonly Key[];
  readonly parked?: boolean;
}

const sha256 = (text: string) => hash("sha256", text, "buffer");

function eventOf({ id = "e1", at = noon, type = "message.received", ...told }: Told): Event {
  return {
    id,
    type,
    channel: "messaging",
    receivedAt: at,
    ...(told.occurredAt === undefined ? {} : { occurredAt: told.occurredAt }),
    ...(told.expiresAt === undefined ? {} : { expiresAt: told.expiresAt }),
  };
}

/** One webhook to be recorded. */
export function entry(told: Told): Entry {
  const { id = "e1", owners = [], subject = {}, legs = [], parked = false } = told;
  const body = told.body ?? JSON.stringify({ data: { id } });
  const key = Buffer.concat([Buffer.alloc(8), sha256(id).subarray(0, 16)]);
  const content = sha256(told.content ?? body).subarray(0, 8);
  const withinMs = told.withinMs === undefined ? {} : { withinMs: told.withinMs };
  return {
    event: eventOf(told),
    raw: Buffer.from(body),
    ...(told.json === undefined ? {} : { json: Buffer.from(told.json) }),
    proof: "1763640000 c2lnbmF0dXJl",
    fingerprint: { key, content, ...withinMs },
    evidence: owners.length === 0 ? {} : { direction: "inbound", numbers: owners, legs },
    subject,
    wanted: owners.length === 0 ? ["number:+18005559876", "id:x"] : [],
    path: "/webhooks",
    parked,
  };
}

/** Records one. */
export async function append(engine: Engine, told: Told): Promise<Recorded> {
  const [recorded] = await engine.append([entry(told)]);
  assert.ok(recorded);
  return recorded;
}

/** Records one after another, `prefix1`, `prefix2`, …, for one tenant. */
export async function appendMany(
  engine: Engine,
  tenant: string,
  count: number,
  prefix = tenant,
): Promise<string[]> {
  const ids = Array.from({ length: count }, (_, index) => `${prefix}${index + 1}`);
  await engine.append(
    ids.map((id, index) => entry({ id, owners: [owner(tenant)], at: noon + index })),
  );
  return ids;
}

/** The next lanes that are handed out, by tenant. */
export async function takeLanes(engine: Engine, count = 1): Promise<Map<string, Lane>> {
  const stop = new AbortController();
  const lanes = new Map<string, Lane>();
  for await (const lane of engine.lanes(stop.signal)) {
    lanes.set(lane.tenant, lane);
    if (lanes.size === count) break;
  }
  return lanes;
}

/** The next lane that is handed out. */
export async function takeLane(engine: Engine): Promise<Lane> {
  const [lane] = (await takeLanes(engine)).values();
  assert.ok(lane);
  return lane;
}

/** A cut that takes everything unless told otherwise. */
export function cut(more: Partial<Cut> = {}): Cut {
  return {
    eventsMax: 1_000,
    bytesMax: 1_000_000,
    reason: "max_wait",
    layout: envelopeLayout,
    from: "head",
    compact: false,
    ...more,
  };
}

/** Seals what waits; something must. */
export async function seal(lane: Lane, more: Partial<Cut> = {}): Promise<Batch> {
  const batch = await lane.seal(cut(more));
  assert.ok(batch);
  return batch;
}

/** A lane in which nothing waits, and nothing beside it. */
export const idle: Waiting = {
  count: 0,
  bytes: 0,
  immediate: false,
  sealed: 0,
  split: 0,
  refused: 0,
};

/** One request, as it ended. */
export function attempt(number: number): Attempt {
  return { number, startedAt: noon, tookMs: 1.5, origin: "https://hooks.acme.example" };
}

/** Given up, and with it what waits since before then. */
export function dead(olderThan = 0): Settlement {
  return { as: "dead", reason: "not accepted within 10 s", olderThan };
}

/** A payload, read. */
export interface Payload {
  readonly id: string;
  readonly stream: string;
  readonly tenant: string;
  readonly sequence: number;
  readonly previous_id: string | null;
  readonly continues?: string;
  readonly count: number;
  readonly window: { readonly opened_at: string; readonly reason: string };
  readonly events: readonly { readonly data: { readonly id: string } }[];
  readonly routing: readonly Readonly<Record<string, string>>[];
}

/** The payload of a batch. */
export async function payloadOf(lane: Lane, batch: Batch): Promise<Payload> {
  return JSON.parse(Buffer.from(await lane.bytes(batch.id)).toString());
}

/** The ids in a batch, in their order. */
export async function idsOf(lane: Lane, batch: Batch): Promise<string[]> {
  return (await payloadOf(lane, batch)).routing.map(({ id }) => String(id));
}

/** Seals and accepts until nothing waits; the ids in their order. */
export async function drain(lane: Lane, more: Partial<Cut> = {}): Promise<string[]> {
  const ids: string[] = [];
  for (;;) {
    const batch = await lane.seal(cut(more));
    if (batch === undefined) return ids;
    ids.push(...await idsOf(lane, batch));
    await lane.settle(batch.id, attempt(1), { as: "accepted" });
  }
}
