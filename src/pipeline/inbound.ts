/**
 * What flows inward. A webhook is an `Inbound` until its signature is verified, `Verified` until
 * we know whose it is, `Classified` until it is in the log. Each carries the sender's answer with
 * it: exactly one stage gives it.
 */
import type { Entry } from "../engine.ts";
import type { Proof } from "../telnyx/signature.ts";
import type { TenantId } from "../tenant.ts";

/** What the sender of a webhook is told. */
export interface Answer {
  readonly status: 200 | 401 | 503;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A webhook as it came, its headers well formed, its signature not yet verified. */
export interface Inbound {
  readonly proof: Proof;
  readonly body: Uint8Array;
  readonly contentType?: string;
  /** Without its query. */
  readonly path: string;
  /** Epoch ms. */
  readonly receivedAt: number;
  /** How far the timestamp is from our clock: positive when it lies in the past. */
  readonly skewSeconds: number;
  /** To be called once. */
  answer(answer: Answer): void;
}

declare const verified: unique symbol;

/** A webhook that Telnyx signed, in time. Only `verify` makes one. */
export interface Verified extends Inbound {
  readonly [verified]: true;
  /** The tenant whose own account signed it; absent: the operator's did. */
  readonly signer?: TenantId;
}

/** A verified webhook with what is to be recorded of it. */
export interface Classified {
  readonly inbound: Verified;
  readonly entry: Entry;
  /** What the config said when it was classified, compared by identity. */
  readonly under: object;
}

/** The answer to whatever is refused for its signature; says nothing of why. */
export const invalidSignature: Answer = { status: 401, body: { error: "invalid signature" } };

/** The answer to whatever may be sent again later. */
export const tryLater = (error: string): Answer => ({ status: 503, body: { error } });
