import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { stageOf, stateOf } from "../../src/telnyx/course.ts";

describe("stageOf()", () => {
  it("tells the beginning of a leg, and ends", () => {
    const begins = ["call.initiated", "texml.call.initiated"];
    const ends = [
      ...["call.hangup", "texml.call.completed", "texml.call.busy", "texml.call.failed"],
      ...["texml.call.no-answer", "texml.call.canceled", "message.finalized", "message.received"],
      ...["fax.received", "fax.delivered", "fax.failed"],
    ];
    const between = [
      "call.answered",
      "call.cost",
      "texml.call.in-progress",
      "message.sent",
      "x",
      "",
    ];
    assert.deepEqual(begins.map(stageOf), begins.map(() => "begins"));
    assert.deepEqual(ends.map(stageOf), ends.map(() => "ends"));
    assert.deepEqual(between.map(stageOf), between.map(() => undefined));
  });
});

describe("stateOf()", () => {
  const state = (type: string, payload: Record<string, unknown>) =>
    stateOf({ type, event: { payload }, payload, content: "" });
  const to = (...numbers: readonly string[]) => numbers.map((phone_number) => ({ phone_number }));

  it("is the same for the states of one message, in whatever order its recipients stand", () => {
    const sent = state("message.sent", { id: "m", to: to("+18005550101", "+18005550102") });
    const final = state("message.finalized", { id: "m", to: to("+18005550102", "+18005550101") });
    assert.ok(sent);
    assert.equal(sent, final);
    assert.notEqual(sent, state("message.sent", { id: "n", to: to("+18005550101") }));
  });

  it("differs by recipient where a group's share an id", () => {
    const first = state("message.finalized", { id: "m", to: to("+18005550101") });
    const second = state("message.finalized", { id: "m", to: to("+18005550102") });
    assert.ok(first && second);
    assert.notEqual(first, second);
  });

  it("is none where anything could be lost by it", () => {
    const whole = { id: "m", to: to("+18005550101") };
    assert.equal(state("message.received", whole), undefined);
    assert.equal(state("message.read", whole), undefined);
    assert.equal(state("message.sent", { ...whole, direction: "inbound" }), undefined);
    assert.equal(state("message.sent", { to: whole.to }), undefined);
    assert.equal(state("message.sent", { id: "m" }), undefined);
    assert.equal(state("message.sent", { id: "m", to: [] }), undefined);
    assert.equal(state("message.sent", { id: "m", to: [...whole.to, { name: "x" }] }), undefined);
    const many = Array.from({ length: 101 }, (_, index) => `+1800555${1000 + index}`);
    assert.equal(state("message.sent", { id: "m", to: to(...many) }), undefined);
  });
});
