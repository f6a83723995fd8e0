import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Channel } from "../../src/tenant.ts";
import { type Joins, joinsOf } from "../../src/telnyx/joins.ts";

function joins(type: string, payload: Record<string, unknown>, channel: Channel = "voice"): Joins {
  return joinsOf({ type, event: { id: "event", payload }, payload, content: "" }, channel);
}

const leg = { call_leg_id: "leg", call_control_id: "control", call_session_id: "call" };
const shared = { ...leg, conference_id: "room", creator_call_session_id: "creator" };
const call = "call_session_id:call";
const creator = "call_session_id:creator";
const room = "conference_id:room";

describe("joinsOf() and calls", () => {
  it("names leg and call, and is about the call", () => {
    assert.deepEqual(joins("call.speak.ended", leg), {
      legs: ["call_leg_id:leg", "call_control_id:control"],
      sessions: [call],
      conferences: [],
      about: call,
      call,
    });
  });

  it("is about the leg where no call is named", () => {
    const { about, call, sessions } = joins("streaming.started", { call_control_id: "control" });
    assert.deepEqual([about, call, sessions], [
      "call_control_id:control",
      "call_control_id:control",
      [],
    ]);
  });

  it("joins a TeXML call to what it dials", () => {
    const parent = joins("texml.call.ringing", { CallSid: "parent" });
    const child = joins("texml.call.ringing", { CallSid: "child", ParentCallSid: "parent" });
    assert.deepEqual(parent.legs, ["CallSid:parent"]);
    assert.deepEqual(parent.sessions, []);
    assert.deepEqual(child.legs, ["CallSid:child"]);
    assert.deepEqual(child.sessions, ["CallSid:parent"]);
    assert.deepEqual([parent.about, child.about], ["CallSid:parent", "CallSid:parent"]);
    assert.deepEqual([parent.call, child.call], ["CallSid:parent", "CallSid:parent"]);
  });

  it("believes no id that is not one", () => {
    const junk = { call_leg_id: {}, call_control_id: ["a"], call_session_id: "", CallSid: null };
    assert.deepEqual(joins("call.cost", junk), { legs: [], sessions: [], conferences: [] });
    assert.deepEqual(joins("call.cost", { call_leg_id: "x".repeat(256) }).legs, []);
    assert.deepEqual(joins("call.cost", { call_leg_id: "a\nb" }).legs, []);
  });
});

describe("joinsOf() and conferences", () => {
  it("joins a participant's event to its own call, never to the creator's", () => {
    for (const type of ["conference.participant.joined", "conference.floor.changed"]) {
      const { sessions, conference, about, call } = joins(type, shared);
      assert.deepEqual(sessions, ["call_session_id:call"]);
      assert.deepEqual([conference, about, call], [undefined, room, "call_session_id:call"]);
    }
    const { call_session_id: _, ...alone } = shared;
    assert.deepEqual(joins("conference.participant.left", alone).sessions, []);
  });

  it("joins what is the conference's to its creator's call", () => {
    for (const what of ["ended", "recording.saved", "playback.started", "speak.ended"]) {
      const { sessions, conference, about, call } = joins(`conference.${what}`, shared);
      assert.deepEqual(sessions, [creator]);
      assert.deepEqual([conference, about, call], ["wide", room, undefined]);
    }
    assert.deepEqual(
      joins("conference.recording.saved", { ...leg, conference_id: "room" })
        .sessions,
      [call],
    );
  });

  it("knows the creation, which is of the creator's leg", () => {
    const told = joins("conference.created", { ...leg, conference_id: "room" });
    assert.deepEqual([told.conference, told.about, told.call], ["created", room, call]);
    assert.deepEqual(told.sessions, [call]);
    assert.equal(told.legs.length, 2);
  });

  it("takes a new event for the conference's only where it names no leg", () => {
    assert.equal(joins("conference.renamed", { conference_id: "room" }).conference, "wide");
    assert.equal(joins("conference.renamed", shared).conference, undefined);
    assert.equal(joins("conference.ended", leg).conference, undefined);
    const nobody = { conference_id: "room" };
    assert.equal(joins("conference.participant.left", nobody).conference, undefined);
  });

  it("reads TeXML's conferences the same way", () => {
    const fields = { ConferenceSid: "room", CallSid: "leg" };
    const told = (event: string) => joins(`texml.conference.${event}`, fields);
    assert.equal(told("conference-start").conference, "created");
    assert.equal(told("conference-end").conference, "wide");
    assert.equal(told("participant-join").conference, undefined);
    assert.equal(told("participant-join").about, "ConferenceSid:room");
    assert.equal(told("participant-join").call, "CallSid:leg");
    const recording = joins("texml.recording.completed", { ConferenceSid: "room" });
    assert.equal(recording.conference, "wide");
    assert.equal(recording.about, "ConferenceSid:room");
  });

  it("leaves an event of a call that names a conference with its call", () => {
    const { about, conferences, conference } = joins("call.hangup", shared);
    assert.deepEqual([about, conferences, conference], [call, [room], undefined]);
  });
});

describe("joinsOf(), messages and faxes", () => {
  const keyOf = (type: string, payload: Record<string, unknown>) =>
    joins(type, payload, type.startsWith("fax") ? "fax" : "messaging").about;

  it("names a message by its own id, and what is about it by the id it gives", () => {
    assert.equal(keyOf("message.sent", { id: "m" }), "message_id:m");
    assert.equal(keyOf("message.delivered", { message_id: "m" }), "message_id:m");
    assert.equal(keyOf("link_clicked", { message_id: "m", id: "click" }), "message_id:m");
    assert.equal(keyOf("10dlc.campaign.update", { id: "order" }), undefined);
    assert.deepEqual(joins("message.sent", { id: "m" }, "messaging").legs, ["message_id:m"]);
  });

  it("does not take the event's own id for the message's", () => {
    const event = { id: "event", event_type: "message.sent" };
    const { about } = joinsOf(
      { type: "message.sent", event, payload: event, content: "" },
      "messaging",
    );
    assert.equal(about, undefined);
    const v1 = { id: "event", sms_id: "sms" };
    const sms = joinsOf({ type: "message.sent", event: v1, payload: v1, content: "" }, "messaging");
    assert.equal(sms.about, "message_id:sms");
  });

  it("names a fax", () => {
    assert.equal(keyOf("fax.failed", { fax_id: "f" }), "fax_id:f");
    assert.equal(keyOf("fax.failed", { id: "f" }), undefined);
    assert.equal(joins("fax.failed", { fax_id: "f" }, "fax").call, undefined);
  });
});
