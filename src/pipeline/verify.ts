/**
 * verify: lets through what Telnyx signed, within `max_skew`; answers everything else. The
 * signature covers `<telnyx-timestamp>|<raw body bytes>` (Telnyx, "Webhook signing").
 */
import { gathered } from "../flow/gathered.ts";
import type { State } from "../telemetry.ts";
import { createVerifier } from "../telnyx/signature.ts";
import type { Tenant, TenantId } from "../tenant.ts";
import { tenantIn } from "../ownership/claims.ts";
import { type Inbound, invalidSignature, tryLater, type Verified } from "./inbound.ts";
import type { SkewWatch } from "./skew.ts";

/** Signatures verified at once: enough to keep every thread of the pool busy. */
const groupMax = 64;

/** Whose account signed a webhook: a tenant's own, or the operator's. */
export interface Signer {
  readonly tenant?: TenantId;
}

/** Resolves to whoever signed it; to nothing if nobody did whose key we have. Never rejects. */
export type KeyRing = (inbound: Inbound) => Promise<Signer | undefined>;

/**
 * The keys of one config. The operator's are tried first, then the tenants' own; where the path
 * names a tenant, its own before all others.
 */
export function createKeyRing(
  operators: readonly Uint8Array[],
  tenants: Iterable<Tenant>,
): KeyRing {
  const keys = [...operators];
  const signers: Signer[] = operators.map(() => ({}));
  const indices = new Map<TenantId, readonly number[]>();
  for (const { id: tenant, publicKeys } of tenants) {
    if (publicKeys.length === 0) continue;
    indices.set(tenant, publicKeys.map((key) => keys.push(key) - 1));
    signers.push(...publicKeys.map(() => ({ tenant })));
  }
  const verifier = createVerifier(keys);
  return async ({ body, path, proof }) => {
    const index = await verifier(proof, body, indices.get(tenantIn(path) ?? ""));
    return index === undefined ? undefined : signers[index];
  };
}

/** What verify is given. */
export interface VerifyOptions {
  /** Of the config in force now. */
  readonly keyRing: () => KeyRing;
  readonly maxSkewSeconds: () => number;
  readonly skew: SkewWatch;
  readonly state: State;
}

function signedBy({ tenant }: Signer, inbound: Inbound): Verified {
  return (tenant === undefined ? inbound : { ...inbound, signer: tenant }) as Verified;
}

/**
 * Yields the webhooks whose signature and time are right; the others are answered 401 or 503.
 * What comes while some are verified is verified together: threads that are kept busy need not be
 * woken for each webhook.
 */
export async function* verify(
  source: AsyncIterable<Inbound>,
  { keyRing, maxSkewSeconds, skew, state }: VerifyOptions,
): AsyncGenerator<Verified, void, undefined> {
  async function check(inbound: Inbound): Promise<Verified | undefined> {
    const signer = await keyRing()(inbound);
    if (signer === undefined) {
      state({ is: "webhook.refused", why: "signature_wrong" });
      inbound.answer(invalidSignature);
      return undefined;
    }
    const { skewSeconds, proof } = inbound;
    const timely = Math.abs(skewSeconds) <= maxSkewSeconds();
    skew.saw(skewSeconds, timely, proof.signature);
    if (timely) return signedBy(signer, inbound);
    const suspect = skew.suspect();
    const why = suspect ? "clock_suspect" : "timestamp_skewed";
    state({ is: "webhook.refused", why, skewSeconds });
    inbound.answer(suspect ? tryLater("clock suspect") : invalidSignature);
    return undefined;
  }

  for await (const group of gathered(source, groupMax)) {
    for (const verified of await Promise.all(group.map(check))) {
      if (verified !== undefined) yield verified;
    }
  }
}
