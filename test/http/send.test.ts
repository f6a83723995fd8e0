import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createServer } from "node:http";
import type { Socket } from "node:net";
import { describe, it } from "node:test";
import { Webhook } from "standardwebhooks";
import { certificate } from "../support/certificate.ts";
import { eventually } from "../support/eventually.ts";
import { openTenant } from "../support/tenant.ts";
import { destination } from "../pipeline/shared.ts";
import { batch, bytes, headersFor, isSigned, openSender } from "./sending.ts";

async function oneReceived(secure: typeof certificate | undefined = undefined) {
  await using backend = await openTenant(secure);
  using sender = openSender();
  const headers = { authorization: "Bearer abc", "X-Team": "blue" };
  const { status } = await sender.sendTo({ url: backend.url, headers }, {}, 3);
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
      "x-aggregator-stream": "01JCZX",
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
    await sender.sendTo({ url: backend.url, secrets });
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
    const { url } = backend;
    const delivery = { tenant: "acme", url, batch: first, bytes, attempt: 1 };
    await sender.send({ ...delivery, destination: { ...destination, url } });
    assert.equal("x-aggregator-previous-id" in (backend.received[0]?.headers ?? {}), false);
  });

  it("never rejects", async () => {
    using sender = openSender();
    const url = "http://127.0.0.1:1/";
    assert.equal((await sender.sendTo({ url })).error, "ECONNREFUSED");
    const headers = { "x-a": "b\r\nc: d" };
    assert.equal((await sender.sendTo({ url, headers })).error, "ERR_INVALID_CHAR");
  });

  it("connects to nothing that is no longer allowed, not even on an open connection", async () => {
    await using backend = await openTenant();
    using sender = openSender();
    assert.equal((await sender.sendTo({ url: backend.url })).status, 200);
    sender.forbid();
    assert.equal((await sender.sendTo({ url: backend.url })).error, "ERR_IP_BLOCKED");
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

    const both = [sender.sendTo(to), sender.sendTo(to)];
    await eventually("two requests", () => answers.length === 2);
    answers[0]?.();
    await Promise.race(both);
    assert.equal((await sender.sendTo({ url: next.url })).status, 200);
    await eventually("the idle connection is closed", () => sockets.size === 1);
    answers[1]?.();
    for (const { status } of await Promise.all(both)) assert.equal(status, 200);
    await eventually("the other connection is closed", () => sockets.size === 0);
    old.close();
  });
});
