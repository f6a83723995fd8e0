import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import { classify, entryOf } from "../../src/pipeline/classify.ts";
import { all, ask, eventOf, from, number, occurredAt, ownershipOf, tenantOf } from "./shared.ts";
import { verified } from "./shared.ts";

const alice = "+18005550100";
const acme = tenantOf("acme", {
  numbers: [number(alice)],
  immediate: ["call.hangup"],
  drop: ["call.dtmf.*", "message.received"],
});
const ownership = ownershipOf(acme);

const entry = (...args: Parameters<typeof ask>) => entryOf(verified(ask(...args)), ownership);
const incoming = { direction: "incoming", from: "+14155550199", to: alice };
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

describe("classify()", () => {
  it("keeps the order, and the bytes as they came", async () => {
    const asked = [1, 2, 3].map((n) =>
      ask(`  ${JSON.stringify(eventOf("call.x", {}, `e-${n}`))}\n`)
    );
    const found = await all(classify(from(...asked.map(verified)), () => ownership));
    assert.deepEqual(found.map(({ entry }) => entry.event.id), ["e-1", "e-2", "e-3"]);
    for (const [index, { inbound, entry }] of found.entries()) {
      assert.equal(entry.raw, asked[index]?.inbound.body);
      assert.equal(inbound, asked[index]?.inbound);
    }
  });

  it("asks anew what is in force for each", async () => {
    const body = eventOf("call.initiated", incoming);
    const rules = [ownershipOf(), ownership];
    const asked = [ask(body), ask(body)].map(verified);
    const found = await all(classify(from(...asked), () => rules.shift() ?? ownership));
    const owners = found.map(({ entry }) => entry.claims.flatMap((claim) => claim.owners).length);
    assert.deepEqual(owners, [0, 1]);
  });
});

describe("entryOf()", () => {
  it("says what is to be recorded of an event", () => {
    const { event, claims, proof, parked, heldFor, json } = entry(
      eventOf("call.hangup", incoming),
    );
    assert.deepEqual(event, {
      id: "e-1",
      type: "call.hangup",
      channel: "voice",
      receivedAt: 1_700_000_000_500,
      occurredAt: Date.parse(occurredAt),
    });
    const owners = claims.find((claim) => claim.owners.length > 0)?.owners;
    assert.deepEqual(owners, [
      { tenant: "acme", by: "phone_number", matched: alice, immediate: true, dropped: false },
    ]);
    assert.equal(proof, `1700000000 ${Buffer.alloc(64).toString("base64")}`);
    assert.equal(parked, false);
    assert.equal(heldFor, "unknown");
    assert.equal(json, undefined);
  });

  it("marks what the tenant drops, but never an opt-out, which is immediate", () => {
    const ownerOf = (type: string, payload: object) =>
      entry(eventOf(type, payload)).claims.flatMap(({ owners }) => owners)[0];
    assert.equal(ownerOf("call.dtmf.received", incoming)?.dropped, true);
    const message = { to: [{ phone_number: alice }], from: { phone_number: "+14155550199" } };
    assert.equal(ownerOf("message.received", message)?.dropped, true);
    const optOut = ownerOf("message.received", { ...message, autoresponse_type: "STOP" });
    assert.equal(optOut?.dropped, false);
    assert.equal(optOut?.immediate, true);
  });

  it("parks what cannot be read", () => {
    for (const text of ["", "{", "[]", "7", '{"a":1}', "\ud800", "a=b&c=d", "[".repeat(300)]) {
      const parked = entry(text);
      assert.equal(parked.parked, true, text);
      assert.equal(parked.event.channel, "other");
      assert.match(parked.event.id, /^sha256:[0-9a-f]{64}$/);
      assert.equal(parked.fingerprint.withinMs, 900_000);
      assert.deepEqual(parked.claims, []);
    }
    const latin1 = { body: Uint8Array.of(0x7b, 0xff, 0x7d) };
    assert.equal(entry("", latin1).parked, true);
    assert.notEqual(entry("{").event.id, entry("[]").event.id);
  });

  it("makes JSON of a form, and keeps the form", () => {
    const form = "CallSid=v3%3Aabc&From=%2B14155550199&To=%2B18005550100&CallStatus=ringing";
    const { event, json, raw, fingerprint } = entry(form, {
      contentType: "application/x-www-form-urlencoded",
    });
    assert.equal(event.type, "texml.call.ringing");
    assert.equal(JSON.parse(new TextDecoder().decode(json)).CallSid, "v3:abc");
    assert.equal(new TextDecoder().decode(raw), form);
    assert.match(event.id, /^sha256:/);
    assert.equal(fingerprint.withinMs, 900_000);
  });
});

describe("the fingerprint of an event", () => {
  const print = (...args: Parameters<typeof eventOf>) => {
    const { key, content, withinMs } = entry(eventOf(...args)).fingerprint;
    return { key: hex(key), content: hex(content), withinMs };
  };

  it("is the same whatever an attempt says of itself", () => {
    const first = print("call.x", { a: 1 }, "e-1", { attempt: 1, delivered_to: "https://a/" });
    const second = print("call.x", { a: 1 }, "e-1", { attempt: 2, delivered_to: "https://b/" });
    assert.deepEqual(first, second);
    assert.deepEqual(first, print("call.x", { a: 1 }));
    assert.equal(first.withinMs, undefined);
    assert.equal(first.key.length, 48);
    assert.equal(first.content.length, 16);
  });

  it("has one key for a second content", () => {
    const first = print("call.x", { a: 1 });
    const second = print("call.x", { a: 2 });
    assert.equal(first.key, second.key);
    assert.notEqual(first.content, second.content);
  });

  it("begins with when it happened", () => {
    const { key } = print("call.x", {});
    assert.equal(Number(BigInt(`0x${key.slice(0, 16)}`)), Date.parse(occurredAt));
  });

  it("differs for another id", () => {
    assert.notEqual(print("call.x", {}, "e-1").key, print("call.x", {}, "e-2").key);
  });

  it("is the content's where there is no id, for a quarter of an hour", () => {
    const body = (meta: object) => ({ data: { record_type: "link_clicked", to: "1" }, meta });
    const first = entry(body({ attempt: 1 })).fingerprint;
    const second = entry(body({ attempt: 2 })).fingerprint;
    assert.deepEqual(first, second);
    assert.equal(first.withinMs, 900_000);
    const other = entry({ data: { record_type: "link_clicked", to: "2" } }).fingerprint;
    assert.notDeepEqual(first.key, other.key);
  });
});
