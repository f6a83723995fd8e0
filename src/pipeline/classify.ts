/**
 * classify: what is this, and whose? A body is parsed here, once; its bytes go on as received.
 * Pure: it knows the directory and the event, and nothing that happened before.
 */
import { Buffer } from "node:buffer";
import { hash } from "node:crypto";
import type { Entry, Fingerprint } from "../engine.ts";
import type { Event, Owner } from "../event.ts";
import { type Envelope, readEnvelope } from "../telnyx/envelope.ts";
import { sightOf } from "../telnyx/families.ts";
import { claimsOf, type Ownership } from "./claims.ts";
import type { Classified, Inbound, Verified } from "./inbound.ts";

/** A repetition of a body without an id is a duplicate for so long, later a new event. */
const withoutIdMs = 15 * 60_000;

const sha256 = (data: string | Uint8Array): Buffer => hash("sha256", data, "buffer");

/** What makes two webhooks one event: when it happened and its id, or else its content. */
function fingerprintOf(content: Buffer, envelope: Envelope | undefined): Fingerprint {
  const key = Buffer.alloc(24);
  const short = content.subarray(0, 8);
  if (envelope?.id === undefined) {
    content.copy(key, 8, 0, 16);
    return { key, content: short, withinMs: withoutIdMs };
  }
  key.writeBigInt64BE(BigInt(Math.trunc(envelope.occurredAt ?? 0)), 0);
  sha256(envelope.id).copy(key, 8, 0, 16);
  return { key, content: short };
}

function proofOf({ proof }: Inbound): string {
  return `${proof.timestamp} ${Buffer.from(proof.signature).toString("base64")}`;
}

function parkedEntry(inbound: Verified): Entry {
  const content = sha256(inbound.body);
  const id = `sha256:${content.toString("hex")}`;
  return {
    event: { id, type: "unreadable", channel: "other", receivedAt: inbound.receivedAt },
    raw: inbound.body,
    proof: proofOf(inbound),
    fingerprint: fingerprintOf(content, undefined),
    claims: [],
    heldKeys: [],
    parked: true,
  };
}

/** What is to be recorded of a webhook. */
export function entryOf(inbound: Verified, ownership: Ownership): Entry {
  const envelope = readEnvelope(inbound.body, inbound.contentType);
  if (envelope === undefined) return parkedEntry(inbound);
  const sight = sightOf(envelope);
  const content = sha256(envelope.content);
  const { occurredAt, json } = envelope;
  const event: Event = {
    id: envelope.id ?? `sha256:${content.toString("hex")}`,
    type: envelope.type,
    channel: sight.channel,
    receivedAt: inbound.receivedAt,
    ...(occurredAt === undefined ? {} : { occurredAt }),
  };
  const told = { envelope, sight, path: inbound.path };
  const { owners, ambiguous, keys } = claimsOf(told, ownership);
  const rules = (owner: Omit<Owner, "immediate" | "dropped">): Owner => ({
    ...owner,
    immediate: sight.optOut || ownership.isImmediate(owner.tenant, event.type),
    dropped: !sight.optOut && ownership.isDropped(owner.tenant, event.type),
  });
  return {
    event,
    raw: inbound.body,
    ...(json === undefined ? {} : { json }),
    proof: proofOf(inbound),
    fingerprint: fingerprintOf(content, envelope),
    claims: [{ owners: owners.map(rules) }],
    heldFor: ambiguous ? "ambiguous" : "unknown",
    heldKeys: keys,
    parked: false,
  };
}

/** Yields what is to be recorded of each webhook, in their order. */
export async function* classify(
  source: AsyncIterable<Verified>,
  ownership: () => Ownership,
): AsyncGenerator<Classified, void, undefined> {
  for await (const inbound of source) yield { inbound, entry: entryOf(inbound, ownership()) };
}
