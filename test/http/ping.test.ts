import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gunzipSync } from "node:zlib";
import { Webhook } from "standardwebhooks";
import { destination } from "../pipeline/shared.ts";
import { certificate } from "../support/certificate.ts";
import { openTenant } from "../support/tenant.ts";
import { bytes, headersFor, isSigned, openSender } from "./sending.ts";

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

  it("goes to another URL, under another name, and compressed where batches are", async () => {
    await using backend = await openTenant();
    await using other = await openTenant();
    using sender = openSender();
    const to = { ...destination, url: backend.url, gzip: true };
    const { status } = await sender.ping("acme", to, other.url, "telnyx.ping");
    assert.equal(status, 200);
    assert.equal(backend.received.length, 0);
    const [received] = other.received;
    assert.ok(received);
    assert.equal(received.headers["content-encoding"], "gzip");
    const text = gunzipSync(received.body).toString("utf8");
    const webhook = new Webhook(sender.signing.keysOf("acme").secret);
    const body = webhook.verify(text, headersFor(received)) as Record<string, unknown>;
    assert.equal(body["type"], "telnyx.ping");
  });
});

describe("createSender().post()", () => {
  it("sends what the aggregator itself has to say, signed with keys of its own", async () => {
    await using backend = await openTenant();
    using sender = openSender();
    const { status } = await sender.post(backend.url, "alarm_1", bytes);
    assert.equal(status, 200);
    const [received] = backend.received;
    assert.ok(received);
    assert.equal(received.headers["webhook-id"], "alarm_1");
    assert.equal(received.headers["content-type"], "application/json");
    const { secret, publicKey } = sender.signing.keysOf("aggregator");
    const webhook = new Webhook(secret);
    assert.ok(webhook.verify(received.body.toString("utf8"), headersFor(received)));
    assert.ok(isSigned(received, publicKey));
  });

  it("connects to nothing that is not allowed", async () => {
    await using backend = await openTenant();
    using sender = openSender();
    sender.forbid();
    assert.equal((await sender.post(backend.url, "alarm_1", bytes)).error, "ERR_IP_BLOCKED");
  });
});
