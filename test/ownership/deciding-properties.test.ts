import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { caseOf, decide, rules } from "../../src/ownership/deciding.ts";
import { named, outcomeOf, questionOf } from "./shared.ts";

const leg = "call_leg_id:l";
const control = "call_control_id:c";
const session = "call_session_id:s";
const conference = "conference_id:f";

const tenants = fc.constantFrom("acme", "beta", "gamma");
const owners = fc.array(tenants.map((tenant) => named(tenant)), { maxLength: 2 });
const direction = fc.constantFrom("inbound" as const, "outbound" as const);
const keys = fc.subarray([leg, control] as const);
const circles = fc.subarray([session, conference] as const);
const told = fc.record({
  direction,
  legs: keys,
  circles,
  conference: fc.constant("wide" as const),
  awaits: fc.constant(true as const),
  numbers: owners,
  sides: fc.record({ inbound: owners, outbound: owners }),
  between: owners,
  ids: owners,
}, { requiredKeys: [] });
const known = fc.record({
  tenant: tenants,
  direction,
  creator: tenants,
  guess: fc.record({ tenant: tenants, at: fc.constantFrom(0, 1_000_000) }),
}, { requiredKeys: [] });
const memories = fc.record({
  [leg]: known,
  [control]: known,
  [session]: known,
  [conference]: known,
});
const cases = fc.tuple(told, memories, fc.record({ late: fc.boolean() }));

describe("decide(), whatever it is told,", () => {
  it("gives several tenants a copy only by the numbers on the told side", () => {
    fc.assert(fc.property(cases, ([evidence, memory, more]) => {
      const found = decide(questionOf(evidence, memory, more));
      if (found.is === "held") return;
      const several = new Set(found.owners.map(({ tenant }) => tenant)).size > 1;
      const of = caseOf(questionOf(evidence, memory, more));
      const byRule = rules.find((rule) => rule.decide(of) !== undefined)?.name ?? "";
      if (several) assert.match(byRule, /^our number/);
    }));
  });

  it("makes what has waited wait no more", () => {
    fc.assert(fc.property(cases, ([evidence, memory]) => {
      assert.notEqual(outcomeOf(decide(questionOf(evidence, memory, { late: true }))), "waiting");
    }));
  });

  it("never takes the number on the other side once the direction is told", () => {
    const sided = fc.tuple(direction, memories, told, fc.boolean());
    fc.assert(fc.property(sided, ([way, memory, evidence, isLate]) => {
      const { direction: _, numbers: __, ...rest } = evidence;
      const other = way === "inbound" ? "outbound" : "inbound";
      const sides = { inbound: [], outbound: [], [other]: [named("caller")] };
      const known = { ...memory, [leg]: { ...memory[leg], direction: way } };
      const found = decide(questionOf({ ...rest, legs: [leg], sides }, known, { late: isLate }));
      assert.ok(!outcomeOf(found).includes("caller"));
    }));
  });
});
