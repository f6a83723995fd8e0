import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decide } from "../../src/ownership/deciding.ts";
import { type Evidence, graceMs } from "../../src/ownership.ts";
import { type Memories, named, outcomeOf, questionOf } from "./shared.ts";

const leg = "call_leg_id:l";
const control = "call_control_id:c";
const session = "call_session_id:s";
const conference = "conference_id:f";
const [acme, beta, gamma] = [named("acme"), named("beta"), named("gamma")];
const byConnection = (tenant: string) =>
  named(tenant, `connection:${tenant}`, { by: "connection_id" });

const decision = (...args: Parameters<typeof questionOf>) => decide(questionOf(...args));
const outcome = (...args: Parameters<typeof questionOf>) => outcomeOf(decision(...args));
const late = { late: true };

describe("decide() by a leg", () => {
  it("keeps the tenant of a leg that is known, whoever owns the number now", () => {
    const told: Evidence = { legs: [leg], direction: "inbound", numbers: [beta], ids: [beta] };
    const found = decision(told, { [leg]: { tenant: "acme" } });
    assert.deepEqual(found, {
      is: "owned",
      owners: [{ tenant: "acme", by: "call_leg_id", matched: "l" }],
      firm: true,
    });
  });

  it("takes any of the leg's names", () => {
    const told: Evidence = { legs: [leg, control] };
    assert.deepEqual(outcome(told, { [control]: { tenant: "acme" } }), ["acme"]);
    const both = { [leg]: { tenant: "acme" }, [control]: { tenant: "acme" } };
    assert.deepEqual(outcome(told, both), ["acme"]);
  });

  it("holds what names the legs of two", () => {
    const two = { [leg]: { tenant: "acme" }, [control]: { tenant: "beta" } };
    for (const numbers of [[], [acme]]) {
      const told: Evidence = { legs: [leg, control], direction: "inbound", numbers };
      assert.equal(outcome(told, two), "ambiguous");
      assert.equal(outcome(told, two, late), "ambiguous");
    }
  });

  it("passes over a leg that is of two itself", () => {
    const told: Evidence = { legs: [leg], direction: "inbound", numbers: [beta] };
    assert.deepEqual(outcome(told, { [leg]: { shared: true } }), ["beta"]);
  });
});

describe("decide() by a guess", () => {
  const told: Evidence = { legs: [leg], awaits: true };
  const guessed = (age: number) => ({ [leg]: { guess: { tenant: "acme", at: 1_000_000 - age } } });

  it("lets it ripen before it counts", () => {
    assert.equal(outcome(told, guessed(graceMs - 1)), "waiting");
    const ripe = decision(told, guessed(graceMs));
    assert.deepEqual(outcomeOf(ripe), ["acme"]);
    assert.equal(ripe.is === "owned" && ripe.firm, false);
  });

  it("takes it at once for what has waited itself", () => {
    assert.deepEqual(outcome(told, guessed(0), late), ["acme"]);
  });

  it("forgets it where the direction is told or known", () => {
    const direct: Evidence = { legs: [leg], direction: "inbound", numbers: [beta] };
    assert.deepEqual(outcome(direct, guessed(graceMs)), ["beta"]);
    const known = { [leg]: { guess: { tenant: "acme", at: 0 }, direction: "inbound" as const } };
    assert.equal(outcome(told, known, late), "unknown");
  });
});

