/** Two tenants, what events and the config say of them, and what calls have taught. */
import assert from "node:assert/strict";
import { type Claims, claimsOf } from "../../src/ownership/claims.ts";
import type { Decision, Knowledge, Question } from "../../src/ownership/deciding.ts";
import type { Memory } from "../../src/ownership/learning.ts";
import { type Evidence, keyOf, type Known, type Named } from "../../src/ownership.ts";
import type { Key } from "../../src/event.ts";
import { readEnvelope } from "../../src/telnyx/envelope.ts";
import { sightOf } from "../../src/telnyx/families.ts";
import type { Tenant } from "../../src/tenant.ts";
import { eventOf, number, ownershipOf, tenantOf } from "../pipeline/shared.ts";

/** Acme's number, beta's, and nobody's. */
export const alice = "+18005550100";
export const bob = "+18005550200";
export const stranger = "+14155550199";

export const acme = tenantOf("acme", {
  numbers: [number(alice)],
  connectionIds: ["111"],
  messagingProfileIds: ["profile-a"],
  ids: ["brand-a"],
});
export const beta = tenantOf("beta", {
  numbers: [number(bob), number("+1312555*")],
  connectionIds: ["222"],
  messagingProfileIds: ["profile-b"],
});

/** Where an event came, and under which config. */
export interface Around {
  readonly tenants?: readonly Tenant[];
  readonly path?: string;
  readonly deliveredTo?: string;
  readonly signer?: string;
  readonly at?: number;
}

/** What an event and a config say. */
export function claims(type: string, payload: object, around: Around = {}): Claims {
  const { tenants = [acme, beta], path = "/webhooks/ingest", deliveredTo, signer, at = 0 } = around;
  const meta = deliveredTo === undefined ? undefined : { attempt: 1, delivered_to: deliveredTo };
  const body = JSON.stringify(eventOf(type, payload, "e-1", meta));
  const envelope = readEnvelope(new TextEncoder().encode(body), "application/json");
  assert.ok(envelope);
  const signed = signer === undefined ? {} : { signer };
  const told = { envelope, sight: sightOf(envelope), path, at, ...signed };
  return claimsOf(told, ownershipOf(...tenants));
}

/** The payload of a message. */
export const message = (to: unknown, from: unknown, more: object = {}) => ({
  to: [to].flat().map((phone_number) => ({ phone_number })),
  from: { phone_number: from },
  ...more,
});

/** A tenant that the config names, for a number unless told otherwise. */
export function named(
  tenant: string,
  of = `number:of-${tenant}`,
  more: Partial<Named> = {},
): Named {
  const matched = of.slice(of.indexOf(":") + 1);
  const made: Named = { tenant, by: "phone_number", matched, ...more };
  return keyOf(made) === of ? made : { ...made, of };
}

/** The tenants that get an event; or why nobody does. */
export function outcomeOf(decision: Decision): readonly string[] | string {
  return decision.is === "held" ? decision.why : decision.owners.map(({ tenant }) => tenant);
}

/** What is known, of what. */
export type Memories = Readonly<Record<string, Partial<Known>>>;

/** What is known of these. */
export function knowing(all: Memories): Knowledge {
  const known = new Map(Object.entries(all));
  return (key) => {
    const found = known.get(key);
    return found === undefined ? undefined : { seenAt: 0, ...found };
  };
}

/** An event that comes when this is known. */
export function questionOf(
  evidence: Evidence,
  memory: Memories = {},
  more: Partial<Question> = {},
): Question {
  return { evidence, known: knowing(memory), now: 1_000_000, late: false, ...more };
}

/** A memory that shows what is in it, and what was written last. */
export function createMemory(all: Memories = {}) {
  const known = new Map<string, Known>(
    Object.entries(all).map(([key, one]) => [key, { seenAt: 0, ...one }]),
  );
  const written: Key[] = [];
  const memory: Memory = {
    get: (key) => known.get(key),
    put(key, one) {
      written.push(key);
      known.set(key, one);
    },
  };
  return { ...memory, written, all: () => Object.fromEntries(known) };
}
