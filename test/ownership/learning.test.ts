import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Decision } from "../../src/ownership/deciding.ts";
import { learn, seenWithinMs } from "../../src/ownership/learning.ts";
import type { Evidence, HeldReason } from "../../src/ownership.ts";
import { createMemory, type Memories, named } from "./shared.ts";

const leg = "call_leg_id:l";
const session = "call_session_id:s";
const creatorSession = "call_session_id:creator";
const conference = "conference_id:f";
const now = 1_000_000;

const owned = (tenants: readonly string[], firm = true): Decision => ({
  is: "owned",
  owners: tenants.map((tenant) => named(tenant)),
  firm,
});
const given = (tenant: string): Decision => ({
  is: "owned",
  owners: [named(tenant, "release", { by: "release" })],
  firm: true,
});
const held = (why: HeldReason = "unknown"): Decision => ({ is: "held", why });

/** What is known after one event, what was written, and what is news. */
function learned(evidence: Evidence, decision: Decision, before: Memories = {}, at = now) {
  const memory = createMemory(before);
  const news = learn(evidence, decision, memory, at);
  return { known: memory.all(), news, written: memory.written };
}

const call: Evidence = { legs: [leg], circles: [session] };

describe("learn()", () => {
  it("remembers the tenant of the leg and of its call, and the leg's direction", () => {
    const found = learned({ ...call, direction: "inbound" }, owned(["acme"]));
    assert.deepEqual(found.known[leg], { tenant: "acme", direction: "inbound", seenAt: now });
    assert.deepEqual(found.known[session], { tenant: "acme", seenAt: now });
    assert.deepEqual(found.news, [leg, session]);
  });

  it("remembers a direction even where nobody owns the event", () => {
    const found = learned({ ...call, direction: "outbound" }, held());
    assert.deepEqual(found.known[leg], { direction: "outbound", seenAt: now });
    assert.equal(found.known[session], undefined);
    assert.deepEqual(found.news, [leg]);
  });

  it("learns nothing of whose it is from what several tenants get", () => {
    const found = learned({ ...call, direction: "inbound" }, owned(["acme", "beta"]));
    assert.deepEqual(found.known[leg], { direction: "inbound", seenAt: now });
    assert.equal(found.known[session], undefined);
  });

  it("learns nothing from what is about a whole conference", () => {
    const wide: Evidence = {
      legs: [leg],
      circles: [conference, creatorSession],
      teaches: [conference],
      conference: "wide",
    };
    const found = learned(wide, owned(["acme"]));
    assert.deepEqual(found, { known: {}, news: [], written: [] });
  });

  it("remembers who made a conference, and that participants are others", () => {
    const made: Evidence = {
      legs: [leg],
      circles: [creatorSession, conference],
      teaches: [creatorSession, conference],
      conference: "created",
    };
    const found = learned(made, owned(["acme"]));
    assert.deepEqual(found.known[conference], { tenant: "acme", creator: "acme", seenAt: now });
    assert.deepEqual(found.known[creatorSession], { tenant: "acme", seenAt: now });
    const joined = learned(
      { ...call, circles: [session, conference], teaches: [conference] },
      owned(["beta"]),
      {
        [conference]: { tenant: "acme", creator: "acme" },
      },
    );
    assert.deepEqual(joined.known[conference], { shared: true, creator: "acme", seenAt: now });
    assert.deepEqual(
      learned(made, owned(["acme"], false)).known[conference],
      undefined,
      "not for sure",
    );
  });

  it("keeps the first who made it", () => {
    const made: Evidence = { circles: [conference], teaches: [conference], conference: "created" };
    const before = { [conference]: { tenant: "acme", creator: "acme" } };
    assert.equal(learned(made, owned(["beta"]), before).known[conference]?.creator, "acme");
  });

  it("does not teach what the event only names", () => {
    const around: Evidence = {
      legs: [leg],
      circles: [session, creatorSession],
      teaches: [session],
    };
    const found = learned(around, owned(["acme"]), { [creatorSession]: { tenant: "beta" } });
    assert.equal(found.known[creatorSession]?.tenant, "beta");
  });
});

describe("learn() of two tenants", () => {
  it("makes a call of two nobody's, for good", () => {
    const once = learned(call, owned(["beta"]), { [session]: { tenant: "acme" } });
    assert.deepEqual(once.known[session], { shared: true, seenAt: now });
    assert.deepEqual(once.news, [leg]);
    const again = learned(call, owned(["acme"]), { [session]: { shared: true, seenAt: now } });
    assert.deepEqual(again.known[session], { shared: true, seenAt: now });
  });

  it("takes an operator's word on a leg that was of nobody, or of two", () => {
    for (const before of [{}, { shared: true }, { recycled: true }] as const) {
      const found = learned(call, given("beta"), { [leg]: { ...before, direction: "inbound" } });
      assert.deepEqual(found.known[leg], { tenant: "beta", direction: "inbound", seenAt: now });
    }
  });

  it("leaves a leg that is another's for sure to that one, whatever is said of one event", () => {
    const before = { [leg]: { tenant: "acme" } };
    const found = learned(call, given("beta"), before);
    assert.deepEqual(found.known[leg], { tenant: "acme", seenAt: now });
  });

  it("takes no operator's word on a whole conference for one on the leg it names", () => {
    const wide: Evidence = { legs: [leg], circles: [conference], conference: "wide" };
    const before = { [leg]: { tenant: "acme" }, [conference]: { shared: true as const } };
    const found = learned(wide, given("beta"), before);
    assert.equal(found.known[leg]?.tenant, "acme");
    assert.deepEqual([found.known[conference]?.shared, found.news], [true, []]);
  });

  it("leaves a call or conference of two to both, whatever is said of one event of it", () => {
    const joined: Evidence = { legs: [leg], circles: [conference], teaches: [conference] };
    for (const before of [{ tenant: "acme" }, { shared: true }] as const) {
      const found = learned(joined, given("beta"), { [conference]: before });
      assert.equal(found.known[conference]?.tenant, undefined);
      assert.equal(found.known[conference]?.shared, true);
    }
  });
});

