import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gunzipSync } from "node:zlib";
import { Webhook } from "standardwebhooks";
import { openTenant } from "../support/tenant.ts";
import { bytes, headersFor, openSender } from "./sending.ts";

describe("createSender().send()", () => {
  it("names the batch whose events these are again", async () => {
    await using backend = await openTenant();
    using sender = openSender();
    await sender.sendTo({ url: backend.url }, { retryOf: "bat_1" });
    await sender.sendTo({ url: backend.url }, { replayOf: "bat_2" });
    const told = backend.received.map(({ headers }) => [
      headers["x-aggregator-retry-of"],
      headers["x-aggregator-replay-of"],
    ]);
    assert.deepEqual(told, [["bat_1", undefined], [undefined, "bat_2"]]);
  });

  it("names the batch that a session began in", async () => {
    await using backend = await openTenant();
    using sender = openSender();
    await sender.sendTo({ url: backend.url }, { continues: "bat_1" });
    await sender.sendTo({ url: backend.url });
    const told = backend.received.map(({ headers }) => headers["x-aggregator-continues"]);
    assert.deepEqual(told, ["bat_1", undefined]);
  });

  it("says what the bytes are", async () => {
    await using backend = await openTenant();
    using sender = openSender();
    const types = {
      "array/1": "application/json",
      "ndjson/1": "application/x-ndjson",
      "cloudevents/1": "application/cloudevents-batch+json",
      "single/1+form": "application/x-www-form-urlencoded",
    } as const;
    for (const layout of Object.keys(types) as (keyof typeof types)[]) {
      await sender.sendTo({ url: backend.url }, { layout });
      assert.equal(backend.received.at(-1)?.headers["content-type"], types[layout]);
    }
  });

  it("compresses to the same bytes every time, and signs what was there before", async () => {
    await using backend = await openTenant();
    using sender = openSender();
    const before = Uint8Array.from(bytes);
    await sender.sendTo({ url: backend.url, gzip: true });
    await sender.sendTo({ url: backend.url, gzip: true }, {}, 2);
    assert.deepEqual(bytes, before);
    const [one, two] = backend.received;
    assert.ok(one && two);
    assert.equal(one.headers["content-encoding"], "gzip");
    assert.equal(one.headers["content-length"], String(one.body.byteLength));
    assert.deepEqual(one.body, two.body);
    const unpacked = gunzipSync(one.body);
    assert.deepEqual(new Uint8Array(unpacked), bytes);
    const webhook = new Webhook(sender.signing.keysOf("acme").secret);
    assert.ok(webhook.verify(unpacked.toString("utf8"), headersFor(one)));
  });

  it("goes to the URL that is asked for, over connections of its own", async () => {
    await using first = await openTenant();
    await using second = await openTenant();
    using sender = openSender();
    const to = { url: first.url, failoverUrl: second.url };
    await sender.sendTo(to, {}, 1, second.url);
    await sender.sendTo(to, {}, 2, first.url);
    await sender.sendTo(to, {}, 3, second.url);
    assert.equal(first.received.length, 1);
    assert.deepEqual(
      second.received.map(({ headers }) => headers["x-aggregator-attempt"]),
      ["1", "3"],
    );
  });

  it("signs with the version that the destination names, and the one before", async () => {
    await using backend = await openTenant();
    using sender = openSender();
    const { signing } = sender;
    signing.rotated([{ tenant: "acme", version: 2, previous: 1, since: Date.now() }]);
    await sender.sendTo({ url: backend.url, secretVersion: 2 });
    const [received] = backend.received;
    assert.ok(received);
    const text = received.body.toString("utf8");
    for (const version of [1, 2]) {
      const { secret } = signing.keysOf("acme", version);
      assert.ok(new Webhook(secret).verify(text, headersFor(received)));
    }
    const { secret } = signing.keysOf("acme", 3);
    assert.throws(() => new Webhook(secret).verify(text, headersFor(received)));
  });
});
