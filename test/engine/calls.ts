/** The contract's part about what calls teach: who gets what waited for them. */
import assert from "node:assert/strict";
import { type Evidence, graceMs } from "../../src/ownership.ts";
import { arrive, type Asked, asked, given, idle, later, whyOf } from "./asked.ts";
import type { Promised } from "./contract.ts";
import { acme, beta, between, initiated, other, own, session, silent } from "./one-call.ts";
import { describeRemembering } from "./remembering.ts";
import { noon, rule, rules } from "./shared.ts";

function describeReleased(promised: Promised): void {
  promised(
    "gives what came before its call's first event, in the order of arrival",
    async (engine) => {
      for (const id of ["e1", "e2", "e3"]) {
        const recorded = await arrive(engine, { id, evidence: silent });
        assert.deepEqual(recorded, { status: "unassigned", tenants: [], conflict: false });
      }
      assert.deepEqual(await given(engine), {});
      assert.equal((await engine.counts()).held, 3);
      const recorded = await arrive(engine, { id: "first", evidence: initiated });
      assert.deepEqual(recorded.tenants, ["acme"]);
      assert.deepEqual(await given(engine), { acme: ["e1", "e2", "e3", "first"] });
      assert.equal((await engine.counts()).held, 0);
      assert.equal(await whyOf(engine, "e1"), undefined);
      assert.deepEqual((await engine.find("e1", 100))?.owners.map(({ by }) => by), ["call_leg_id"]);
    },
  );

  promised("does so within one call, too", async (engine) => {
    const entries = [
      asked({ id: "e1", evidence: silent }),
      asked({ id: "first", evidence: initiated }),
      asked({ id: "e2", evidence: silent }),
      asked({ id: "e1", evidence: silent }),
    ];
    const recorded = await engine.append(entries);
    assert.deepEqual(recorded.map(({ status }) => status), [
      "unassigned",
      "queued",
      "queued",
      "duplicate",
    ]);
    assert.deepEqual(recorded[3]?.tenants, ["acme"]);
    assert.deepEqual(await given(engine), { acme: ["e1", "first", "e2"] });
  });

  promised("gives each leg of a call between two tenants to its own", async (engine) => {
    await arrive(engine, { id: "a1", evidence: between });
    await arrive(engine, { id: "b1", evidence: { ...between, legs: [other] } });
    assert.equal(await whyOf(engine, "a1"), "ambiguous");
    await arrive(engine, {
      id: "a2",
      evidence: { ...own, direction: "outbound", numbers: [acme] },
    });
    assert.equal(await whyOf(engine, "b1"), "ambiguous");
    const answered: Evidence = { ...own, legs: [other], direction: "inbound", numbers: [beta] };
    await arrive(engine, { id: "b2", evidence: answered });
    assert.deepEqual(await given(engine), { acme: ["a1", "a2"], beta: ["b1", "b2"] });
    assert.equal((await engine.known([session]))[0]?.shared, true);
    await arrive(engine, { id: "late", evidence: { circles: [session] } });
    await engine.tend(later, false);
    assert.equal(await whyOf(engine, "late"), "unknown");
  });
}

function describeFreed(promised: Promised): void {
  promised("lets an event that says nothing be decided by what it frees", async (engine) => {
    await arrive(engine, { id: "e1", evidence: between });
    const directed: Evidence = { ...own, direction: "inbound" };
    const recorded = await arrive(engine, { id: "e2", evidence: directed });
    assert.deepEqual(recorded.tenants, ["beta"]);
    assert.deepEqual(await given(engine), { beta: ["e1", "e2"] });
  });

  promised("knows a repetition of what is held, and of what was released", async (engine) => {
    await arrive(engine, { id: "e1", evidence: silent });
    const held = await arrive(engine, { id: "e1", evidence: silent });
    assert.deepEqual(held, { status: "duplicate", tenants: [], conflict: false });
    await arrive(engine, { id: "first", evidence: initiated });
    const released = await arrive(engine, { id: "e1", evidence: silent });
    assert.deepEqual(released, { status: "duplicate", tenants: ["acme"], conflict: false });
    await arrive(engine, { id: "first", evidence: { ...initiated, numbers: [beta] } });
    assert.deepEqual(await given(engine), { acme: ["e1", "first"] });
  });

  promised("goes by the rules in force when it is released", async (engine) => {
    await arrive(engine, { id: "e1", type: "call.unwanted", evidence: silent });
    await arrive(engine, { id: "e2", type: "call.urgent", evidence: silent });
    await engine.configure(rules(rule("acme")));
    await arrive(engine, { id: "first", evidence: initiated });
    assert.deepEqual(await given(engine), { acme: ["e2", "first"] });
    const [dropped, urgent] = await Promise.all(["e1", "e2"].map((id) => engine.find(id, 100)));
    assert.deepEqual([dropped?.state, urgent?.state], ["dropped", "owned"]);
    assert.equal(urgent?.owners[0]?.immediate, true);
  });
}

const only: Asked = { id: "e1", evidence: { ...silent, ids: [beta] } };