describe("learn() of what is not for sure", () => {
  const awaiting: Evidence = { ...call, awaits: true };

  it("guesses whose the leg is, and teaches the call nothing", () => {
    const found = learned(awaiting, owned(["acme"], false));
    assert.deepEqual(found.known[leg], { guess: { tenant: "acme", at: now }, seenAt: now });
    assert.equal(found.known[session], undefined);
    assert.deepEqual(found.news, [leg], "what has waited in vain goes by it");
  });

  it("keeps the first guess, and its time", () => {
    const before = { [leg]: { guess: { tenant: "acme", at: 5 }, seenAt: now } };
    const found = learned(awaiting, owned(["beta"], false), before, now + 1);
    assert.deepEqual(found.known[leg], before[leg]);
    assert.deepEqual([found.written, found.news], [[], []]);
  });

  it("gives up the guess when the direction or the tenant is known", () => {
    const before = { [leg]: { guess: { tenant: "acme", at: 5 } } };
    const directed = learned({ ...call, direction: "inbound" }, held(), before);
    assert.deepEqual(directed.known[leg], { direction: "inbound", seenAt: now });
    const firm = learned(call, owned(["beta"]), before);
    assert.deepEqual(firm.known[leg], { tenant: "beta", seenAt: now });
  });

  it("does not guess where something is known already", () => {
    for (
      const before of [{ tenant: "beta" }, { direction: "inbound" }, { shared: true }] as const
    ) {
      const found = learned(awaiting, owned(["acme"], false), { [leg]: before });
      assert.equal(found.known[leg]?.guess, undefined);
    }
  });

  it("bars the leg of what another tenant had a short while ago", () => {
    const found = learned(call, held("recycled"));
    assert.deepEqual(found.known[leg], { recycled: true, seenAt: now });
    assert.equal(found.known[session], undefined);
    const later = learned(call, owned(["beta"]), { [leg]: { recycled: true } });
    assert.deepEqual(later.known[leg], { recycled: true, seenAt: now });
    assert.equal(
      learned(call, held("recycled"), { [leg]: { tenant: "acme" } }).known[leg]?.tenant,
      "acme",
    );
  });
});

describe("learn() and the time", () => {
  const known = (seenAt: number) => ({
    [leg]: { tenant: "acme", seenAt },
    [session]: { tenant: "acme", seenAt },
  });

  it("notes that something was seen again, at most every ten minutes", () => {
    const soon = learned(call, owned(["acme"]), known(now - seenWithinMs + 1));
    assert.deepEqual(soon.written, []);
    const later = learned(call, owned(["acme"]), known(now - seenWithinMs));
    assert.deepEqual(later.written, [leg, session]);
    assert.equal(later.known[leg]?.seenAt, now);
    assert.deepEqual(later.news, []);
  });

  it("notes it of what an event only names, too, but never remembers nothing", () => {
    const around: Evidence = { circles: [creatorSession], teaches: [] };
    const before = { [creatorSession]: { tenant: "acme", seenAt: 0 } };
    assert.equal(learned(around, held(), before).known[creatorSession]?.seenAt, now);
    assert.deepEqual(learned(around, owned(["acme"])), { known: {}, news: [], written: [] });
  });

  it("never makes anything older, whatever the clock does", () => {
    const found = learned({ ...call, direction: "inbound" }, owned(["acme"]), known(now + 5_000));
    assert.equal(found.known[leg]?.seenAt, now + 5_000);
  });
});

describe("learn(), in whatever order,", () => {
  const lesson = fc.record({
    direction: fc.option(fc.constantFrom("inbound" as const, "outbound" as const), {
      nil: undefined,
    }),
    tenant: fc.constantFrom("acme", "beta"),
    firm: fc.boolean(),
  });
  const evidenceOf = (direction: "inbound" | "outbound" | undefined): Evidence =>
    direction === undefined ? { ...call, awaits: true } : { ...call, direction };

  it("knows of two tenants whatever came first", () => {
    fc.assert(fc.property(fc.array(lesson), (lessons) => {
      const memory = createMemory();
      for (const { direction, tenant, firm } of lessons) {
        learn(evidenceOf(direction), owned([tenant], firm), memory, now);
      }
      const tenants = new Set(lessons.filter(({ firm }) => firm).map(({ tenant }) => tenant));
      const found = memory.get(session);
      assert.equal(found?.shared, tenants.size > 1 ? true : undefined);
      assert.equal(found?.tenant, tenants.size === 1 ? [...tenants][0] : undefined);
      const direction = lessons.find((one) => one.direction !== undefined)?.direction;
      assert.equal(memory.get(leg)?.direction, direction);
    }));
  });

  it("calls something news only once", () => {
    fc.assert(fc.property(fc.array(lesson), (lessons) => {
      const memory = createMemory();
      const news = lessons.flatMap(({ direction, tenant, firm }) =>
        learn(evidenceOf(direction), owned([tenant], firm), memory, now)
      );
      assert.ok(news.filter((key) => key === session).length <= 1);
      const ofLeg = news.filter((key) => key === leg).length;
      assert.ok(ofLeg <= 3, "a guess, a tenant and a direction");
    }));
  });
});
