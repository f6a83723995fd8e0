/**
 * A batch as its receiver sees it: headers and bytes, and whether the signature is right (Standard
 * Webhooks 1.0). Written apart from what signs, so that each checks the other.
 */
import { Buffer } from "node:buffer";
import { createHmac, createPublicKey, timingSafeEqual, verify } from "node:crypto";

/** What was received. */
export interface Received {
  readonly id: string;
  readonly timestamp: string;
  /** The header `webhook-signature`: several, separated by spaces. */
  readonly signature: string;
  readonly body: Uint8Array;
}

/** What the receiver knows. */
export interface VerifyingKeys {
  /** `whsec_…` */
  readonly secrets: readonly string[];
  /** `whpk_…` */
  readonly publicKeys: readonly string[];
}

/** DER of an Ed25519 public key up to its 32 bytes (RFC 8410). */
const spkiPrefix = Buffer.from("302a300506032b6570032100", "hex");

function bytesOf(key: string, prefix: string): Buffer | undefined {
  const text = key.startsWith(prefix) ? key.slice(prefix.length) : key;
  const bytes = Buffer.from(text, "base64");
  return bytes.byteLength > 0 && bytes.toString("base64") === text ? bytes : undefined;
}

/** What is wrong with a key, if anything. */
export function keyProblem(key: string, kind: "secret" | "public key"): string | undefined {
  const isSecret = kind === "secret";
  const bytes = bytesOf(key, isSecret ? "whsec_" : "whpk_");
  if (bytes !== undefined && (isSecret || bytes.byteLength === 32)) return undefined;
  return isSecret ? "must be whsec_ and base64" : "must be whpk_ and 32 bytes in base64";
}

function isMac(given: Buffer, signed: Uint8Array, secret: string): boolean {
  const key = bytesOf(secret, "whsec_");
  if (key === undefined) return false;
  const expected = createHmac("sha256", key).update(signed).digest();
  return given.byteLength === expected.byteLength && timingSafeEqual(given, expected);
}

function isSignature(given: Buffer, signed: Uint8Array, publicKey: string): boolean {
  const bytes = bytesOf(publicKey, "whpk_");
  if (bytes?.byteLength !== 32) return false;
  const key = createPublicKey({
    key: Buffer.concat([spkiPrefix, bytes]),
    format: "der",
    type: "spki",
  });
  return verify(null, signed, key, given);
}

/** Which of the signatures are right, by their versions: `v1`, `v1a`. */
export function rightSignatures(received: Received, keys: VerifyingKeys): readonly string[] {
  const { id, timestamp, signature, body } = received;
  const signed = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]);
  return signature.split(" ").flatMap((one) => {
    const [version = "", text = ""] = one.split(",", 2);
    const given = Buffer.from(text, "base64");
    const isRight = version === "v1"
      ? keys.secrets.some((secret) => isMac(given, signed, secret))
      : version === "v1a" && keys.publicKeys.some((key) => isSignature(given, signed, key));
    return isRight ? [version] : [];
  });
}
