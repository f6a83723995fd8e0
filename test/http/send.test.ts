import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createPublicKey, verify } from "node:crypto";
import { createServer } from "node:http";
import type { Socket } from "node:net";
import { describe, it } from "node:test";
import { Webhook } from "standardwebhooks";
import { createAddressRule } from "../../src/address.ts";
import type { Batch } from "../../src/batch.ts";
import { createSender } from "../../src/http/send.ts";
import { createSeed, createSigning } from "../../src/signing.ts";
import type { Destination } from "../../src/tenant.ts";
import { certificate } from "../support/certificate.ts";
import { eventually } from "../support/eventually.ts";
import { openTenant, type Received } from "../support/tenant.ts";
import { destination } from "../pipeline/shared.ts";

const bytes = new TextEncoder().encode('{"type":"aggregator.batch","text":"¡hola!"}');

const batch: Batch = {
  id: "bat_01JD3Q8W6ZK4M2N9P7R5T1V3X0",
  stream: "01JCZX",
  tenant: "acme",
  sequence: 4_812,
  previousId: "bat_01JD3Q8R",
  sealedAt: 0,
  openedAt: 0,
  reason: "max_wait",
  count: 2,
  size: bytes.byteLength,
  attempts: 0,
  oldestAt: Date.now() - 12_000,
  youngestAt: Date.now(),
};

/** A sender that may reach loopback, and what it was made with. */
function openSender() {
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
    post: (to: Partial<Destination>, more: Partial<Batch> = {}, attempt = 1) => {
      const sent = { ...batch, ...more };
      const { tenant } = sent;
      return sender.send({
        tenant,
        destination: { ...destination, ...to },
        batch: sent,
        bytes,
        attempt,
      });
    },
  };
}

const headersFor = ({ headers }: Received) => ({
  "webhook-id": String(headers["webhook-id"]),
  "webhook-timestamp": String(headers["webhook-timestamp"]),
  "webhook-signature": String(headers["webhook-signature"]),
});

