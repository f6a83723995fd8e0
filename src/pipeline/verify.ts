/**
 * verify: lets through what Telnyx signed, within `max_skew`; answers everything else. The
 * signature covers `<telnyx-timestamp>|<raw body bytes>` (Telnyx, "Webhook signing").
 */
import { gathered } from "../flow/gathered.ts";
import type { State } from "../telemetry.ts";
import type { Verifier } from "../telnyx/signature.ts";
import { type Inbound, invalidSignature, tryLater, type Verified } from "./inbound.ts";
import type { SkewWatch } from "./skew.ts";

/** Signatures verified at once: enough to keep every thread of the pool busy. */
const groupMax = 64;

/** What verify is given. */
export interface VerifyOptions {
  /** Of the keys in force now. */
  readonly verifier: () => Verifier;
  readonly maxSkewSeconds: () => number;
  readonly skew: SkewWatch;
  readonly state: State;
}

/**
 * Yields the webhooks whose signature and time are right; the others are answered 401 or 503.
 * What comes while some are verified is verified together: threads that are kept busy need not be
 * woken for each webhook.
 */
export async function* verify(
  source: AsyncIterable<Inbound>,
  { verifier, maxSkewSeconds, skew, state }: VerifyOptions,
): AsyncGenerator<Verified, void, undefined> {
  async function check(inbound: Inbound): Promise<Verified | undefined> {
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
