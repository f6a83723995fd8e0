/** Tenants, webhooks and facts for the stages' tests. */
import type { Engine } from "../../src/engine.ts";
import type { Lane } from "../../src/lane.ts";
import { openMemoryEngine } from "../../src/engine/memory.ts";
import { openEmbeddedEngine } from "../../src/engine/embedded.ts";
import { temporaryFolder } from "../support/folder.ts";
import { buildDirectory } from "../../src/directory.ts";
import type { Fact } from "../../src/telemetry.ts";
import type { Destination, OwnedNumber, Tenant, WindowRule } from "../../src/tenant.ts";
import { channels } from "../../src/tenant.ts";
import { type Ownership, ownershipOf as ownershipIn } from "../../src/ownership/claims.ts";
import type { Answer, Inbound, Verified } from "../../src/pipeline/inbound.ts";
import { entryOf } from "../../src/pipeline/classify.ts";

/** Where a tenant's batches go, unless a test says otherwise. */
export const destination: Destination = {
  url: "https://hooks.acme.example/telnyx",
  headers: {},
  timeoutMs: 15_000,
  inFlight: 1,
  retry: { firstMs: 2_000, maxMs: 60_000, forMs: 72 * 3_600_000 },
  gzip: false,
  secrets: [],
  secretVersion: 1,
};

/** A window, unless a test says otherwise. */
export const windowRule: WindowRule = {
  maxWaitMs: 5_000,
  eventsMax: 100,
  bytesMax: 256 * 1_024,
  lingerMs: 30_000,
  maxAgeMs: 4 * 3_600_000,
  compact: false,
  catchUp: "live_first",
  layout: "envelope/1",
};

/** A tenant that owns nothing, unless a test says otherwise. */
export function tenantOf(id: string, own: Partial<Tenant> = {}): Tenant {
  return {
    id,
    numbers: [],
    connectionIds: [],
    messagingProfileIds: [],
    ids: [],
    channels: new Set(channels),
    publicKeys: [],
    destination,
    paused: false,
    window: windowRule,
    immediate: [],
    drop: [],
    ...own,
  };
}

/** A whole number of a tenant, or a prefix where it ends in `*`. */
export function number(text: string): OwnedNumber {
  return text.endsWith("*")
    ? { number: text.slice(0, -1), prefix: true }
    : { number: text, prefix: false };
}

/** What these tenants own. */
export function ownershipOf(...tenants: readonly Tenant[]): Ownership {
  const byId = new Map(tenants.map((tenant) => [tenant.id, tenant]));
  return ownershipIn({ directory: buildDirectory(tenants), tenants: byId });
}

/** A webhook, and what its sender was told. */
export interface Asked {
  readonly inbound: Inbound;
  readonly answers: readonly Answer[];
}

/** A webhook with this body, well signed as far as a stage behind verify can tell. */
export function ask(body: unknown, more: Partial<Inbound> = {}): Asked {
  const answers: Answer[] = [];
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const inbound: Inbound = {
    proof: { timestamp: "1700000000", seconds: 1_700_000_000, signature: new Uint8Array(64) },
    body: new TextEncoder().encode(text),
    contentType: "application/json",
    path: "/webhooks/ingest",
    receivedAt: 1_700_000_000_500,
    skewSeconds: 0,
    answer: (answer) => answers.push(answer),
    ...more,
  };
  return { inbound, answers };
}

/** Only `verify` makes one; a test of what follows it has to pretend. */
export const verified = ({ inbound }: Asked): Verified => inbound as Verified;

/** An event of v2. */
export function eventOf(type: string, payload: object, id = "e-1", meta?: object): object {
  const data = { record_type: "event", event_type: type, id, occurred_at: occurredAt, payload };
  return meta === undefined ? { data } : { data, meta };
}

/** When those events happened. */
export const occurredAt = "2026-11-20T10:15:30.123Z";

/** Remembers facts. */
export function collectFacts() {
  const facts: Fact[] = [];
  return { facts, state: (fact: Fact) => void facts.push(fact) };
}

/** These, one after the other. */
export async function* from<T>(...items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

/** Everything that comes. */
export async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

/** A log of its own. */
export const openEngine = openMemoryEngine;

/** A log on disk, gone with its scope; opened again, it is the same one. */
export async function openDurableEngine(): Promise<Engine & { reopen(): Promise<Engine> }> {
  const folder = await temporaryFolder();
  const path = folder.file("log.db");
  let engine = await openEmbeddedEngine({ path });
  return {
    ...engine,
    async reopen() {
      await engine[Symbol.asyncDispose]();
      engine = await openEmbeddedEngine({ path });
      return engine;
    },
    async [Symbol.asyncDispose]() {
      await engine[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const ownNumber = "+18005550100";
const arriving = ownershipOf(
  tenantOf("acme", { numbers: [number(ownNumber)], immediate: ["call.hangup"] }),
);

/** Puts an event of acme into the log, as of now. */
export async function arrive(
  engine: Pick<Engine, "append">,
  id: string,
  type = "call.x",
  text = "",
): Promise<void> {
  const payload = { direction: "incoming", to: ownNumber, text };
  const asked = ask(eventOf(type, payload, id), { receivedAt: Date.now() });
  const [recorded] = await engine.append([entryOf(verified(asked), arriving)]);
  if (recorded?.status !== "queued") throw new Error(`It was ${recorded?.status}`);
}

/** The first lane that is handed out. */
export async function firstLane(engine: Pick<Engine, "lanes">): Promise<Lane> {
  for await (const lane of engine.lanes(new AbortController().signal)) return lane;
  throw new Error("There is no lane");
}

/** The ids of a payload's events. */
export function idsIn(bytes: Uint8Array): string[] {
  const { events }: { events: { data: { id: string } }[] } = JSON.parse(
    new TextDecoder().decode(bytes),
  );
  return events.map(({ data }) => data.id);
}
