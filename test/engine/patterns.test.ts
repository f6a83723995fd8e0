import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { matcherOf } from "../../src/engine/patterns.ts";

describe("matcherOf()", () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ["call.hangup", "call.hangup", true],
    ["call.hangup", "call.hangup.late", false],
    ["call.hangup", "xcall.hangup", false],
    ["call.hangup", "callxhangup", false],
    ["call.dtmf.*", "call.dtmf.received", true],
    ["call.dtmf.*", "call.dtmf", false],
    ["call.*gather.ended", "call.gather.ended", true],
    ["call.*gather.ended", "call.ai_gather.ended", true],
    ["*", "", true],
    ["*", "anything\nat all", true],
    ["a(b", "a(b", true],
    ["[a-z]", "b", false],
  ];
  for (const [pattern, type, expected] of cases) {
    it(`says ${expected} of "${type.replace("\n", " ")}" to "${pattern}"`, () => {
      const matches = matcherOf([pattern]);
      assert.equal(matches(type), expected);
      assert.equal(matches(type), expected, "remembered");
    });
  }

  it("matches any of several, and nothing where there are none", () => {
    const matches = matcherOf(["call.*", "message.received"]);
    assert.ok(matches("message.received"));
    assert.ok(!matches("message.sent"));
    assert.ok(!matcherOf([])("call.hangup"));
  });

  it("goes on when more types come than it remembers", () => {
    const matches = matcherOf(["new.*"]);
    for (let type = 0; type < 3_000; type++) assert.ok(matches(`new.${type}`));
  });
});
