import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import { classify, entryOf } from "../../src/pipeline/classify.ts";
import { all, ask, eventOf, from, number, occurredAt, ownershipOf, tenantOf } from "./shared.ts";
import { verified } from "./shared.ts";

const alice = "+18005550100";
const acme = tenantOf("acme", { numbers: [number(alice)] });
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
    assert.deepEqual(found.map(({ entry }) => entry.evidence.numbers?.length ?? 0), [0, 1]);
    assert.deepEqual(found.map(({ under }) => under === ownership), [false, true]);
  });
});

describe("entryOf()", () => {
  it("says what is to be recorded of an event", () => {
    const { event, evidence, subject, wanted, path, proof, parked, json } = entry(
      eventOf("call.hangup", { ...incoming, call_leg_id: "leg", call_session_id: "session" }),
    );
    assert.deepEqual(event, {
      id: "e-1",
      type: "call.hangup",
      channel: "voice",
      receivedAt: 1_700_000_000_500,
      occurredAt: Date.parse(occurredAt),
    });
    assert.deepEqual(evidence, {
      direction: "inbound",
      legs: ["call_leg_id:leg"],
      circles: ["call_session_id:session"],
      numbers: [{ tenant: "acme", by: "phone_number", matched: alice }],
    });
    assert.deepEqual(subject, { about: "call_session_id:session", stage: "ends" });
    assert.deepEqual(wanted, [], "its number is owned");
    assert.equal(path, "/webhooks/ingest");
    assert.equal(proof, `1700000000 ${Buffer.alloc(64).toString("base64")}`);
    assert.equal(parked, false);
    assert.equal(json, undefined);
  });

  it("marks an opt-out, which no rule may drop", () => {
    const message = { to: [{ phone_number: alice }], from: { phone_number: "+14155550199" } };
    assert.equal(entry(eventOf("message.received", message)).subject.optOut, undefined);
    const optOut = eventOf("message.received", { ...message, autoresponse_type: "STOP" });
    assert.equal(entry(optOut).subject.optOut, true);
  });

  it("says whose account signed it, where it is a tenant's own", () => {
    const body = eventOf("call.initiated", incoming);
    assert.equal("signer" in entry(body), false);
    const signed = { ...verified(ask(body)), signer: "acme" };
    assert.equal(entryOf(signed, ownership).signer, "acme");
  });

  it("takes half a character for no part of an id", () => {
    const { event } = entry(eventOf("call.x", {}, "e-\ud83d"));
    assert.match(event.id, /^sha256:[0-9a-f]{64}$/);
    assert.equal(entry(eventOf("call.x", {}, "e-\ud83d\ude00")).event.id, "e-\ud83d\ude00");
  });

  it("parks what cannot be read", () => {
    for (const text of ["", "{", "[]", "7", '{"a":1}', "\ud800", "a=b&c=d", "[".repeat(300)]) {
      const parked = entry(text);
      assert.equal(parked.parked, true, text);
      assert.equal(parked.event.channel, "other");
      assert.match(parked.event.id, /^sha256:[0-9a-f]{64}$/);
      assert.equal(parked.fingerprint.withinMs, 900_000);
      assert.deepEqual([parked.evidence, parked.subject, parked.wanted], [{}, {}, []]);
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

  it("differs for what another account signed, with an id or without", () => {
    const bodies = [eventOf("call.x", {}), { data: { record_type: "link_clicked", to: "1" } }];
    for (const body of bodies) {
      const printed = (signer?: string) => {
        const signed = signer === undefined ? {} : { signer };
        return hex(entryOf({ ...verified(ask(body)), ...signed }, ownership).fingerprint.key);
      };
      assert.equal(new Set([printed(), printed("acme"), printed("beta")]).size, 3);
      assert.equal(printed("acme"), printed("acme"));
    }
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
