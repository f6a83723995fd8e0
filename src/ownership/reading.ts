/** From a body to what it says of itself and its owner: one parse, for whoever wants to know. */
import type { Event } from "../event.ts";
import { type Envelope, readEnvelope } from "../telnyx/envelope.ts";
import { type Sighting, sightOf } from "../telnyx/families.ts";
import type { TenantId } from "../tenant.ts";
import { type Claims, claimsOf, type Ownership } from "./claims.ts";

/** A webhook as it came, or as it was kept. */
export interface Received {
  readonly body: Uint8Array;
  readonly contentType?: string;
  /** That it was sent to, without its query. */
  readonly path: string;
  /** Epoch ms. */
  readonly receivedAt: number;
  /** The tenant whose own account signed it. */
  readonly signer?: TenantId;
}

/** What was read. */
export interface Read {
  readonly envelope: Envelope;
  readonly sight: Sighting;
  readonly claims: Claims;
}

/** What a body and the config in force say; nothing if it is to be parked. */
export function read(received: Received, ownership: Ownership): Read | undefined {
  const envelope = readEnvelope(received.body, received.contentType);
  if (envelope === undefined) return undefined;
  const { path, receivedAt, signer } = received;
  const sight = sightOf(envelope);
  const at = envelope.occurredAt ?? receivedAt;
  const told = { envelope, sight, path, at, ...(signer === undefined ? {} : { signer }) };
  return { envelope, sight, claims: claimsOf(told, ownership) };
}

/** The event it is; `content` is the hash, in hexadecimal, that stands for a missing id. */
export function eventOf({ envelope, sight }: Read, content: string, receivedAt: number): Event {
  const { id, type, occurredAt } = envelope;
  const { channel, expiresAfterMs } = sight;
  const expiresAt = sight.expiresAt ??
    (expiresAfterMs === undefined ? undefined : receivedAt + expiresAfterMs);
  return {
    id: id ?? `sha256:${content}`,
    type,
    channel,
    receivedAt,
    ...(occurredAt === undefined ? {} : { occurredAt }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}
