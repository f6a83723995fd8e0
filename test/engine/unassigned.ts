/** The contract's part about what nobody owns: listed, asked about again, given away, given up. */
import assert from "node:assert/strict";
import type { Engine } from "../../src/engine.ts";
import type { Key } from "../../src/event.ts";
import type { Evidence } from "../../src/ownership.ts";
import { arrive, given, idle, later, whyOf } from "./asked.ts";
import type { Promised } from "./contract.ts";
import { noon, owner, rule, rules } from "./shared.ts";

const leg = "call_leg_id:l";
const number = "number:+18005559876";
const owned = (tenant: string, of = number): Evidence => ({ numbers: [owner(tenant, { of })] });

/** Asks whose everything is that names this. */
async function reclaim(engine: Engine, key: string, evidence: Evidence): Promise<number> {
  const held = await engine.held(await engine.naming([key]));
  return await engine.reclaim(held.map(({ ref }) => ({ ref, evidence })));
}

function describeListed(promised: Promised): void {
  promised("lists what held events name, page by page", async (engine) => {
    for (const [at, wanted] of [["id:b"], ["id:a", "id:b"], ["id:c"], ["id:b"]].entries()) {
      await arrive(engine, { id: `e${at}`, wanted, at: noon + at });
    }
    const first = await engine.wanted("", 2);
    assert.deepEqual(first, [
      { key: "id:a", count: 1, firstAt: noon + 1, lastAt: noon + 1, former: [] },
      { key: "id:b", count: 3, firstAt: noon, lastAt: noon + 3, former: [] },
    ]);
    assert.deepEqual((await engine.wanted("id:b", 2)).map(({ key }) => key), ["id:c"]);
    assert.deepEqual(await engine.wanted("id:c", 2), []);
  });

  promised("gives the events back as they came, in their order", async (engine) => {
    const wanted = [number];
    const body = "a=b", json = '{"a":"b"}';
    await arrive(engine, { id: "e1", wanted, body, json, path: "/webhooks/@x", signer: "own" });
    await arrive(engine, { id: "e2", wanted });
    await arrive(engine, { id: "e3", wanted: ["id:x"] });
    assert.deepEqual(await engine.naming(["id:x", number, "id:none", number]), [1, 2, 3]);
    const refs = await engine.naming([number]);
    const [one, two, ...more] = await engine.held([...refs, 99]);
    assert.ok(one);
    assert.deepEqual(more, []);
    const { event, raw, form, path, signer, why } = one;
    assert.deepEqual([event.id, form, path, signer, why], [
      "e1",
      true,
      "/webhooks/@x",
      "own",
      "unknown",
    ]);
    assert.equal(new TextDecoder().decode(raw), body);
    assert.deepEqual([two?.event.id, two?.form, two?.signer], ["e2", false, undefined]);
  });

  promised("finds what is held although its number is owned by that number", async (engine) => {
    const legs: readonly Key[] = [leg, "call_control_id:c"];
    const of = "number:+13125550001";
    for (const [index, tenant] of ["acme", "beta"].entries()) {
      await arrive(engine, {
        id: tenant,
        evidence: { ...owned(tenant), legs: [legs[index] ?? leg] },
      });
    }
    const prefixed = owner("acme", { matched: "+1312555*", of });
    const evidence: Evidence = { direction: "inbound", legs, numbers: [prefixed] };
    await arrive(engine, { id: "both", evidence, wanted: ["id:x"] });
    assert.equal(await whyOf(engine, "both"), "ambiguous");
    assert.deepEqual((await engine.wanted("", 10)).map(({ key }) => key), ["id:x", of]);
    assert.deepEqual(await engine.naming([of]), [3]);
    assert.equal(await reclaim(engine, of, evidence), 0);
    assert.equal(await engine.release({ wanted: of }, "beta", 10), 1);
  });

  promised("tells what became of one event", async (engine) => {
    await arrive(engine, { id: "e1", wanted: [number], path: "/webhooks/x" });
    const { state, owners, why, path } = await engine.find("e1", 10) ?? {};
    assert.deepEqual([state, owners, why, path], ["held", [], "unknown", "/webhooks/x"]);
    assert.equal(await engine.find("e2", 10), undefined);
    await engine.release({ id: "e1" }, "acme", 10);
    const found = await engine.find("e1", 10);
    assert.deepEqual([found?.state, found?.why], ["owned", undefined]);
    assert.deepEqual(found?.owners.map(({ tenant, by }) => [tenant, by]), [["acme", "release"]]);
  });
}