describe("decide() by numbers", () => {
  it("gives a copy to each owner on the side that is told", () => {
    assert.deepEqual(outcome({ direction: "inbound", numbers: [acme, beta] }), ["acme", "beta"]);
  });

  it("takes the side that the leg's direction names", () => {
    const told: Evidence = {
      legs: [leg],
      awaits: true,
      sides: { inbound: [beta], outbound: [acme] },
    };
    assert.deepEqual(outcome(told, { [leg]: { direction: "inbound" } }), ["beta"]);
    assert.deepEqual(outcome(told, { [leg]: { direction: "outbound" } }), ["acme"]);
    const nobody: Evidence = { ...told, sides: { inbound: [], outbound: [acme] } };
    assert.equal(outcome(nobody, { [leg]: { direction: "inbound" } }, late), "unknown");
  });

  it("prefers them to the call, the conference and every id", () => {
    const told: Evidence = {
      direction: "inbound",
      numbers: [acme],
      circles: [session, conference],
      ids: [beta],
    };
    assert.deepEqual(outcome(told, { [session]: { tenant: "beta" } }), ["acme"]);
  });
});

describe("decide() for a leg that goes out", () => {
  const out: Evidence = { legs: [leg], circles: [session], direction: "outbound", numbers: [acme] };
  const ofBeta = { [session]: { tenant: "beta" } };

  it("gives it to the one tenant of its call, whatever number of another's it shows", () => {
    const found = decision(out, ofBeta);
    assert.deepEqual(found, {
      is: "owned",
      owners: [{ tenant: "beta", by: "call_session_id", matched: "s" }],
      firm: true,
    });
    assert.deepEqual(outcome({ ...out, far: [gamma] }, ofBeta), ["beta"]);
    assert.deepEqual(outcome({ ...out, direction: "inbound" }, ofBeta), ["acme"]);
  });

  it("does not where it calls that tenant, or its call is of nobody or of two", () => {
    assert.deepEqual(outcome({ ...out, far: [beta] }, ofBeta), ["acme"]);
    assert.deepEqual(outcome(out), ["acme"]);
    assert.deepEqual(outcome(out, { [session]: { shared: true } }), ["acme"]);
  });

  it("goes by the leg's direction where the event tells none", () => {
    const outgoing = { ...ofBeta, [leg]: { direction: "outbound" as const } };
    const { direction: _, numbers: __, ...silent } = out;
    const forwarded = { ...silent, sides: { inbound: [], outbound: [acme] } };
    assert.deepEqual(outcome(forwarded, outgoing), ["beta"]);
    const called = { ...silent, sides: { inbound: [beta], outbound: [acme] } };
    assert.deepEqual(outcome(called, outgoing), ["acme"]);
  });
});

describe("decide() between two owners", () => {
  const between: Evidence = {
    legs: [leg],
    awaits: true,
    circles: [session],
    sides: { inbound: [beta], outbound: [acme] },
    between: [byConnection("acme")],
    ids: [byConnection("acme")],
  };

  it("lets nobody see it before the direction is known, whatever else names one", () => {
    for (const memory of [{}, { [session]: { tenant: "acme" } }]) {
      assert.equal(outcome(between, memory), "ambiguous");
      assert.equal(outcome(between, memory, late), "ambiguous");
    }
  });

  it("takes the one of the profile or connection where none will ever be told", () => {
    const { awaits: _, ...never } = between;
    const found = decision(never);
    assert.deepEqual(outcomeOf(found), ["acme"]);
    assert.equal(found.is === "owned" && found.firm, true);
    const { between: __, ids: ___, ...silent } = never;
    assert.equal(outcome(silent), "ambiguous");
    const third = { ...never, between: [byConnection("gamma")], ids: [byConnection("gamma")] };
    assert.equal(outcome(third), "ambiguous");
  });
});

