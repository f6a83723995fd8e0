/**
 * The keys a tenant's batches are signed with, and the signature itself (Standard Webhooks 1.0).
 *
 * Every tenant has keys of its own from its first batch: derived from the store's seed and its id
 * (HKDF-SHA256, RFC 5869), so that what is signed for one tenant never verifies at another's.
 *
 *     seed ─HKDF(tenant)─▶ secret  whsec_…   HMAC-SHA256  v1,…
 *          └HKDF(tenant)─▶ key     whpk_…    Ed25519      v1a,…
 */
import { Buffer } from "node:buffer";
import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  hash,
  hkdfSync,
  type KeyObject,
  randomBytes,
  sign,
} from "node:crypto";
import type { TenantId } from "./tenant.ts";

/** Bytes of the seed, of a derived secret and of an Ed25519 seed. */
export const keyBytes = 32;

/** Signers kept; a tenant beyond it has its keys derived again. */
const signersMax = 20_000;

/** What a receiver needs to verify what it gets. */
export interface TenantKeys {
  /** `whsec_…`: shared, for `v1`. */
  readonly secret: string;
  /** `whpk_…`: public, for `v1a`. */
  readonly publicKey: string;
}

/** Signs for every tenant. */
export interface Signing {
  keysOf(tenant: TenantId): TenantKeys;
  /** The header `webhook-signature`: one `v1` per secret (the derived one if none), one `v1a`. */
  sign(
    tenant: TenantId,
    secrets: readonly Uint8Array[],
    id: string,
    seconds: number,
    body: Uint8Array,
  ): string;
}

interface Signer {
  readonly secret: Uint8Array;
  readonly privateKey: KeyObject;
  readonly publicKey: string;
}

/** DER of a PKCS #8 Ed25519 key up to its seed (RFC 8410). */
const pkcs8Prefix = Buffer.from("302e020100300506032b657004220420", "hex");

function derive(seed: Uint8Array, tenant: TenantId, purpose: string): Uint8Array {
  const info = `edge-webhook-aggregator/${purpose}/1/${tenant}`;
  return new Uint8Array(hkdfSync("sha256", seed, new Uint8Array(0), info, keyBytes));
}

function signerOf(seed: Uint8Array, tenant: TenantId): Signer {
  const der = Buffer.concat([pkcs8Prefix, derive(seed, tenant, "ed25519")]);
  const privateKey = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const spki = createPublicKey(privateKey).export({ format: "der", type: "spki" });
  const publicKey = `whpk_${spki.subarray(-keyBytes).toString("base64")}`;
  return { secret: derive(seed, tenant, "hmac-sha256"), privateKey, publicKey };
}

/** A new seed. */
export const createSeed = (): Uint8Array => randomBytes(keyBytes);

/** Tells whether two seeds are the same without telling the seed. */
export function seedFingerprintOf(seed: Uint8Array): string {
  return hash("sha256", Buffer.concat([Buffer.from("edge-webhook-aggregator/seed/"), seed]), "hex");
}

/** Signs with keys derived from this seed. */
export function createSigning(seed: Uint8Array): Signing {
  const signers = new Map<TenantId, Signer>();

  function of(tenant: TenantId): Signer {
    const known = signers.get(tenant);
    if (known !== undefined) return known;
    if (signers.size >= signersMax) signers.clear();
    const made = signerOf(seed, tenant);
    signers.set(tenant, made);
    return made;
  }

  return {
    keysOf(tenant) {
      const { secret, publicKey } = of(tenant);
      return { secret: `whsec_${Buffer.from(secret).toString("base64")}`, publicKey };
    },
    sign(tenant, secrets, id, seconds, body) {
      const { secret, privateKey } = of(tenant);
      const signed = Buffer.concat([Buffer.from(`${id}.${seconds}.`), body]);
      const shared = secrets.length > 0 ? secrets : [secret];
      const macs = shared.map((key) =>
        `v1,${createHmac("sha256", key).update(signed).digest("base64")}`
      );
      return [...macs, `v1a,${sign(null, signed, privateKey).toString("base64")}`].join(" ");
    },
  };
}
