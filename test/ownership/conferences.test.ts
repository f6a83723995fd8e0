import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decide } from "../../src/ownership/deciding.ts";
import type { Evidence } from "../../src/ownership.ts";
import { named, outcomeOf, questionOf } from "./shared.ts";

const leg = "call_leg_id:l";
const session = "call_session_id:s";
const conference = "conference_id:f";

const decision = (...args: Parameters<typeof questionOf>) => decide(questionOf(...args));
const outcome = (...args: Parameters<typeof questionOf>) => outcomeOf(decision(...args));
const late = { late: true };

describe("decide() about a whole conference", () => {
  const wide: Evidence = { conference: "wide", circles: [conference, session], legs: [leg] };
  const { legs: _, ...legless } = wide;
  const ofBeta = { [leg]: { tenant: "beta" }, [conference]: { tenant: "beta" } };
  const ofAcme = { [session]: { tenant: "acme" } };

  it("gives it to the creator, whoever else is in it", () => {
    const memory = {
      [conference]: { shared: true as const, creator: "acme" },
      [leg]: { tenant: "beta" },
    };
    const found = decision(wide, memory);
    assert.deepEqual(found, {
      is: "owned",
      owners: [{ tenant: "acme", by: "conference_id", matched: "f" }],
      firm: true,
    });
  });

  it("waits for the event that names the creator, as long as it may come", () => {
    assert.equal(outcome(wide, ofBeta), "waiting");
    assert.equal(outcome(wide), "waiting");
    assert.equal(outcome(wide, {}, late), "unknown");
    assert.equal(outcome(legless, ofAcme), "waiting");
  });

  it("gives it to nobody by those who are in it", () => {
    assert.equal(outcome(wide, ofBeta, late), "unknown");
    assert.equal(outcome(legless, ofBeta, late), "unknown");
    const { [conference]: __, ...ofLeg } = ofBeta;
    assert.equal(outcome(wide, ofLeg, late), "unknown");
  });

  it("goes by the creator's call when nothing tells the creator", () => {
    assert.deepEqual(outcome(legless, ofAcme, late), ["acme"]);
    assert.deepEqual(outcome(legless, { ...ofAcme, ...ofBeta }, late), ["acme"]);
  });

  it("has to know the conference, too, where it names a leg, whose call that may be", () => {
    assert.equal(outcome(wide, ofAcme, late), "ambiguous");
    assert.equal(outcome(wide, { ...ofAcme, ...ofBeta }, late), "ambiguous");
    const shared = { ...ofAcme, [conference]: { shared: true as const } };
    assert.equal(outcome(wide, shared, late), "ambiguous");
    assert.equal(outcome({ ...wide, ids: [named("acme")] }, shared, late), "ambiguous");
    assert.deepEqual(outcome(wide, { ...ofAcme, [conference]: { tenant: "acme" } }, late), [
      "acme",
    ]);
  });
});

describe("decide() about the leg that made a conference", () => {
  const created: Evidence = {
    conference: "created",
    legs: [leg],
    circles: [conference, session],
    awaits: true,
  };

  it("gives it to nobody by those who are in it", () => {
    assert.equal(outcome(created, { [conference]: { tenant: "beta" } }), "waiting");
    assert.equal(outcome(created, { [conference]: { tenant: "beta" } }, late), "unknown");
  });

  it("goes by the leg, or by its call when nothing more is told", () => {
    assert.deepEqual(outcome(created, { [leg]: { tenant: "acme" } }), ["acme"]);
    const found = decision(created, { [session]: { tenant: "acme" } }, late);
    assert.deepEqual(outcomeOf(found), ["acme"]);
    assert.equal(found.is === "owned" && found.firm, false);
  });
});
