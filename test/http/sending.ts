/** A sender that may reach loopback, and what its receivers look at. */
import { Buffer } from "node:buffer";
import { createPublicKey, verify } from "node:crypto";
import { createAddressRule } from "../../src/address.ts";
import type { Batch } from "../../src/batch.ts";
import { createSender } from "../../src/http/send.ts";
import { createSeed, createSigning } from "../../src/signing.ts";
import type { Destination } from "../../src/tenant.ts";
import { destination } from "../pipeline/shared.ts";
import { certificate } from "../support/certificate.ts";
import type { Received } from "../support/tenant.ts";

/** What is sent. */
export const bytes = new TextEncoder().encode('{"type":"aggregator.batch","text":"¡hola!"}');

/** A batch of acme's. */
export const batch: Batch = {
  id: "bat_01JD3Q8W6ZK4M2N9P7R5T1V3X0",
  stream: "01JCZX",
  tenant: "acme",
  sequence: 4_812,
  previousId: "bat_01JD3Q8R",
  sealedAt: 0,
  openedAt: 0,
  reason: "max_wait",
  layout: "envelope/1",
  count: 2,
  size: bytes.byteLength,
  attempts: 0,
  oldestAt: Date.now() - 12_000,
  youngestAt: Date.now(),
};

/** A sender that may reach loopback, and what it was made with. */
export function openSender() {
  const signing = createSigning(createSeed());
  let rule = createAddressRule(["127.0.0.1/32"]);
  const sender = createSender({
    signing,
    rule: () => rule,
    ownPorts: () => new Set(),
    version: "1.2.3",
    authorities: [certificate.authority],
  });
  return {
    ...sender,
    signing,
    forbid: () => rule = createAddressRule([]),
    sendTo: (to: Partial<Destination>, more: Partial<Batch> = {}, attempt = 1, url = to.url) => {
      const sent = { ...batch, ...more };
      const whole = { ...destination, ...to };
      const { tenant } = sent;
      return sender.send({
        tenant,
        destination: whole,
        url: url ?? whole.url,
        batch: sent,
        bytes,
        attempt,
      });
    },
  };
}

/** What a library of Standard Webhooks wants to see. */
export const headersFor = ({ headers }: Received) => ({
  "webhook-id": String(headers["webhook-id"]),
  "webhook-timestamp": String(headers["webhook-timestamp"]),
  "webhook-signature": String(headers["webhook-signature"]),
});

/** Whether the Ed25519 signature among these verifies with this `whpk_…`. */
export function isSigned({ headers, body }: Received, publicKey: string): boolean {
  const { "webhook-id": id, "webhook-timestamp": at, "webhook-signature": all } = headersFor({
    headers,
    body,
    status: 200,
  });
  const signature = /(?:^| )v1a,(\S+)/.exec(all)?.[1] ?? "";
  const x = Buffer.from(publicKey.replace(/^whpk_/, ""), "base64").toString("base64url");
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  const signed = Buffer.concat([Buffer.from(`${id}.${at}.`), body]);
  return verify(null, signed, key, Buffer.from(signature, "base64"));
}
