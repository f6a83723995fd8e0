/**
 * verify: lets through what Telnyx signed, within `max_skew`; answers everything else. The
 * signature covers `<telnyx-timestamp>|<raw body bytes>` (Telnyx, "Webhook signing").
 */
import { concurrently } from "../flow/concurrently.ts";
import type { State } from "../telemetry.ts";
import type { Verifier } from "../telnyx/signature.ts";
import { type Inbound, invalidSignature, tryLater, type Verified } from "./inbound.ts";
import type { SkewWatch } from "./skew.ts";

/** What verify is given. */
export interface VerifyOptions {
  /** Of the keys in force now. */
  readonly verifier: () => Verifier;
  readonly maxSkewSeconds: () => number;
  readonly skew: SkewWatch;
  /** Signatures verified at once. */
  readonly slots: () => number;
  readonly state: State;
}

/** Yields the webhooks whose signature and time are right; the others are answered 401 or 503. */
export function verify(
  source: AsyncIterable<Inbound>,
  { verifier, maxSkewSeconds, skew, slots, state }: VerifyOptions,
): AsyncIterable<Verified> {
  return concurrently(slots, source, async (inbound) => {
    const key = await verifier()(inbound.proof, inbound.body);
    if (key === undefined) {
      state({ is: "webhook.refused", why: "signature_wrong" });
      inbound.answer(invalidSignature);
      return undefined;
    }
    const { skewSeconds, proof } = inbound;
    const timely = Math.abs(skewSeconds) <= maxSkewSeconds();
    skew.saw(skewSeconds, timely, proof.signature);
    if (timely) return inbound as Verified;
    const suspect = skew.suspect();
    state({
      is: "webhook.refused",
      why: suspect ? "clock_suspect" : "timestamp_skewed",
      skewSeconds,
    });
    inbound.answer(suspect ? tryLater("clock suspect") : invalidSignature);
    return undefined;
  });
}
