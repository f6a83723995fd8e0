/**
 * Plays one case: the webhooks that come before and then its own, into an engine in memory that
 * decides and learns like the one on disk; then so much time passes that nothing waits for its
 * call any more.
 */
import { Buffer } from "node:buffer";
import { hash } from "node:crypto";
import type { Config } from "../../config.ts";
import type { Engine, Entry } from "../../engine.ts";
import { openMemoryEngine } from "../../engine/memory.ts";
import { sortingOf } from "../../engine/sorting.ts";
import type { MatchedBy } from "../../event.ts";
import { graceMs, type Subject } from "../../ownership.ts";
import { type Ownership, ownershipOf } from "../../ownership/claims.ts";
import { pathOf } from "../../ownership/explained.ts";
import { eventOf, read } from "../../ownership/reading.ts";
import { rulesOf } from "../../ownership/rules.ts";
import { reservedTenantIds, type TenantId } from "../../tenant.ts";
import type { Script, Webhook } from "./load.ts";

/** What became of a case's body. */
export interface Came {
  readonly tenants: readonly TenantId[];
  readonly matchedBy: readonly MatchedBy[];
  readonly lanes: readonly ("window" | "session" | "none")[];
  /** Why it is nobody's. */
  readonly reason?: string;
  readonly channel?: string;
  readonly type?: string;
}

const nobody = { tenants: [], matchedBy: [], lanes: [] };

/** The only one of its kind: cases are not about duplicates. */
function fingerprintOf(nth: number): Entry["fingerprint"] {
  const key = Buffer.alloc(24);
  key.writeUInt32BE(nth);
  return { key, content: new Uint8Array(8) };
}

/** What is to be recorded of a webhook; undefined: it would be parked. */
function entryOf(webhook: Webhook, nth: number, ownership: Ownership): Entry | undefined {
  const receivedAt = Date.now();
  const path = pathOf(webhook);
  const found = read({ ...webhook, path, receivedAt }, ownership);
  if (found === undefined) return undefined;
  const { envelope: { content, json }, claims } = found;
  return {
    ...claims,
    event: eventOf(found, hash("sha256", content), receivedAt),
    raw: webhook.body,
    ...(json === undefined ? {} : { json }),
    proof: "",
    fingerprint: fingerprintOf(nth),
    path,
    ...(webhook.signer === undefined ? {} : { signer: webhook.signer }),
    parked: false,
  };
}

async function outcomeOf(engine: Engine, id: string, subject: Subject, config: Config) {
  const stored = await engine.find(id, Number.MAX_SAFE_INTEGER);
  if (stored === undefined) return nobody;
  const sorting = sortingOf(config);
  const owners = stored.owners.filter(({ tenant }) => !reservedTenantIds.includes(tenant));
  const { why, event: { channel, type } } = stored;
  return {
    tenants: owners.map(({ tenant }) => tenant),
    matchedBy: owners.map(({ by }) => by),
    lanes: owners.map(({ tenant, dropped }) => {
      if (dropped) return "none" as const;
      return sorting.sessionOf(tenant, subject) === undefined ? "window" : "session";
    }),
    ...(why === undefined ? {} : { reason: why }),
    channel,
    type,
  };
}

/** Plays a case under this config. */
export async function play({ before, webhook }: Script, config: Config): Promise<Came> {
  const ownership = ownershipOf(config);
  await using engine = await openMemoryEngine();
  await engine.configure(rulesOf(config));
  const entries = [...before, webhook].map((one, nth) => entryOf(one, nth, ownership));
  const last = entries.at(-1);
  if (last === undefined) return { ...nobody, reason: "parked" };
  for (const entry of entries) if (entry !== undefined) await engine.append([entry]);
  await engine.tend(Date.now() + graceMs, false);
  return outcomeOf(engine, last.event.id, last.subject, config);
}
