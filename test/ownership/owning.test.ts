import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { EventRef } from "../../src/event.ts";
import { createOwning, type Freed, type HeldRow } from "../../src/ownership/owning.ts";
import type { Evidence } from "../../src/ownership.ts";
import { createMemory, type Memories, named, outcomeOf } from "./shared.ts";

const now = 1_000_000;
const leg = "call_leg_id:l";
const other = "call_leg_id:o";
const betas = "call_control_id:b";
const session = "call_session_id:s";
const [acme, beta] = [named("acme"), named("beta")];

const row = (ref: EventRef, evidence: Evidence, more: Partial<HeldRow> = {}): HeldRow => ({
  ref,
  claims: { evidence, subject: {}, path: "/webhooks" },
  why: "waiting",
  late: false,
  ...more,
});

interface Around {
  readonly known?: Memories;
  readonly ownAccounts?: readonly string[];
  /** What another tenant than this had a short while ago. */
  readonly recycled?: Readonly<Record<EventRef, string>>;
  /** Who had these a short while ago. */
  readonly anothers?: Readonly<Record<string, string>>;
}

/** Owning over these held events; what is given leaves them, as in a log. */
function open(rows: readonly HeldRow[], around: Around = {}) {
  const { known = {}, ownAccounts = [], recycled = {}, anothers = {} } = around;
  const held = new Map(rows.map((one) => [one.ref, one]));
  const memory = createMemory(known);
  const owning = createOwning(memory, {
    naming: (key) =>
      [...held.values()].filter(({ claims: { evidence: { legs = [], circles = [] } } }) =>
        [...legs, ...circles].includes(key)
      ),
    stays(ref, why) {
      const found = held.get(ref);
      if (found !== undefined) held.set(ref, { ...found, why });
    },
    later: () => assert.fail("there are few"),
    wantedBy: () => [],
    wasAnothers: (wanted, tenant) => wanted.some((key) => (anothers[key] ?? tenant) !== tenant),
    isRecycled: ({ ref }, tenant) => (recycled[ref] ?? tenant) !== tenant,
  }, (tenant) => ownAccounts.includes(tenant));

  function give(freed: readonly Freed[]): string[] {
    for (const { ref } of freed) assert.equal(held.delete(ref), true, "it is freed once");
    return freed.map(({ ref, owners }) => `${ref} ${owners.map(({ tenant }) => tenant)}`);
  }

  function arrives(evidence: Evidence, wanted: readonly string[] = []) {
    const decision = owning.decide(evidence, wanted, now);
    return { decision, freed: give(owning.follow(evidence, decision, now)) };
  }

  return {
    known: owning.known,
    arrives,
    frees: (evidence: Evidence) => arrives(evidence).freed,
    again: (...asked: readonly HeldRow[]) => give(owning.again(asked, now)),
    given: (to: string, ...refs: readonly EventRef[]) =>
      give(owning.given(refs.flatMap((ref) => held.get(ref) ?? []), to, now)),
    hold: (one: HeldRow) => void held.set(one.ref, one),
    why: (ref: EventRef) => held.get(ref)?.why,
  };
}

const initiated = (
  key: typeof leg | typeof other,
  ...owners: readonly typeof acme[]
): Evidence => ({
  legs: [key],
  circles: [session],
  teaches: [session],
  direction: "inbound",
  numbers: owners,
});
const awaiting: Evidence = { legs: [leg], circles: [session], teaches: [session], awaits: true };

describe("a guess", () => {
  const sides = { inbound: [], outbound: [named("acme", "number:+1")] };
  const guess: Evidence = { legs: [leg], awaits: true, sides };

  it("does not count where another tenant had the other number a short while ago", () => {
    const { arrives } = open([], { anothers: { "number:+2": "beta" } });
    assert.deepEqual(arrives(guess, ["number:+1"]).decision.is, "owned");
    const rash = arrives(guess, ["number:+1", "number:+2"]).decision;
    assert.deepEqual(rash, { is: "held", why: "waiting" });
  });
});

