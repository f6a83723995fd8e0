/**
 * Telnyx signs every webhook: Ed25519 over `<telnyx-timestamp>|<raw body bytes>`, one key for all
 * of an organization, two for an hour while it rotates.
 *
 *     headers ─readProof→ Proof ─verifier(proof, body)→ which of our keys signed it, if any
 *
 * Verification is native and on the thread pool, off the event loop; `@noble/ed25519` checks the
 * keys an operator configures, and stands in where native Ed25519 is missing.
 */
import { Buffer } from "node:buffer";
import { createHash, createPublicKey, type KeyObject, verify } from "node:crypto";
import * as noble from "@noble/ed25519";

/** Names of the headers, in lower case as Node gives them. */
export const signatureHeader = "telnyx-signature-ed25519";
/** Unix seconds, decimal, exactly the text that was signed. */
export const timestampHeader = "telnyx-timestamp";

/** What the two headers said; nothing is known to be true of it yet. */
export interface Proof {
  /** As received: this text is what was signed. */
  readonly timestamp: string;
  readonly seconds: number;
  readonly signature: Uint8Array;
}

/**
 * Resolves to the index of the key that signed it; to nothing if none did. Never rejects. The keys
 * are tried in their order, but those at the indices `first` before all others.
 */
export type Verifier = (
  proof: Proof,
  body: Uint8Array,
  first?: readonly number[],
) => Promise<number | undefined>;

/** Strict: the unused bits of the last character are zero, so one value has one text. */
const signatureText = /^[A-Za-z0-9+/]{85}[AQgw]==$/;
const keyText = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/;

/** Twelve digits reach the year 33658; milliseconds have thirteen. */
const secondsText = /^[0-9]{1,12}$/;

/** Reads the two headers without looking at the body. */
export function readProof(
  signature: string | undefined,
  timestamp: string | undefined,
): Proof | "missing" | "malformed" {
  if (!signature || !timestamp) return "missing";
  if (!secondsText.test(timestamp) || !signatureText.test(signature)) return "malformed";
  return { timestamp, seconds: Number(timestamp), signature: Buffer.from(signature, "base64") };
}

/** The bytes that Telnyx signs. */
export function signedBytes(timestamp: string, body: Uint8Array): Uint8Array {
  const message = Buffer.allocUnsafe(timestamp.length + 1 + body.length);
  message.write(`${timestamp}|`, "latin1");
  message.set(body, timestamp.length + 1);
  return message;
}

const rightKey = "must be 32 bytes in standard base64 (44 characters that end in =), as Telnyx's " +
  "portal shows it under Keys & Credentials, Public Key";

/** What people paste instead of the key, first match named. */
const mistakes: readonly (readonly [RegExp, string])[] = [
  [/^$/, "nothing"],
  [/-----BEGIN/, "PEM"],
  [/^KEY[0-9A-Za-z_-]{20,}$/, "what looks like an API key, which belongs in telnyx.api_key"],
  [/^(0x)?[0-9A-Fa-f]{64}$/, "64 hexadecimal digits"],
  [/^MCowBQYDK2VwAyEA/, "the base64 of a DER key: only its last 32 bytes are the key"],
  [/^(?=.*[-_])[A-Za-z0-9_-]{43}=?$/, "URL-safe base64: write + for - and / for _"],
  [/^[A-Za-z0-9+/]{43}$/, "base64 without its last character ="],
  [/^\s|\s$/, "white space around it"],
  [/^[A-Za-z0-9+/]{43}=$/, "a last character whose unused bits are not zero"],
];

const mistakeOf = (text: string): string =>
  mistakes.find(([looksLike]) => looksLike.test(text))?.[1] ??
    `${text.length} characters of something else`;

/** A configured key, or what is wrong with it, to be read after the name of its field. */
export function parsePublicKey(
  text: string,
): { readonly key: Uint8Array } | { readonly problem: string } {
  if (!keyText.test(text)) return { problem: `${rightKey}: received ${mistakeOf(text)}` };
  const key = Uint8Array.from(Buffer.from(text, "base64"));
  try {
    if (!noble.Point.fromBytes(key).isSmallOrder()) return { key };
    return { problem: "must be a key that somebody holds: received a point of small order" };
  } catch {
    return { problem: "must be an Ed25519 public key: received bytes that are not on the curve" };
  }
}

type Check = (message: Uint8Array, signature: Uint8Array) => Promise<boolean>;

function nativeKeyOf(key: Uint8Array): KeyObject {
  const x = Buffer.from(key).toString("base64url");
  return createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
}

function nativeCheckOf(key: Uint8Array): Check {
  const object = nativeKeyOf(key);
  return (message, signature) =>
    new Promise((resolve) => {
      verify(null, message, object, signature, (error, good) => resolve(!error && good));
    });
}

/** noble's synchronous half asks for a SHA-512 of ours; Node's is the faster one. */
noble.hashes.sha512 = (message) => Uint8Array.from(createHash("sha512").update(message).digest());

function nobleCheckOf(key: Uint8Array): Check {
  return async (message, signature) => {
    try {
      return noble.verify(signature, message, key, { zip215: false });
    } catch {
      return false;
    }
  };
}

/** RFC 8032, 7.1, test 1: the signature of nothing. */
const known = {
  key: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
  signature: "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc6" +
    "1e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
};

/** Whether this runtime verifies Ed25519 itself: asked with a signature known to be good. */
export function hasNativeEd25519(): boolean {
  try {
    const key = nativeKeyOf(Buffer.from(known.key, "hex"));
    return verify(null, new Uint8Array(), key, Buffer.from(known.signature, "hex"));
  } catch {
    return false;
  }
}

/** Keys as `parsePublicKey` gives them; they are made ready once. */
export function createVerifier(
  keys: readonly Uint8Array[],
  native: boolean = hasNativeEd25519(),
): Verifier {
  const checks = keys.map(native ? nativeCheckOf : nobleCheckOf);
  return async ({ timestamp, signature }, body, first = []) => {
    const message = signedBytes(timestamp, body);
    for (const index of new Set([...first, ...checks.keys()])) {
      if (await checks[index]?.(message, signature)) return index;
    }
    return undefined;
  };
}

/** The public key that belongs to a seed of 32 bytes. */
export function publicKeyOf(seed: Uint8Array): Uint8Array {
  return noble.getPublicKey(seed);
}

/** Signs as Telnyx does; the value of the signature header. About a millisecond. */
export function signWebhook(seed: Uint8Array, timestamp: string, body: Uint8Array): string {
  return Buffer.from(noble.sign(signedBytes(timestamp, body), seed)).toString("base64");
}
