import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { tenantIn } from "../../src/ownership/claims.ts";
import { keyOf } from "../../src/ownership.ts";
import { number, tenantOf } from "../pipeline/shared.ts";
import { acme, alice, beta, bob, claims, message, named, stranger } from "./shared.ts";

const evidence = (...args: Parameters<typeof claims>) => claims(...args).evidence;
const leg = { call_leg_id: "l", call_control_id: "v3:c", call_session_id: "s" };
const byNumber = (tenant: string, text: string) =>
  named(tenant, `number:${text}`, { by: "phone_number", matched: text });

describe("the evidence of an event", () => {
  it("names the leg and the call, which both learn from it", () => {
    assert.deepEqual(evidence("call.playback.started", leg), {
      legs: ["call_leg_id:l", "call_control_id:v3:c"],
      circles: ["call_session_id:s"],
      awaits: true,
    });
  });

  it("has the owners on both sides until a direction is told", () => {
    const { sides, numbers } = evidence("call.answered", { ...leg, from: alice, to: bob });
    assert.deepEqual(sides, {
      inbound: [byNumber("beta", bob)],
      outbound: [byNumber("acme", alice)],
    });
    assert.equal(numbers, undefined);
    const told = evidence("call.initiated", {
      ...leg,
      from: alice,
      to: bob,
      direction: "incoming",
    });
    assert.equal(told.sides, undefined);
    assert.deepEqual(told.numbers, [byNumber("beta", bob)]);
    assert.equal(told.awaits, undefined);
  });

  it("has nobody on a side where nobody owns what stands there", () => {
    const spoofed = { ...leg, from: alice, to: stranger, direction: "incoming" };
    assert.equal(evidence("call.initiated", spoofed).numbers, undefined);
    assert.equal(
      evidence("call.answered", { ...leg, from: stranger, to: stranger }).sides,
      undefined,
    );
  });

  it("says which of two owners by profile and connection alone", () => {
    const { between, ids } = evidence("fax.tomorrow", {
      from: alice,
      to: bob,
      connection_id: "222",
      customer_reference: "brand-a",
    });
    assert.deepEqual(between?.map(({ tenant }) => tenant), ["beta"]);
    assert.deepEqual(ids?.map(keyOf), ["id:brand-a", "connection:222"]);
  });

  it("says what it named where the config has that in another form", () => {
    const incoming = { ...leg, from: stranger, to: "+13125550001", direction: "incoming" };
    const of = "number:+13125550001";
    assert.deepEqual(evidence("call.initiated", incoming).numbers, [
      { tenant: "beta", by: "phone_number", matched: "+1312555*", of },
    ]);
  });

  it("does not wait for what nobody will tell", () => {
    const form = { CallSid: "v3:x", From: alice, To: bob };
    assert.equal(evidence("texml.call.ringing", form).awaits, undefined);
    assert.equal(evidence("texml.call.ringing", { CallSid: "v3:x" }).awaits, true);
    assert.equal(evidence("fax.tomorrow", { fax_id: "f", from: alice, to: bob }).awaits, undefined);
    assert.equal(evidence("call.tomorrow", { connection_id: "111" }).awaits, undefined);
  });

  it("knows a message again that was sent, and not one that was received", () => {
    const payload = message(bob, stranger, { id: "m-1" });
    assert.deepEqual(evidence("message.sent", payload).legs, ["message_id:m-1"]);
    assert.equal(evidence("message.received", payload).legs, undefined);
  });

  it("teaches of a conference what is the participant's own, or the creator's", () => {
    const conference = { conference_id: "c", creator_call_session_id: "creator" };
    const participant = evidence("conference.participant.joined", { ...leg, ...conference });
    assert.deepEqual(participant.circles, ["call_session_id:s", "conference_id:c"]);
    assert.equal(participant.teaches, undefined, "all of them");
    assert.equal(participant.conference, undefined);
    const created = evidence("conference.created", { ...leg, ...conference });
    assert.deepEqual(created.circles, ["call_session_id:creator", "conference_id:c"]);
    assert.equal(created.teaches, undefined, "all of them");
    assert.equal(created.conference, "created");
    const ended = evidence("conference.ended", { ...leg, ...conference });
    assert.deepEqual(ended.teaches, ["conference_id:c"]);
    assert.equal(ended.conference, "wide");
    const named = evidence("call.x", { ...leg, creator_call_session_id: "creator" });
    assert.deepEqual(named.teaches, ["call_session_id:s"]);
  });

  it("takes the numbers of a call for forms of one, and those of a message for several", () => {
    const both = tenantOf("both", { numbers: [number("bob@pbx.example")] });
    const sip = { ...leg, from: stranger, to: "sip:bob@pbx.example", direction: "incoming" };
    const owned = evidence("call.initiated", sip, { tenants: [both, acme] });
    assert.deepEqual(owned.numbers?.map(({ tenant }) => tenant), ["both"]);
    const group = evidence("message.received", message([alice, bob], stranger));
    assert.deepEqual(group.numbers?.map(({ tenant }) => tenant), ["acme", "beta"]);
  });
});

