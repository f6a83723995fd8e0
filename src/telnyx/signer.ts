/**
 * A fast signer for whoever plays Telnyx: the sample sender, the demo, the benchmark. The same
 * signatures as `signWebhook`, from native code; Ed25519 leaves nothing to chance.
 */
import { Buffer } from "node:buffer";
import { createPrivateKey, sign } from "node:crypto";
import {
  hasNativeEd25519,
  signatureHeader,
  signedBytes,
  signWebhook,
  timestampHeader,
} from "./signature.ts";

/** The signature header's value for this timestamp and body. */
export type Signer = (timestamp: string, body: Uint8Array) => string;

/** PKCS #8 of an Ed25519 seed, up to the seed itself (RFC 8410, 7). */
const pkcs8Prefix = "302e020100300506032b657004220420";

/** Makes the key ready once; where native Ed25519 is missing, signs with noble. */
export function createSigner(seed: Uint8Array, native: boolean = hasNativeEd25519()): Signer {
  if (!native) return (timestamp, body) => signWebhook(seed, timestamp, body);
  const der = Buffer.concat([Buffer.from(pkcs8Prefix, "hex"), seed]);
  const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  return (timestamp, body) => sign(null, signedBytes(timestamp, body), key).toString("base64");
}

/** Both of Telnyx's headers, for a webhook sent at this time. */
export function signedHeaders(
  signer: Signer,
  body: Uint8Array,
  nowSeconds: number,
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(nowSeconds));
  return { [signatureHeader]: signer(timestamp, body), [timestampHeader]: timestamp };
}