/** Whether the Ed25519 signature among these verifies with this `whpk_…`. */
function isSigned({ headers, body }: Received, publicKey: string): boolean {
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

async function oneReceived(secure: typeof certificate | undefined = undefined) {
  await using backend = await openTenant(secure);
  using sender = openSender();
  const headers = { authorization: "Bearer abc", "X-Team": "blue" };
  const { status } = await sender.post({ url: backend.url, headers }, {}, 3);
  assert.equal(status, 200);
  const [received] = backend.received;
  assert.ok(received);
  return { received, signing: sender.signing, port: backend.port };
}

describe("createSender().send()", () => {
  it("sends the bytes, with these headers and no others", async () => {
    const { received, port } = await oneReceived();
    assert.deepEqual(new Uint8Array(received.body), bytes);
    const { "webhook-signature": signature, "webhook-timestamp": at, ...rest } = received.headers;
    assert.match(String(signature), /^v1,[A-Za-z0-9+/]{43}= v1a,[A-Za-z0-9+/]{86}==$/);
    assert.ok(Math.abs(Number(at) - Date.now() / 1_000) < 5);
    assert.deepEqual(rest, {
      host: `127.0.0.1:${port}`,
      connection: "keep-alive",
      "content-type": "application/json",
      "content-length": String(bytes.byteLength),
      "accept-encoding": "identity",
      "user-agent": "edge-webhook-aggregator/1.2.3",
      "webhook-id": batch.id,
      "x-aggregator-tenant": "acme",
      "x-aggregator-attempt": "3",
      "x-aggregator-count": "2",
      "x-aggregator-sequence": "4812",
      "x-aggregator-previous-id": "bat_01JD3Q8R",
      "x-aggregator-reason": "max_wait",
      "x-aggregator-age": String(rest["x-aggregator-age"]),
      authorization: "Bearer abc",
      "x-team": "blue",
    });
    assert.match(String(rest["x-aggregator-age"]), /^1[2-9]$/);
  });

  it("signs as Standard Webhooks says, so that its library verifies it", async () => {
    const { received, signing } = await oneReceived(certificate);
    const { secret, publicKey } = signing.keysOf("acme");
    const webhook = new Webhook(secret);
    assert.ok(webhook.verify(received.body.toString("utf8"), headersFor(received)));
    assert.throws(() => webhook.verify(`${received.body} `, headersFor(received)));
    assert.ok(isSigned(received, publicKey));
  });

  it("signs for one tenant what never verifies at another's", async () => {
    const { received, signing } = await oneReceived();
    const { secret, publicKey } = signing.keysOf("beta");
    const text = received.body.toString("utf8");
    assert.throws(() => new Webhook(secret).verify(text, headersFor(received)));
    assert.equal(isSigned(received, publicKey), false);
  });

  it("signs with the tenant's own secrets instead, with every one of them", async () => {
    await using backend = await openTenant();
    using sender = openSender();
    const secrets = [new Uint8Array(24).fill(1), new Uint8Array(32).fill(2)];
    await sender.post({ url: backend.url, secrets });
    const [received] = backend.received;
    assert.ok(received);
    const text = received.body.toString("utf8");
    for (const secret of secrets) {
      const webhook = new Webhook(`whsec_${Buffer.from(secret).toString("base64")}`);
      assert.ok(webhook.verify(text, headersFor(received)));
    }
    const derived = new Webhook(sender.signing.keysOf("acme").secret);
    assert.throws(() => derived.verify(text, headersFor(received)));
  });

  it("names no previous batch where there is none", async () => {
    await using backend = await openTenant();
    using sender = openSender();
    const { previousId: _, ...first } = batch;
    const delivery = { tenant: "acme", batch: first, bytes, attempt: 1 };
    await sender.send({ ...delivery, destination: { ...destination, url: backend.url } });
    assert.equal("x-aggregator-previous-id" in (backend.received[0]?.headers ?? {}), false);
  });

  it("never rejects", async () => {
    using sender = openSender();
    const url = "http://127.0.0.1:1/";
    assert.equal((await sender.post({ url })).error, "ECONNREFUSED");
    const headers = { "x-a": "b\r\nc: d" };
    assert.equal((await sender.post({ url, headers })).error, "ERR_INVALID_CHAR");
  });

  it("connects to nothing that is no longer allowed, not even on an open connection", async () => {
    await using backend = await openTenant();
    using sender = openSender();
    assert.equal((await sender.post({ url: backend.url })).status, 200);
    sender.forbid();
    assert.equal((await sender.post({ url: backend.url })).error, "ERR_IP_BLOCKED");
    assert.equal(backend.received.length, 1);
  });

  it("closes the connections of a destination that changed, after what is under way", async () => {
    await using next = await openTenant();
    using sender = openSender();
    const sockets = new Set<Socket>();
    const answers: (() => void)[] = [];
    const old = createServer((request, response) => {
      request.resume();
      answers.push(() => response.end());
    });
    old.on("connection", (socket) => {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
    });
    await new Promise<void>((resolve) => old.listen(0, "127.0.0.1", resolve));
    const address = old.address();
    const port = typeof address === "object" ? address?.port : 0;
    const to = { url: `http://127.0.0.1:${port}/`, inFlight: 2 };

    const both = [sender.post(to), sender.post(to)];
    await eventually("two requests", () => answers.length === 2);
    answers[0]?.();
    await Promise.race(both);
    assert.equal((await sender.post({ url: next.url })).status, 200);
    await eventually("the idle connection is closed", () => sockets.size === 1);
    answers[1]?.();
    for (const { status } of await Promise.all(both)) assert.equal(status, 200);
    await eventually("the other connection is closed", () => sockets.size === 0);
    old.close();
  });
});

describe("createSender().ping()", () => {
  it("sends a signed payload without events", async () => {
    await using backend = await openTenant(certificate);
    using sender = openSender();
    const { status } = await sender.ping("acme", { ...destination, url: backend.url });
    assert.equal(status, 200);
    const [received] = backend.received;
    assert.ok(received);
    const webhook = new Webhook(sender.signing.keysOf("acme").secret);
    const body = webhook.verify(received.body.toString("utf8"), headersFor(received));
    const { id, timestamp: _, ...rest } = body as Record<string, unknown>;
    assert.deepEqual(rest, {
      type: "aggregator.ping",
      version: 1,
      tenant: "acme",
      count: 0,
      events: [],
      routing: [],
    });
    assert.equal(received.headers["webhook-id"], id);
    assert.equal(received.headers["x-aggregator-count"], "0");
  });
});