function describeReclaimed(promised: Promised): void {
  promised("gives what a new config says, once, in the order of arrival", async (engine) => {
    for (const id of ["e1", "e2", "e3"]) await arrive(engine, { id, wanted: [number] });
    const held = await engine.held(await engine.naming([number]));
    const claims = held.map(({ ref }) => ({ ref, evidence: owned("acme") })).reverse();
    assert.equal(await engine.reclaim(claims), 3);
    assert.equal(await engine.reclaim(claims), 0);
    assert.deepEqual(await given(engine), { acme: ["e1", "e2", "e3"] });
    assert.deepEqual(await engine.wanted("", 10), []);
    assert.equal((await arrive(engine, { id: "e1" })).status, "duplicate");
  });

  promised("teaches by it, and gives what that frees in the same order", async (engine) => {
    await arrive(engine, { id: "e1", evidence: { legs: [leg] } });
    await arrive(engine, { id: "e2", evidence: { legs: [leg] }, wanted: [number] });
    await arrive(engine, { id: "e3", evidence: { legs: [leg] } });
    const evidence: Evidence = { ...owned("acme"), legs: [leg], direction: "inbound" };
    assert.equal(await reclaim(engine, number, evidence), 3);
    assert.deepEqual(await given(engine), { acme: ["e1", "e2", "e3"] });
  });

  promised("keeps what the config says although it releases nothing yet", async (engine) => {
    const told: Evidence = { legs: [leg], awaits: true };
    await arrive(engine, { id: "e1", evidence: told, wanted: [number] });
    const sides = { inbound: [owner("acme")], outbound: [owner("beta")] };
    assert.equal(await reclaim(engine, number, { ...told, sides }), 0);
    assert.equal(await whyOf(engine, "e1"), "ambiguous");
    await arrive(engine, { id: "e2", evidence: { legs: [leg], direction: "outbound" } });
    assert.deepEqual(await given(engine), { beta: ["e1", "e2"] });
  });

  promised("leaves what is somebody's, expired or gone", async (engine) => {
    await arrive(engine, { id: "mine", evidence: owned("acme") });
    await arrive(engine, { id: "old", wanted: [number] });
    const refs = [1, 2, 99];
    await engine.configure({ ...rules(), holdMs: 1_000 });
    await engine.tend(later, true);
    const claims = refs.map((ref) => ({ ref, evidence: owned("beta") }));
    assert.equal(await engine.reclaim(claims), 0);
    assert.deepEqual(await given(engine), { acme: ["mine"] });
  });
}

function describeGivenAway(promised: Promised): void {
  promised("gives an operator's choice to a tenant, with the rest of its call", async (engine) => {
    await arrive(engine, { id: "e1", evidence: { legs: [leg] } });
    await arrive(engine, { id: "e2", evidence: { legs: [leg] }, wanted: [number] });
    await arrive(engine, { id: "e3", wanted: [number] });
    assert.equal(await engine.release({ wanted: number }, "acme", 1), 1);
    assert.deepEqual(await given(engine), { acme: ["e1", "e2"] });
    assert.equal(await engine.release({ wanted: number }, "acme", 10), 1);
    assert.equal(await engine.release({ wanted: number }, "acme", 10), 0);
    assert.deepEqual(await given(engine), { acme: ["e3"] });
  });

  promised("goes by the tenant's rules", async (engine) => {
    await engine.configure(rules(rule("acme")));
    await arrive(engine, { id: "e1", type: "call.unwanted", wanted: [number] });
    await arrive(engine, { id: "e2", type: "call.urgent", wanted: [number] });
    await engine.release({ wanted: number }, "acme", 10);
    assert.equal((await engine.find("e1", 10))?.state, "dropped");
    assert.equal((await engine.find("e2", 10))?.owners[0]?.immediate, true);
    assert.deepEqual(await given(engine), { acme: ["e2"] });
  });

  promised("gives a tenant with an account of its own only what that signed", async (engine) => {
    await engine.configure(rules(rule("own", { ownAccount: true })));
    const wanted = [number];
    await arrive(engine, { id: "operator's", wanted });
    await arrive(engine, { id: "own", wanted, signer: "own" });
    assert.equal(await engine.release({ id: "operator's" }, "own", 10), 0);
    assert.equal(await engine.release({ id: "own" }, "acme", 10), 0);
    assert.equal(await engine.release({ wanted: number }, "own", 10), 1);
    assert.equal(await engine.release({ wanted: number }, "acme", 10), 1);
    assert.deepEqual(await given(engine), { own: ["own"], acme: ["operator's"] });
  });

  promised("finds what may be given behind what may not", async (engine) => {
    await engine.configure(rules(rule("own", { ownAccount: true })));
    await arrive(engine, { id: "operator's", wanted: [number] });
    await arrive(engine, { id: "own", wanted: [number], signer: "own" });
    assert.equal(await engine.release({ wanted: number }, "own", 1), 1);
  });
}