describe("decide() for the only owner on both sides", () => {
  const only: Evidence = {
    legs: [leg],
    awaits: true,
    circles: [session],
    sides: { inbound: [], outbound: [acme] },
  };

  it("gives it, and takes that for sure only where no direction will be told", () => {
    const found = decision(only);
    assert.deepEqual(outcomeOf(found), ["acme"]);
    assert.equal(found.is === "owned" && found.firm, false);
    const { awaits: _, ...never } = only;
    const firm = decision(never);
    assert.equal(firm.is === "owned" && firm.firm, true);
  });

  it("takes a tenant that owns both sides for one", () => {
    assert.deepEqual(outcome({ ...only, sides: { inbound: [acme], outbound: [acme] } }), ["acme"]);
  });

  it("does not where an id, a path, a profile, a connection or the call is another's", () => {
    const others: readonly [Partial<Evidence>, Memories][] = [
      [{ ids: [beta] }, {}],
      [{ between: [byConnection("beta")] }, {}],
      [{}, { [session]: { tenant: "beta" } }],
    ];
    for (const [more, memory] of others) {
      assert.equal(outcome({ ...only, ...more }, memory), "waiting");
    }
    assert.deepEqual(outcome({ ...only, ids: [acme] }, { [session]: { tenant: "acme" } }), [
      "acme",
    ]);
    assert.deepEqual(outcome(only, { [session]: { shared: true } }), ["acme"], "of two, of nobody");
  });

  it("says nothing where the direction names the other side", () => {
    const inbound = { [leg]: { direction: "inbound" as const } };
    assert.equal(outcome(only, inbound), "unknown");
    assert.deepEqual(outcome({ ...only, ids: [gamma] }, inbound), ["gamma"]);
  });
});

describe("decide() by a call or conference", () => {
  it("gives it to the one tenant that is known for the nearest", () => {
    const told: Evidence = { circles: [session, conference] };
    const farther = { [conference]: { tenant: "beta" } };
    assert.equal(outcome(told, farther), "waiting", "its own call may be another's");
    assert.deepEqual(outcome(told, farther, late), ["beta"]);
    assert.deepEqual(outcome({ circles: [conference] }, farther), ["beta"]);
    const shared = { ...farther, [session]: { shared: true as const } };
    assert.deepEqual(outcome(told, shared), ["beta"], "nothing more will be known of it");
    const both = { [session]: { tenant: "acme" }, [conference]: { tenant: "beta" } };
    assert.deepEqual(outcome(told, both), ["acme"]);
  });

  it("decides nothing by one of two tenants", () => {
    const told: Evidence = { circles: [session], ids: [gamma] };
    assert.deepEqual(outcome(told, { [session]: { shared: true } }), ["gamma"]);
    assert.equal(outcome({ circles: [session] }, { [session]: { shared: true } }), "unknown");
  });

  it("waits for a leg that is yet unknown", () => {
    const told: Evidence = { legs: [leg], awaits: true, circles: [session], ids: [gamma] };
    const memory = { [session]: { tenant: "acme" } };
    assert.equal(outcome(told, memory), "waiting");
    const found = decision(told, memory, late);
    assert.deepEqual(outcomeOf(found), ["acme"]);
    assert.equal(found.is === "owned" && found.firm, false);
    const directed = decision(told, { ...memory, [leg]: { direction: "outbound" } });
    assert.deepEqual(outcomeOf(directed), ["acme"]);
    assert.equal(directed.is === "owned" && directed.firm, true);
  });
});

describe("decide() by ids", () => {
  it("takes the strongest", () => {
    const found = decision({ ids: [gamma, acme] });
    assert.deepEqual(outcomeOf(found), ["gamma"]);
    assert.equal(found.is === "owned" && found.firm, true);
  });

  it("waits for a leg that is yet unknown", () => {
    const told: Evidence = { legs: [leg], awaits: true, ids: [gamma] };
    assert.equal(outcome(told), "waiting");
    assert.deepEqual(outcome(told, {}, late), ["gamma"]);
  });

  it("holds what nobody owns, and what may still be told", () => {
    assert.equal(outcome({}), "unknown");
    assert.equal(outcome({ legs: [leg], awaits: true }), "waiting");
    assert.equal(outcome({ legs: [leg], awaits: true }, {}, late), "unknown");
    assert.equal(
      outcome({ legs: [leg], awaits: true }, { [leg]: { direction: "inbound" } }),
      "unknown",
    );
  });
});