function describeWaiting(promised: Promised): void {
  promised("decides what has waited long enough, and then for good", async (engine) => {
    await arrive(engine, only);
    assert.deepEqual(await engine.tend(noon + graceMs - 1, false), idle);
    assert.equal(await whyOf(engine, "e1"), "waiting");
    assert.deepEqual(await engine.tend(noon + graceMs, false), {
      ...idle,
      released: 1,
      more: true,
    });
    assert.deepEqual(await engine.tend(later, false), idle);
    assert.deepEqual(await given(engine), { beta: ["e1"] });
  });

  promised("still gives what nobody got then, when its call is known", async (engine) => {
    await arrive(engine, { id: "e1", evidence: silent });
    await engine.tend(later, false);
    assert.equal(await whyOf(engine, "e1"), "unknown");
    await arrive(engine, { id: "first", evidence: initiated });
    assert.deepEqual(await given(engine), { acme: ["e1", "first"] });
  });

  promised("does not wait without end where the clock was set back", async (engine) => {
    await arrive(engine, only);
    const setBack = noon + graceMs - 120_000;
    assert.deepEqual(await engine.tend(setBack, false), idle);
    const tended = await engine.tend(setBack - 1, false);
    assert.deepEqual(tended, { ...idle, released: 1, more: true });
    assert.deepEqual(await given(engine), { beta: ["e1"] });
  });

  promised("decides so many at once, and says that there are more", async (engine) => {
    const ids = Array.from({ length: 510 }, (_, index) => `e${index}`);
    const alone = (id: string): Evidence => ({ legs: [`call_leg_id:${id}`], awaits: true });
    await engine.append(ids.map((id) => asked({ id, evidence: { ...alone(id), ids: [beta] } })));
    const first = await engine.tend(later, false);
    assert.ok(first.more && first.released < ids.length);
    assert.equal((await engine.tend(later, false)).released, ids.length - first.released);
    assert.deepEqual(await engine.tend(later, false), idle);
    assert.deepEqual(await given(engine), { beta: ids });
  });

  promised("gives all that waited by what the last of it says", async (engine) => {
    await arrive(engine, { id: "e1", evidence: silent });
    await arrive(engine, { id: "e2", evidence: { ...silent, ids: [beta] } });
    await engine.tend(later, false);
    assert.deepEqual(await given(engine), { beta: ["e1", "e2"] });
  });
}

function describePutOff(promised: Promised): void {
  promised("decides nothing that waits before a time that it is told", async (engine) => {
    await arrive(engine, only);
    await engine.postpone(noon + 60_000);
    await engine.postpone(noon + 30_000);
    assert.deepEqual(await engine.tend(noon + 11_000, false), idle);
    assert.equal(await whyOf(engine, "e1"), "waiting");
    await arrive(engine, { id: "e2", evidence: only.evidence ?? {}, at: noon + 12_000 });
    await engine.tend(noon + 12_000 + graceMs, false);
    assert.deepEqual(await given(engine), { beta: ["e2"] }, "what came since does not");
    assert.equal((await engine.tend(noon + 61_000, false)).released, 1);
    assert.deepEqual(await given(engine), { beta: ["e1"] });
  });

  promised("decides so many for one event, and the others soon, in order", async (engine) => {
    const ids = Array.from({ length: 2_005 }, (_, index) => `e${index}`);
    await engine.append(ids.map((id) => asked({ id, evidence: silent })));
    await arrive(engine, { id: "first", evidence: initiated });
    assert.deepEqual(await given(engine), { acme: [...ids.slice(0, 2_000), "first"] });
    assert.equal((await engine.tend(noon + 1, false)).released, 5);
    assert.deepEqual(await given(engine), { acme: ids.slice(2_000) });
  });
}

function describeGuesses(promised: Promised): void {
  promised("lets a guess count when no direction came", async (engine) => {
    const onlyOwner: Evidence = { ...silent, sides: { inbound: [], outbound: [acme] } };
    await arrive(engine, { id: "e1", evidence: onlyOwner });
    await arrive(engine, { id: "e2", evidence: silent });
    assert.deepEqual(await given(engine), { acme: ["e1"] });
    await arrive(engine, { id: "e3", evidence: silent, at: noon + graceMs });
    assert.deepEqual(await given(engine), { acme: ["e3"] });
    await engine.tend(later, false);
    assert.deepEqual(await given(engine), { acme: ["e2"] });
  });

  promised("gives what waited in vain when a guess counts, whatever came first", async (engine) => {
    const numbered: Evidence = { ...silent, sides: { inbound: [], outbound: [acme] } };
    await arrive(engine, { id: "e1", evidence: silent });
    await engine.tend(noon + graceMs, false);
    assert.equal(await whyOf(engine, "e1"), "unknown");
    await arrive(engine, { id: "e2", evidence: numbered, at: noon + 3 * graceMs });
    await arrive(engine, { id: "e3", evidence: silent, at: noon + 3 * graceMs });
    await engine.tend(later, false);
    assert.equal((await engine.counts()).held, 0);
    assert.deepEqual((await given(engine))["acme"]?.sort(), ["e1", "e2", "e3"]);
  });

  promised("gives up a guess that the direction contradicts", async (engine) => {
    const spoofed: Evidence = { ...silent, sides: { inbound: [], outbound: [acme] } };
    await arrive(engine, { id: "e1", evidence: spoofed });
    await arrive(engine, { id: "e2", evidence: { ...own, direction: "inbound", ids: [beta] } });
    await arrive(engine, { id: "e3", evidence: spoofed });
    assert.deepEqual(await given(engine), { acme: ["e1"], beta: ["e2", "e3"] });
  });
}

/** Says whose the events of a call are. */
export function describeCalls(promised: Promised): void {
  describeReleased(promised);
  describeFreed(promised);
  describeWaiting(promised);
  describePutOff(promised);
  describeGuesses(promised);
  describeRemembering(promised);
}
