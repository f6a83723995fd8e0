import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { readEnvelope } from "../../src/telnyx/envelope.ts";
import { type Sighting, sightOf } from "../../src/telnyx/families.ts";
import { numbersMax } from "../../src/telnyx/parties.ts";
import type { Channel } from "../../src/tenant.ts";

function sight(type: string, payload: unknown): Sighting {
  const body = new TextEncoder().encode(JSON.stringify({ data: { event_type: type, payload } }));
  const envelope = readEnvelope(body, "application/json");
  assert.ok(envelope, "parked");
  return sightOf(envelope);
}

const nothing: Sighting = {
  channel: "other",
  tellsDirection: false,
  from: [],
  to: [],
  cc: [],
  ours: [],
  ids: [],
  legs: [],
  sessions: [],
  conferences: [],
  optOut: false,
};

describe("sightOf()", () => {
  it("reads every form of a party", () => {
    const { from, to, cc, ids } = sight("message.received", {
      from: { phone_number: "+1 (800) 555-0100", carrier: "x" },
      to: ["18005550101", { phone_number: "+18005550102" }, { agent_id: "agent-1" }, null, 5, []],
      cc: ["+18005550103", { phone_number: "+18005550104" }, "+18005550103"],
    });
    assert.deepEqual(from, ["+18005550100"]);
    assert.deepEqual(to, ["+18005550101", "+18005550102"]);
    assert.deepEqual(cc, ["+18005550103", "+18005550104"]);
    assert.deepEqual(ids, ["agent-1"]);
  });

  it("reads short codes, senders and SIP addresses, and nobody in anonymous", () => {
    assert.deepEqual(sight("message.sent", { from: "12345" }).from, ["12345"]);
    assert.deepEqual(sight("message.sent", { from: "INFO" }).from, ["INFO"]);
    assert.deepEqual(sight("call.initiated", { from: "anonymous" }).from, []);
    const { to } = sight("call.initiated", { to: "sip:+18005550100@SIP.example.com;x=y" });
    assert.deepEqual(to, ["+18005550100@sip.example.com", "+18005550100"]);
  });

  it("tells the direction from the payload, else from the type", () => {
    const directionOf = (type: string, direction?: unknown) => sight(type, { direction }).direction;
    assert.equal(directionOf("call.initiated", "incoming"), "inbound");
    assert.equal(directionOf("call.initiated", "outgoing"), "outbound");
    assert.equal(directionOf("message.received"), "inbound");
    assert.equal(directionOf("message.finalized"), "outbound");
    assert.equal(directionOf("message.finalized", "inbound"), "inbound");
    assert.equal(directionOf("fax.received"), "inbound");
    assert.equal(directionOf("fax.delivered"), "outbound");
    assert.equal(directionOf("fax.media.processed"), "outbound");
    assert.equal(directionOf("fax.media.processing.started"), "inbound");
    assert.equal(directionOf("fax.failed"), undefined);
    assert.equal(directionOf("call.initiated", "sideways"), undefined);
    assert.equal(directionOf("call.answered", { toString: 1 }), undefined);
  });

  it("says of which calls the direction may still come", () => {
    assert.equal(sight("call.answered", {}).tellsDirection, true);
    assert.equal(sight("texml.call.ringing", {}).tellsDirection, false);
    assert.equal(sight("fax.failed", {}).tellsDirection, false);
    assert.equal(sight("link_clicked", {}).tellsDirection, false);
  });

  it("reads no number of a link click on our side: it is the recipient's", () => {
    const { direction, to, profile } = sight("link_clicked", {
      to: "18005550100",
      messaging_profile_id: "p",
    });
    assert.deepEqual({ direction, to, profile }, {
      direction: "outbound",
      to: ["+18005550100"],
      profile: "p",
    });
  });

  it("finds profile, connection, tags and the call of a family that nobody knows yet", () => {
    const { channel, profile, connection, ids, about, legs } = sight("hologram.projected", {
      messaging_profile_id: "40017a8e-49c1-4a9d-bd6c-1d8c8b6f4d11",
      connection_id: "1293384261075731499",
      tags: ["acme"],
      call_leg_id: "leg",
    });
    assert.equal(channel, "other");
    assert.equal(profile, "40017a8e-49c1-4a9d-bd6c-1d8c8b6f4d11");
    assert.equal(connection, "1293384261075731499");
    assert.deepEqual(ids, ["acme"]);
    assert.deepEqual(legs, ["call_leg_id:leg"]);
    assert.equal(about, "call_leg_id:leg");
  });

  it("never reads what a tenant writes", () => {
    const payload = { client_state: "+18005550100", command_id: "c", custom_headers: [{ a: "b" }] };
    assert.deepEqual(sight("call.bridged", payload), {
      ...nothing,
      channel: "voice",
      tellsDirection: true,
    });
  });

  it("knows an opt-out", () => {
    assert.equal(sight("message.received", { autoresponse_type: "STOP" }).optOut, true);
    assert.equal(sight("message.received", { autoresponse_type: "" }).optOut, false);
    assert.equal(sight("message.received", { autoresponse_type: null }).optOut, false);
    assert.equal(sight("message.sent", { autoresponse_type: "STOP" }).optOut, false);
  });

  it("takes profile_id for a messaging profile in messaging only", () => {
    const payload = { profile_id: "p" };
    assert.equal(sight("messaging-profile.spend-limit-reached", payload).profile, "p");
    const verify = sight("verify.delivered", payload);
    assert.equal(verify.profile, undefined);
    assert.deepEqual(verify.ids, ["p"]);
  });

  it("collects ids and tags", () => {
    const { ids } = sight("call.cost", {
      billing_group_id: "group",
      tags: ["a", "b", "a", 5, "", null],
      client_state: "c",
      user_id: "u",
    });
    assert.deepEqual(ids, ["group", "a", "b", "5"]);
  });

  it("believes no value that is not what it should be", () => {
    const junk = { call_leg_id: {}, connection_id: [], from: 5, to: {}, cc: "x".repeat(1000) };
    assert.deepEqual(sight("fax.new", junk), { ...nothing, channel: "fax" });
    assert.deepEqual(sight("new.thing", { phone_numbers: ["+18005550100"] }), nothing);
  });

  it("bounds its lists", () => {
    const to = Array.from({ length: 5000 }, (_, index) => `+1800555${1000 + index}`);
    const { to: numbers, ids } = sight("message.sent", { to, tags: to });
    assert.equal(numbers.length, numbersMax);
    assert.equal(ids.length, 100);
  });
});