describe("what an event teaches", () => {
  it("frees what waited for its leg, in the order of arrival", () => {
    const owning = open([3, 1, 2].map((ref) => row(ref, awaiting)));
    assert.deepEqual(owning.frees(initiated(leg, acme)), ["1 acme", "2 acme", "3 acme"]);
  });

  it("frees what was between two owners, by the direction alone", () => {
    const between: Evidence = { ...awaiting, sides: { inbound: [beta], outbound: [acme] } };
    const owning = open([row(1, between, { why: "ambiguous" })]);
    const { decision, freed } = owning.arrives({ legs: [leg], direction: "inbound" });
    assert.equal(outcomeOf(decision), "unknown");
    assert.deepEqual(freed, ["1 beta"]);
    assert.equal(owning.known(leg)?.tenant, "beta");
  });

  it("frees by what it frees, as far as that goes", () => {
    const conference: Evidence = { circles: ["conference_id:f"], teaches: ["conference_id:f"] };
    const owning = open([
      row(1, conference),
      row(2, { circles: [session, "conference_id:f"], teaches: ["conference_id:f"] }),
      row(3, { ...awaiting, sides: { inbound: [beta], outbound: [acme] } }),
      row(4, { circles: ["call_session_id:another"] }),
    ]);
    assert.deepEqual(owning.frees({ legs: [leg], direction: "inbound" }), [
      "1 beta",
      "2 beta",
      "3 beta",
    ]);
    assert.equal(owning.why(4), "waiting");
  });

  it("frees by a guess only what has waited for its call in vain", () => {
    const owning = open([row(1, awaiting, { late: true }), row(2, awaiting)]);
    const only: Evidence = { ...awaiting, sides: { inbound: [], outbound: [acme] } };
    const { decision, freed } = owning.arrives(only);
    assert.deepEqual([outcomeOf(decision), freed], [["acme"], ["1 acme"]]);
    assert.equal(owning.why(2), "waiting");
    assert.equal(owning.known(leg)?.tenant, undefined);
  });

  it("leaves what it says nothing of, and says why that stays", () => {
    const between: Evidence = { ...awaiting, sides: { inbound: [beta], outbound: [acme] } };
    const owning = open([row(1, { ...between, legs: [other] }), row(2, { legs: [leg] })]);
    assert.deepEqual(owning.frees({ legs: [leg], direction: "outbound" }), []);
    assert.deepEqual([owning.why(1), owning.why(2)], ["waiting", "unknown"]);
    assert.deepEqual(owning.frees(initiated(leg, acme)), ["2 acme"]);
    assert.equal(owning.why(1), "ambiguous");
  });

  it("frees nothing by a call that turns out to be of two", () => {
    const owning = open([row(1, { circles: [session], ids: [] })], {
      known: { [session]: { tenant: "beta" } },
    });
    assert.deepEqual(owning.frees(initiated(leg, acme)), []);
    assert.equal(owning.known(session)?.shared, true);
  });

  it("gives nothing to a new owner of what another tenant had a short while ago", () => {
    const owning = open([row(1, awaiting), row(2, awaiting)], { recycled: { 1: "former" } });
    assert.deepEqual(owning.frees(initiated(leg, acme)), ["2 acme"]);
    assert.equal(owning.why(1), "recycled");
  });
});

describe("what is asked about again", () => {
  it("is decided by what is known now, and frees others", () => {
    const first = row(1, { ...awaiting, numbers: [acme], direction: "inbound" });
    const owning = open([first, row(2, { circles: [session] }), row(3, { legs: [other] })]);
    assert.deepEqual(owning.again(first), ["1 acme", "2 acme"]);
    assert.deepEqual(owning.again(row(3, { legs: [other] })), []);
    assert.equal(owning.why(3), "unknown");
  });

  it("stays recycled for as long as nobody else owns it", () => {
    const recycled = row(1, { legs: [leg] }, { why: "recycled" });
    const owning = open([recycled]);
    assert.deepEqual(owning.again(recycled), []);
    assert.equal(owning.why(1), "recycled");
    assert.equal(owning.known(leg)?.recycled, true, "its call is barred");
  });

  it("is decided without its call when it is late", () => {
    const waits = row(1, { ...awaiting, ids: [acme] });
    const owning = open([waits]);
    assert.deepEqual(owning.again(waits), []);
    assert.equal(owning.why(1), "waiting");
    assert.deepEqual(owning.again({ ...waits, late: true }), ["1 acme"]);
    assert.equal(owning.known(leg)?.tenant, undefined, "that is not for sure");
    assert.deepEqual(owning.known(leg)?.guess, { tenant: "acme", at: now });
  });
});