function describeGivenUp(promised: Promised): void {
  const hold = { ...rules(), holdMs: 3_600_000 };

  promised("gives up what was held for too long, and not before it may", async (engine) => {
    await engine.configure(hold);
    await arrive(engine, { id: "e1", wanted: [number], evidence: { legs: [leg] } });
    await arrive(engine, { id: "e2", wanted: [number], at: noon + 1 });
    assert.deepEqual(await engine.tend(later + 1, false), { ...idle, more: true });
    assert.deepEqual(await engine.tend(later + 1, false), idle);
    assert.deepEqual(await engine.tend(later + 1, true), { ...idle, expired: 1, more: true });
    assert.deepEqual(await engine.tend(later + 1, true), idle);
    const { held, expired } = await engine.counts();
    assert.deepEqual([held, expired], [1, 1]);
    const { state, why } = await engine.find("e1", 10) ?? {};
    assert.deepEqual([state, why], ["expired", "expired"]);
    assert.deepEqual((await engine.wanted("", 10)).map(({ count }) => count), [1]);
    assert.deepEqual(
      (await engine.held(await engine.naming([number]))).map(({ event }) => event.id),
      ["e2"],
    );
  });

  promised(
    "gives it to nobody by itself any more, and to whom an operator says",
    async (engine) => {
      await engine.configure(hold);
      await arrive(engine, { id: "e1", wanted: [number], evidence: { legs: [leg] } });
      await engine.tend(later + 1, true);
      await arrive(engine, { id: "first", evidence: { ...owned("beta"), legs: [leg] } });
      assert.deepEqual(await given(engine), { beta: ["first"] });
      assert.equal((await arrive(engine, { id: "e1" })).status, "duplicate");
      assert.equal(await engine.release({ wanted: number }, "acme", 10), 1);
      assert.deepEqual(await given(engine), { acme: ["e1"] });
      assert.equal((await engine.find("e1", 10))?.state, "owned");
      assert.deepEqual([(await engine.counts()).expired, (await engine.counts()).held], [0, 0]);
    },
  );
}

function describeCopied(promised: Promised): void {
  const copying = { ...rules(rule("acme")), copies: true };

  promised("copies what stays nobody's to whoever looks after that, once", async (engine) => {
    await engine.configure(copying);
    const answer = await arrive(engine, { id: "e1", wanted: [number] });
    assert.deepEqual(answer, { status: "unassigned", tenants: [], conflict: false });
    await arrive(engine, { id: "mine", evidence: owned("acme") });
    assert.deepEqual(await given(engine), { acme: ["mine"] });
    await engine.tend(later, false);
    await engine.tend(later, false);
    assert.deepEqual(await given(engine), { unassigned: ["e1"] });
    assert.equal((await engine.counts()).held, 1, "it is still held");
    const duplicate = await arrive(engine, { id: "e1" });
    assert.deepEqual(duplicate, { status: "duplicate", tenants: [], conflict: false });
  });

  promised("copies nothing that its call gave to a tenant in time", async (engine) => {
    await engine.configure(copying);
    await arrive(engine, { id: "e1", evidence: { legs: [leg], awaits: true } });
    await arrive(engine, { id: "e2", evidence: { awaits: true, ids: [owner("acme")] } });
    await arrive(engine, { id: "first", evidence: { ...owned("acme"), legs: [leg] } });
    await engine.tend(later, false);
    assert.deepEqual(await given(engine), { acme: ["e1", "first", "e2"] });
  });

  promised("gives its tenant what was copied, too, as soon as that is known", async (engine) => {
    await engine.configure(copying);
    await arrive(engine, { id: "e1", wanted: [number] });
    await engine.tend(later, false);
    await arrive(engine, { id: "e2", wanted: [number] });
    assert.equal(await engine.release({ wanted: number }, "acme", 10), 2);
    assert.deepEqual(await given(engine), { acme: ["e1", "e2"], unassigned: ["e1"] });
    assert.deepEqual((await arrive(engine, { id: "e1" })).tenants, ["acme"]);
    await engine.tend(later, false);
    assert.deepEqual(await given(engine), {});
  });

  promised("copies nothing unless it is told to", async (engine) => {
    await engine.configure({ ...copying, copies: false });
    await arrive(engine, { id: "e1", wanted: [number] });
    await engine.tend(later, false);
    assert.deepEqual((await engine.counts()).lanes, []);
  });
}

/** Says what becomes of what is nobody's. */
export function describeUnassigned(promised: Promised): void {
  describeListed(promised);
  describeReclaimed(promised);
  describeGivenAway(promised);
  describeGivenUp(promised);
  describeCopied(promised);
}