describe("sightOf() on whatever comes", () => {
  const types = [
    "call.hangup",
    "conference.ended",
    "message.sent",
    "fax.received",
    "10dlc.x",
    "new",
  ];
  const fields = [
    ...["from", "to", "cc", "id", "direction", "tags", "phone_numbers", "recording_urls"],
    ...["call_leg_id", "call_session_id", "creator_call_session_id", "conference_id", "CallSid"],
    ...["message_id", "fax_id", "media_url", "messaging_profile_id", "connection_id"],
  ];
  const value = fc.oneof(fc.jsonValue(), fc.constant("https://a?X-Amz-Expires=1"), fc.string());

  it("never fails, and every key is a key", () => {
    const payloads = fc.dictionary(fc.constantFrom(...fields), value);
    fc.assert(fc.property(fc.constantFrom(...types), payloads, (type, payload) => {
      const { legs, sessions, conferences, about, call } = sight(type, payload);
      const keys = [...legs, ...sessions, ...conferences];
      assert.ok(keys.every((key) => /^[A-Za-z_]+:[^]{1,255}$/.test(key)));
      assert.ok([about, call].every((key) => key === undefined || keys.includes(key)));
    }));
  });
});

describe("sightOf() and the channel", () => {
  it("goes by the first word, whatever the rest", () => {
    const channels: readonly (readonly [string, Channel])[] = [
      ["call.something.new", "voice"],
      ["call_of_tomorrow", "voice"],
      ["queue.left", "voice"],
      ["texml.call", "voice"],
      ["message.read", "messaging"],
      ["messaging-profile.spend-limit-reached", "messaging"],
      ["10dlc.brand.update", "messaging"],
      ["link_clicked", "messaging"],
      ["fax.new", "fax"],
      ["verify.delivered", "other"],
      ["video.room.session.started", "other"],
      ["caller.unknown", "other"],
      ["constructor", "other"],
      ["", "other"],
    ];
    for (const [type, channel] of channels) {
      const envelope = { type, event: {}, payload: {}, content: "" };
      assert.equal(sightOf(envelope).channel, channel, type);
    }
  });
});