describe("what an operator gives", () => {
  it("teaches, and frees the rest of its call, each once and in order", () => {
    const owning = open([
      row(1, { circles: [session] }),
      row(2, { legs: [leg], circles: [session], teaches: [session] }, { why: "expired" }),
      row(3, { legs: [leg] }),
      row(4, { legs: [other] }),
    ]);
    assert.deepEqual(owning.given("acme", 2), ["1 acme", "2 acme", "3 acme"]);
    assert.equal(owning.why(4), "waiting");
    assert.deepEqual(owning.arrives({ legs: [leg] }).decision, {
      is: "owned",
      owners: [{ tenant: "acme", by: "call_leg_id", matched: "l" }],
      firm: true,
    });
  });

  it("is the operator's word", () => {
    const owning = open([row(1, {}), row(2, { legs: [leg] }, { why: "recycled" })]);
    assert.deepEqual(owning.given("acme", 1, 2), ["1 acme", "2 acme"]);
  });

  it("binds the legs of what was given, no call, and not the leg that a conference names", () => {
    const wide: Evidence = { legs: [other], circles: ["conference_id:f"], conference: "wide" };
    const called: Evidence = { legs: [leg, betas], circles: [session] };
    const known = {
      [session]: { tenant: "beta" },
      [leg]: { shared: true as const },
      [betas]: { tenant: "beta" },
    };
    const owning = open([row(1, wide), row(2, called), row(3, { legs: [other] })], { known });
    assert.deepEqual(owning.given("acme", 1, 2), ["1 acme", "2 acme"]);
    assert.deepEqual([owning.known(other), owning.known("conference_id:f")], [
      undefined,
      undefined,
    ]);
    assert.deepEqual([owning.known(leg)?.tenant, owning.known(session)?.shared], ["acme", true]);
    assert.equal(owning.known(betas)?.tenant, "beta", "that was beta's for sure");
  });
});

describe("a tenant with an account of its own", () => {
  const ownAccounts = ["acme"];

  it("gets nothing by what calls have taught of it", () => {
    const known = {
      [leg]: { tenant: "acme" },
      [other]: { guess: { tenant: "acme", at: 0 }, direction: "inbound" as const },
      "conference_id:f": { tenant: "beta", creator: "acme" },
    };
    const owning = open([], { known, ownAccounts });
    assert.equal(outcomeOf(owning.arrives({ legs: [leg] }).decision), "unknown");
    assert.equal(owning.known(other)?.guess, undefined);
    assert.equal(owning.known(other)?.direction, "inbound");
    assert.equal(owning.known("conference_id:f")?.creator, undefined);
  });

  it("gets nothing held that the operator's account signed, whatever that once named", () => {
    const named: Evidence = { ids: [acme] };
    const sided: Evidence = { sides: { inbound: [acme], outbound: [] } };
    const others = [row(1, named), row(2, sided), row(3, { ids: [acme, beta] })];
    const own = row(4, named);
    const signed = { ...own, claims: { ...own.claims, signer: "acme" } };
    const owning = open([...others, signed], { ownAccounts });
    assert.deepEqual(owning.again(...others, signed), ["3 beta", "4 acme"]);
    assert.deepEqual([owning.why(1), owning.why(2)], ["unknown", "unknown"]);
  });
});

describe("a call, whatever arrives first,", () => {
  const events: readonly Evidence[] = [
    initiated(leg, beta),
    { ...awaiting, sides: { inbound: [beta], outbound: [acme] } },
    awaiting,
    { ...awaiting, ids: [acme] },
    { circles: [session] },
    { legs: [other], circles: [session], teaches: [session], direction: "outbound" },
  ];

  it("is its tenant's, each event once", () => {
    const order = fc.shuffledSubarray([...events.keys()], { minLength: events.length });
    fc.assert(fc.property(order, (refs) => {
      const owning = open([]);
      const got = refs.flatMap((ref) => {
        const { decision, freed } = owning.arrives(events[ref] ?? {});
        if (decision.is === "owned") return [...freed, `${ref} ${outcomeOf(decision)}`];
        owning.hold(row(ref, events[ref] ?? {}));
        return freed;
      });
      assert.deepEqual(got.sort(), events.map((_, ref) => `${ref} beta`));
    }));
  });
});
