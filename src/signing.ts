/**
 * The keys a tenant's batches are signed with, and the signature itself (Standard Webhooks 1.0).
 *
 * Every tenant has keys of its own from its first batch: derived from the store's seed, its id and
 * the version of its secret (HKDF-SHA256, RFC 5869), so that what is signed for one tenant never
 * verifies at another's. For a day after the version has changed the old keys sign as well.
 *
 *     seed ─HKDF(version, tenant)─▶ secret  whsec_…   HMAC-SHA256  v1,…
 *          └HKDF(version, tenant)─▶ key     whpk_…    Ed25519      v1a,…
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
import type { SecretVersion } from "./engine.ts";
import { createRotations } from "./signing/rotations.ts";
import type { Destination, TenantId } from "./tenant.ts";

/** Bytes of the seed, of a derived secret and of an Ed25519 seed. */
export const keyBytes = 32;

/** Signers kept; a tenant beyond it has its keys derived again. */
const signersMax = 20_000;

/** The version that holds where no other is named. */
const firstVersion = 1;

/** What a receiver needs to verify what it gets. */
export interface VerifyingKeys {
  /** `whsec_…`: shared, for `v1`. */
  readonly secret: string;
  /** `whpk_…`: public, for `v1a`. */
  readonly publicKey: string;
}

/** A tenant's keys, and while they are rotated those of before. */
export interface TenantKeys extends VerifyingKeys {
  /** They sign until then, in epoch ms. */
  readonly previous?: VerifyingKeys & { readonly until: number };
}

/** What the config in force says of a tenant's keys. */
export type SigningRule = Pick<Destination, "secrets" | "secretVersion">;

/** Who signs what the aggregator itself says, such as alarms; as reserved as `unassigned`. */
export const ownId: TenantId = "aggregator";

/** Its keys are derived, and always the first. */
export const ownRule: SigningRule = { secrets: [], secretVersion: firstVersion };

/** Signs for every tenant. */
export interface Signing {
  /** Of this version; without one, of that which `rotated` told last, or else the first. */
  keysOf(tenant: TenantId, version?: number): TenantKeys;
  /**
   * The header `webhook-signature`: one `v1` per secret (the derived ones if none are given), one
   * `v1a` per key; the newest first.
   */
  sign(
    tenant: TenantId,
    rule: SigningRule,
    id: string,
    seconds: number,
    body: Uint8Array,
  ): string;
  /** Tells since when which versions are in force: at the start, and after each reload. */
  rotated(versions: readonly SecretVersion[]): void;
}

interface Signer {
  readonly secret: Uint8Array;
  readonly privateKey: KeyObject;
  readonly publicKey: string;
}

/** DER of a PKCS #8 Ed25519 key up to its seed (RFC 8410). */
const pkcs8Prefix = Buffer.from("302e020100300506032b657004220420", "hex");

function derive(seed: Uint8Array, info: string): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", seed, new Uint8Array(0), info, keyBytes));
}

function signerOf(seed: Uint8Array, tenant: TenantId, version: number): Signer {
  const infoOf = (purpose: string) => `edge-webhook-aggregator/${purpose}/${version}/${tenant}`;
  const der = Buffer.concat([pkcs8Prefix, derive(seed, infoOf("ed25519"))]);
  const privateKey = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const spki = createPublicKey(privateKey).export({ format: "der", type: "spki" });
  const publicKey = `whpk_${spki.subarray(-keyBytes).toString("base64")}`;
  return { secret: derive(seed, infoOf("hmac-sha256")), privateKey, publicKey };
}

function shown({ secret, publicKey }: Signer): VerifyingKeys {
  return { secret: `whsec_${Buffer.from(secret).toString("base64")}`, publicKey };
}

const macOf = (secret: Uint8Array, signed: Uint8Array) =>
  `v1,${createHmac("sha256", secret).update(signed).digest("base64")}`;

const signatureOf = (key: KeyObject, signed: Uint8Array) =>
  `v1a,${sign(null, signed, key).toString("base64")}`;

/** A new seed. */
export const createSeed = (): Uint8Array => randomBytes(keyBytes);

/** Tells whether two seeds are the same without telling the seed. */
export function seedFingerprintOf(seed: Uint8Array): string {
  return hash("sha256", Buffer.concat([Buffer.from("edge-webhook-aggregator/seed/"), seed]), "hex");
}

/** Derives signers, and keeps them. */
function createSigners(seed: Uint8Array) {
  const signers = new Map<string, Signer>();
  return function of(tenant: TenantId, version: number): Signer {
    const name = `${version}/${tenant}`;
    const known = signers.get(name);
    if (known !== undefined) return known;
    if (signers.size >= signersMax) signers.clear();
    const made = signerOf(seed, tenant, version);
    signers.set(name, made);
    return made;
  };
}

/** Signs with keys derived from this seed; `now` is a monotonic clock, in ms. */
export function createSigning(seed: Uint8Array, now = () => performance.now()): Signing {
  const signerOf = createSigners(seed);
  const rotations = createRotations(now);
  return {
    rotated: (versions) => rotations.tell(versions),
    keysOf(tenant, version = rotations.inForce(tenant) ?? firstVersion) {
      const previous = rotations.previousOf(tenant, version);
      const current = shown(signerOf(tenant, version));
      if (previous === undefined) return current;
      const until = Math.round(Date.now() + previous.forMs);
      return { ...current, previous: { ...shown(signerOf(tenant, previous.version)), until } };
    },
    sign(tenant, { secrets, secretVersion }, id, seconds, body) {
      const signed = Buffer.concat([Buffer.from(`${id}.${seconds}.`), body]);
      const previous = rotations.previousOf(tenant, secretVersion);
      const versions = [secretVersion, ...previous === undefined ? [] : [previous.version]];
      const signers = versions.map((version) => signerOf(tenant, version));
      const shared = secrets.length > 0 ? secrets : signers.map(({ secret }) => secret);
      const macs = shared.map((secret) => macOf(secret, signed));
      const signatures = signers.map(({ privateKey }) => signatureOf(privateKey, signed));
      return [...macs, ...signatures].join(" ");
    },
  };
}
