/**
 * classify: what is this, and whose? A body is parsed here, once; its bytes go on as received.
 * Pure: it knows the directory and the event, and nothing that happened before.
 */
import { Buffer } from "node:buffer";
import { hash } from "node:crypto";
import type { Entry, Fingerprint } from "../engine.ts";
import type { Envelope } from "../telnyx/envelope.ts";
import type { Ownership } from "../ownership/claims.ts";
import { eventOf, read } from "../ownership/reading.ts";
import type { TenantId } from "../tenant.ts";
import type { Classified, Inbound, Verified } from "./inbound.ts";

/** A repetition of a body without an id is a duplicate for so long, later a new event. */
const withoutIdMs = 15 * 60_000;

const sha256 = (data: string | Uint8Array): Buffer => hash("sha256", data, "buffer");

/**
 * What makes two webhooks one event: when it happened and its id, or else its content. What two
 * accounts sign is never one: the time leaves room before it for who that was.
 */
function fingerprintOf(
  content: Buffer,
  envelope: Envelope | undefined,
  signer: TenantId | undefined,
): Fingerprint {
  const key = Buffer.alloc(24);
  const short = content.subarray(0, 8);
  if (envelope?.id === undefined) {
    if (signer !== undefined) sha256(signer).copy(key, 0, 0, 8);
    content.copy(key, 8, 0, 16);
    return { key, content: short, withinMs: withoutIdMs };
  }
  key.writeBigInt64BE(BigInt(Math.trunc(envelope.occurredAt ?? 0)), 0);
  if (signer !== undefined) sha256(signer).copy(key, 0, 0, 2);
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
    fingerprint: fingerprintOf(content, undefined, inbound.signer),
    evidence: {},
    subject: {},
    wanted: [],
    path: inbound.path,
    parked: true,
  };
}

/** What is to be recorded of a webhook. */
export function entryOf(inbound: Verified, ownership: Ownership): Entry {
  const found = read(inbound, ownership);
  if (found === undefined) return parkedEntry(inbound);
  const { envelope, claims } = found;
  const content = sha256(envelope.content);
  const { json } = envelope;
  return {
    ...claims,
    event: eventOf(found, content.toString("hex"), inbound.receivedAt),
    raw: inbound.body,
    ...(json === undefined ? {} : { json }),
    proof: proofOf(inbound),
    fingerprint: fingerprintOf(content, envelope, inbound.signer),
    path: inbound.path,
    ...(inbound.signer === undefined ? {} : { signer: inbound.signer }),
    parked: false,
  };
}

/** Yields what is to be recorded of each webhook, in their order. */
export async function* classify(
  source: AsyncIterable<Verified>,
  ownership: () => Ownership,
): AsyncGenerator<Classified, void, undefined> {
  for await (const inbound of source) {
    const under = ownership();
    yield { inbound, under, entry: entryOf(inbound, under) };
  }
}
