import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { decide, rules } from "../../src/ownership/deciding.ts";
import { explain, keysOf } from "../../src/ownership/explaining.ts";
import type { Evidence } from "../../src/ownership.ts";
import { knowing, type Memories, named, questionOf } from "./shared.ts";

const leg = "call_leg_id:l";
const session = "call_session_id:s";
const now = 1_000_000;
const explained = (evidence: Evidence, memory: Memories = {}) =>
  explain(evidence, knowing(memory), now);

describe("explain()", () => {
  it("tells each rule up to the one that decides, with what it looked at and found", () => {
    const evidence: Evidence = {
      legs: [leg],
      circles: [session],
      direction: "outbound",
      numbers: [named("acme", "number:+18005550100")],
    };
    const { direction, steps, owners, held } = explained(evidence, { [leg]: { shared: true } });
    assert.equal(direction, "outbound");
    assert.deepEqual(owners.map(({ tenant }) => tenant), ["acme"]);
    assert.equal(held, undefined);
    assert.deepEqual(steps.map(({ rule, looked }) => [rule, looked]), [
      ["the conference's creator", []],
      ["a leg, message or fax we know", [leg]],
      ["our number, on the side the direction names", [
        "direction outbound",
        "number:+18005550100",
      ]],
    ]);
    assert.deepEqual(steps[1]?.known, { [leg]: { seenAt: 0, shared: true } });
    assert.deepEqual(steps.map(({ decided }) => decided?.is), [undefined, undefined, "owned"]);
  });

  it("tells the direction that the leg has", () => {
    const told = explained({ legs: [leg] }, { [leg]: { direction: "inbound" } });
    assert.equal(told.direction, "inbound");
  });

  it("says why it is nobody's", () => {
    const told = explained({ circles: [session] }, { [session]: { shared: true } });
    assert.deepEqual([told.owners, told.held], [[], "unknown"]);
    assert.equal(told.steps.length, rules.length);
    assert.equal(explained({ legs: [leg], awaits: true }).held, "waiting");
  });

  it("says what becomes of it when it has waited", () => {
    const evidence: Evidence = { legs: [leg], awaits: true, ids: [named("acme")] };
    assert.equal(explain(evidence, knowing({}), now, false).held, "waiting");
    assert.equal(explain(evidence, knowing({}), now, true).owners[0]?.tenant, "acme");
  });

  it("says what the log decides", () => {
    const owners = fc.array(fc.constantFrom("acme", "beta").map((tenant) => named(tenant)), {
      maxLength: 2,
    });
    const told = fc.record({
      legs: fc.constant([leg] as const),
      circles: fc.constant([session] as const),
      awaits: fc.constant(true as const),
      direction: fc.constantFrom("inbound" as const, "outbound" as const),
      numbers: owners,
      sides: fc.record({ inbound: owners, outbound: owners }),
      ids: owners,
    }, { requiredKeys: [] });
    const known = fc.record({ tenant: fc.constantFrom("acme", "beta") }, { requiredKeys: [] });
    const memories = fc.record({ [leg]: known, [session]: known }, { requiredKeys: [] });
    fc.assert(fc.property(told, memories, fc.boolean(), (evidence, memory, late) => {
      const decision = decide(questionOf(evidence, memory, { now, late }));
      const { owners, held } = explain(evidence, knowing(memory), now, late);
      if (decision.is === "held") assert.deepEqual([owners, held], [[], decision.why]);
      else assert.deepEqual([owners, held], [decision.owners, undefined]);
    }));
  });
});

describe("keysOf()", () => {
  it("names every leg, call and conference once", () => {
    assert.deepEqual(keysOf({ legs: [leg], circles: [session, session] }), [leg, session]);
    assert.deepEqual(keysOf({}), []);
  });
});