describe("a number that is a tenant's for a time", () => {
  const day = Date.UTC(2026, 11, 1);
  const first = tenantOf("first", { numbers: [{ ...number(alice), untilAt: day }] });
  const second = tenantOf("second", { numbers: [{ ...number(alice), fromAt: day }] });
  const tenants = [first, second];
  const ownersAt = (at: number) =>
    evidence("message.received", message(alice, stranger), { tenants, at }).numbers;

  it("is whose it was when the event happened", () => {
    assert.deepEqual(ownersAt(day - 1)?.map(({ tenant }) => tenant), ["first"]);
    assert.deepEqual(ownersAt(day)?.map(({ tenant }) => tenant), ["second"]);
    assert.equal(ownersAt(day)?.[0]?.dated, true);
  });
});

describe("a tenant with a Telnyx account of its own", () => {
  const own = tenantOf("own", { ...beta, id: "own", publicKeys: [new Uint8Array(32)] });
  const tenants = [acme, own];
  const incoming = { ...leg, direction: "incoming", from: stranger };
  const pathOf = (tenant: string) => ({
    path: `/webhooks/@${tenant}`,
    deliveredTo: `https://hooks.example/webhooks/@${tenant}`,
  });

  it("gets nothing that the operator's account signed", () => {
    const everything = { ...incoming, to: bob, connection_id: "222" };
    const found = evidence("call.initiated", everything, { tenants, ...pathOf("own") });
    assert.deepEqual([found.numbers, found.ids], [undefined, undefined]);
    const sides = evidence("call.answered", { ...leg, from: alice, to: bob }, { tenants }).sides;
    assert.deepEqual(sides, { inbound: [], outbound: [byNumber("acme", alice)] });
    const profile = message(stranger, stranger, { messaging_profile_id: "profile-b" });
    assert.equal(evidence("message.received", profile, { tenants }).ids, undefined);
  });

  it("gets all that its own signed, and nobody else does", () => {
    const signer = { tenants, signer: "own" };
    for (const to of [alice, bob, stranger]) {
      const { numbers, ...rest } = evidence("call.initiated", { ...incoming, to }, signer);
      assert.deepEqual(numbers?.map(({ tenant }) => tenant), ["own"]);
      assert.deepEqual(rest, {}, "it neither teaches nor learns");
    }
    assert.deepEqual(evidence("call.cost", leg, signer).numbers, [
      { tenant: "own", by: "public_key", matched: "public_keys", of: "account:own" },
    ]);
    const { subject } = claims("call.hangup", leg, signer);
    assert.equal(subject.leg, "call_leg_id:l", "its session ends with its last leg all the same");
    assert.equal(claims("call.hangup", leg).subject.leg, undefined, "the evidence has it");
    const elsewhere = evidence("call.cost", leg, { ...signer, ...pathOf("acme") });
    assert.deepEqual(elsewhere.numbers?.map(({ tenant }) => tenant), ["own"]);
  });

  it("gives what it does not take, or no longer has keys for, to nobody", () => {
    const deaf = { ...own, channels: new Set(["fax"] as const) };
    const { wanted, evidence: none } = claims("call.cost", leg, {
      tenants: [acme, deaf],
      signer: "own",
    });
    assert.deepEqual([none, wanted], [{}, ["account:own"]]);
    const { publicKeys: _, ...rest } = own;
    const keyless = { ...rest, publicKeys: [] };
    assert.deepEqual(evidence("call.cost", leg, { tenants: [acme, keyless], signer: "own" }), {});
    assert.deepEqual(evidence("call.cost", leg, { tenants: [acme], signer: "own" }), {});
  });
});

describe("what would have to be owned", () => {
  it("names what may be the account's, and never a caller's number", () => {
    const incoming = { ...leg, direction: "incoming", from: stranger, to: bob, connection_id: "9" };
    const { wanted } = claims("call.initiated", incoming, { tenants: [], path: "/webhooks/@acme" });
    assert.deepEqual(wanted, ["connection:9", "path:/webhooks/@acme", `number:${bob}`]);
    const outgoing = { ...incoming, direction: "outgoing" };
    assert.deepEqual(claims("call.initiated", outgoing).wanted, [
      "connection:9",
      `number:${stranger}`,
    ]);
  });

  it("names nothing besides a number that is owned", () => {
    const incoming = { ...leg, direction: "incoming", from: stranger, to: alice };
    const around = { path: "/webhooks/@beta" };
    const payload = { ...incoming, connection_id: "9" };
    assert.deepEqual(claims("call.initiated", payload, around).wanted, []);
    const { direction: _, ...silent } = incoming;
    assert.deepEqual(claims("call.answered", silent).wanted, [
      `number:${alice}`,
      `number:${stranger}`,
    ]);
  });

  it("pairs a sender's name with its profile", () => {
    const sent = message(stranger, "INFO", { messaging_profile_id: "Profile-X" });
    assert.deepEqual(claims("message.sent", sent).wanted, [
      "number:INFO profile-x",
      "profile:profile-x",
      "number:INFO",
    ]);
  });
});

describe("tenantIn()", () => {
  it("reads the tenant that a path names", () => {
    assert.equal(tenantIn("/webhooks/@acme"), "acme");
    assert.equal(tenantIn("/webhooks/acme"), undefined);
    assert.equal(tenantIn("/@acme"), undefined);
  });
});
