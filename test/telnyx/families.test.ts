import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readEnvelope } from "../../src/telnyx/envelope.ts";
import { type Sighting, sightOf } from "../../src/telnyx/families.ts";
import { numbersMax } from "../../src/telnyx/parties.ts";
import type { Channel } from "../../src/tenant.ts";
import { fixture, fixtures, skip } from "./shared.ts";

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

  it("collects what joins the events of a call", () => {
    const { legs, sessions, conferences, connection } = sight("conference.speak.ended", {
      call_leg_id: "leg",
      call_control_id: "control",
      call_session_id: "session",
      creator_call_session_id: "creator",
      conference_id: "conference",
      connection_id: "1293384261075731499",
      client_state: "+18005550100",
    });
    assert.deepEqual(legs, ["leg", "control"]);
    assert.deepEqual(sessions, ["session", "creator"]);
    assert.deepEqual(conferences, ["conference"]);
    assert.equal(connection, "1293384261075731499");
  });

  it("joins a TeXML call to what it dials", () => {
    const parent = sight("texml.call.ringing", { CallSid: "parent" });
    const child = sight("texml.call.ringing", { CallSid: "child", ParentCallSid: "parent" });
    assert.deepEqual(child.legs, ["child"]);
    assert.ok(child.sessions.some((session) => parent.sessions.includes(session)));
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
    assert.deepEqual(sight("fax.failed", junk), { ...nothing, channel: "fax" });
    assert.deepEqual(sight("new.thing", { phone_numbers: ["+18005550100"] }), nothing);
  });

  it("bounds its lists", () => {
    const to = Array.from({ length: 5000 }, (_, index) => `+1800555${1000 + index}`);
    const { to: numbers, ids } = sight("message.sent", { to, tags: to });
    assert.equal(numbers.length, numbersMax);
    assert.equal(ids.length, 100);
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

/** The channel of every sample, by its folder. */
const channelOfFolder: Readonly<Record<string, Channel>> = {
  "10dlc": "messaging",
  ai_assistant: "voice",
  conference: "voice",
  fax: "fax",
  hosted_number: "messaging",
  messaging: "messaging",
  number_order: "other",
  porting: "other",
  portout: "other",
  texml: "voice",
  v1: "voice",
  verify: "other",
  video: "other",
  voice: "voice",
  voice_media: "voice",
  whatsapp: "messaging",
  wireless: "other",
};

const exceptions: Readonly<Record<string, Channel>> = {
  "v1/v1.sms_outbound_status.json": "messaging",
};

function sightOfFixture(name: string): Sighting {
  const { body, contentType } = fixture(name);
  const envelope = readEnvelope(body, contentType);
  assert.ok(envelope, `${name} is parked`);
  return sightOf(envelope);
}

/** What is told of the tricky ones; of all else, nothing. */
const tricky: Readonly<Record<string, Partial<Sighting>>> = {
  "verify/verify.delivered.json": {
    ids: ["010d9dee-d86d-47d0-8d6c-20c0f95a79ec", "49000192-1bdb-c56f-3de7-e008ef6da16b"],
  },
  "verify/verification.complete.json": {
    ids: ["YOUR_PROFILE_ID", "a1b2c3d4-e5f6-7890-abcd-ef1234567890"],
  },
  "porting/porting_order.split.json": {
    ids: ["a6efe074-0a3a-4522-8512-d0e004cf6c7d", "ef245340-da3d-4212-8769-1fa7672a675f"],
  },
  "messaging/link_clicked.json": { channel: "messaging", to: ["+18445550001"] },
  "messaging/message.received-4.json": {
    channel: "messaging",
    direction: "inbound",
    from: ["+15559876543"],
    to: ["+15551234567"],
    cc: ["+15558765432", "+15557654321", "+15551234567"],
    profile: "1e0df9c5-8716-4bcf-8fb2-9f6d9527fd95",
  },
  "messaging/message.read.json": {
    channel: "messaging",
    direction: "outbound",
    to: ["+13125000000"],
    profile: "83d2343b-553f-4c5f-b8c8-fd27004f94bf",
    ids: ["e4448a5c0670c2a9"],
  },
  "whatsapp/whatsapp.template.approved.json": {
    channel: "messaging",
    ids: ["1221529010180092"],
  },
  "10dlc/10dlc.phone_number.update.json": {
    channel: "messaging",
    ours: ["+16715455939"],
    ids: ["751c6a5c-907b-43a9-8ada-ba1dc8335b07"],
  },
  "hosted_number/messaging_hosted_numbers_orders.created.json": {
    channel: "messaging",
    ours: ["+13125550001"],
  },
  "ai_assistant/dynamic_variables.json": {
    channel: "voice",
    ours: ["+16282564269"],
    ids: ["assistant-..."],
    legs: ["v3:abc123"],
  },
  "texml/texml.call.ringing.form": {
    channel: "voice",
    from: ["+35319605860"],
    to: ["+13129457420"],
    connection: "1234567890",
    legs: ["v3:9X2vxPDFY2RHSJ1EdMS0RHRksMTg7ldNxdjWbVr9zBjbGjGsSe-aiQ"],
    sessions: [
      "v3:MdI91X4lWFEs7IgbBEOT9M4AigoY08M0WWZFISt1Yw2axZ_IiE4pqg",
      "v3:9X2vxPDFY2RHSJ1EdMS0RHRksMTg7ldNxdjWbVr9zBjbGjGsSe-aiQ",
    ],
  },
  "v1/v1.sms_outbound_status.json": {
    channel: "messaging",
    direction: "outbound",
    from: ["+18005550100"],
    to: ["+18005550199"],
    profile: "3dgnn65-7f81-4b71-b4g6-64a65ac29e8d",
  },
  "v1/v1.call_answered.json": {
    channel: "voice",
    tellsDirection: true,
    from: ["+35319605860"],
    to: ["+18005550199"],
    connection: "7267xxxxxxxxxxxxxx",
    legs: [
      "428c31b6-7af4-4bcb-b7f5-5013ef9657c1",
      "AgDIxmoRX6QMuaIj_uXRXnPAXP0QlNfXczRrZvZakpWxBlpw48KyZQ==",
    ],
    sessions: ["428c31b6-abf3-3bc1-b7f4-5013ef9657c1"],
  },
};

describe("Telnyx's samples", { skip }, () => {
  it("are all understood, none of them parked, each on its channel", () => {
    for (const { name, folder } of fixtures()) {
      const channel = exceptions[name] ?? channelOfFolder[folder];
      assert.equal(sightOfFixture(name).channel, channel, name);
    }
  });

  for (const [name, told] of Object.entries(tricky)) {
    it(`tell this much: ${name}`, () => {
      assert.deepEqual(sightOfFixture(name), { ...nothing, ...told });
    });
  }
});
