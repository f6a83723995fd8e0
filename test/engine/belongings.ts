/** The contract's part about what passes from one tenant to another. */
import assert from "node:assert/strict";
import type { Belongings, Engine } from "../../src/engine.ts";
import type { Evidence, Named } from "../../src/ownership.ts";
import { type Channel, channels } from "../../src/tenant.ts";
import { eventually } from "../support/eventually.ts";
import { arrive, given, whyOf } from "./asked.ts";
import type { Promised } from "./contract.ts";
import { owner, rules } from "./shared.ts";

const leg = "call_leg_id:l";
const full = "+18005559876";
const number = `number:${full}`;

function has(
  tenant: string,
  keys: readonly string[],
  on: readonly Channel[] = channels,
): Belongings {
  const digest = keys.length === 0 ? "" : `${keys.length} ${on} ${keys}`;
  return { tenant, channels: on, keys, digest };
}

/** Says that these tenants have this number, and nobody else of `acme` and `beta`. */
async function pass(engine: Engine, ...owners: readonly string[]): Promise<void> {
  await engine.configure(rules());
  const of = (tenant: string) => has(tenant, owners.includes(tenant) ? [number] : []);
  await engine.belong([of("acme"), of("beta")]);
}

const arriveNow = (engine: Engine, id: string, more: object = {}) =>
  arrive(engine, { id, wanted: [number], at: Date.now(), ...more });

/** Asks again about everything that names the number, which is this tenant's now. */
async function reclaim(engine: Engine, tenant: string, more: Partial<Named> = {}): Promise<number> {
  const held = await engine.held(await engine.naming([number]));
  const numbers = [owner(tenant, { of: number, ...more })];
  return await engine.reclaim(held.map(({ ref }) => ({ ref, evidence: { numbers } })));
}

function describePassing(promised: Promised): void {
  promised("remembers what it was last told", async (engine) => {
    await engine.configure(rules());
    await engine.belong([has("acme", [number, "id:x"]), has("beta", ["id:y"])]);
    await engine.belong([has("beta", [])]);
    await engine.belong([]);
    assert.deepEqual([...await engine.belongings()], [["acme", `2 ${channels} ${number},id:x`]]);
  });

  promised("gives what was held to whoever is the first to own it", async (engine) => {
    await pass(engine);
    await arriveNow(engine, "e1");
    await pass(engine, "beta");
    assert.equal(await reclaim(engine, "beta"), 1);
    assert.deepEqual(await given(engine), { beta: ["e1"] });
  });

  promised(
    "gives nothing to a new owner of what another had, until an operator does",
    async (engine) => {
      await pass(engine, "acme");
      await pass(engine);
      await arriveNow(engine, "e1");
      await pass(engine, "beta");
      assert.equal(await reclaim(engine, "beta"), 0);
      assert.equal(await whyOf(engine, "e1"), "recycled");
      assert.deepEqual((await engine.wanted("", 10)).map(({ former }) => former), [["acme"]]);
      await engine.tend(Date.now() + 60_000, false);
      assert.deepEqual(await given(engine), {});
      assert.equal(await engine.release({ wanted: number }, "beta", 10), 1);
      assert.deepEqual(await given(engine), { beta: ["e1"] });
    },
  );

  promised("gives it to a former owner that has it again", async (engine) => {
    await pass(engine, "acme");
    await pass(engine);
    await arriveNow(engine, "e1");
    await pass(engine, "acme");
    assert.equal(await reclaim(engine, "acme"), 1);
    assert.deepEqual(await given(engine), { acme: ["e1"] });
  });

  promised("believes a date in the config", async (engine) => {
    await pass(engine, "acme");
    await pass(engine);
    await arriveNow(engine, "e1");
    await pass(engine, "beta");
    assert.equal(await reclaim(engine, "beta", { dated: true }), 1);
  });
}

function describeForgotten(promised: Promised): void {
  promised("forgets who had it when it was long enough ago", async (engine) => {
    await engine.configure({ ...rules(), holdMs: 0 });
    await engine.belong([has("acme", [number])]);
    await engine.belong([has("acme", [])]);
    await arriveNow(engine, "e1");
    await eventually("it is beta's", async () => await reclaim(engine, "beta") === 1);
    await engine.tend(Date.now() + 1_000, true);
    assert.deepEqual(await given(engine), { beta: ["e1"] });
  });

  promised("forgets nothing while nothing may be given up", async (engine) => {
    const far = Date.now() + 2 * rules().holdMs;
    await pass(engine, "acme");
    await pass(engine);
    await arriveNow(engine, "e1");
    await pass(engine, "beta");
    await engine.tend(far, false);
    assert.equal(await reclaim(engine, "beta"), 0);
    await engine.tend(far, true);
    await arriveNow(engine, "e2");
    assert.equal(await reclaim(engine, "beta"), 1);
    assert.deepEqual(await given(engine), { beta: ["e2"] });
  });
}

function describeForms(promised: Promised): void {
  promised("knows a number by every prefix that stood for it", async (engine) => {
    await engine.configure(rules());
    await engine.belong([has("acme", ["number:+1800*"])]);
    await engine.belong([has("acme", ["number:+1801*"])]);
    await arriveNow(engine, "e1");
    assert.equal(await reclaim(engine, "beta"), 0);
    assert.equal(await reclaim(engine, "acme"), 1);
  });

  promised("goes by channel", async (engine) => {
    await engine.configure(rules());
    await engine.belong([has("acme", [number], ["voice", "fax"])]);
    await engine.belong([has("acme", [number], ["voice"])]);
    await arriveNow(engine, "fax", { channel: "fax" });
    await arriveNow(engine, "call", { channel: "voice" });
    assert.equal(await reclaim(engine, "beta"), 1);
    assert.deepEqual(await given(engine), { beta: ["call"] });
    assert.equal(await whyOf(engine, "fax"), "recycled");
    await engine.belong([has("acme", [number], ["voice", "fax"])]);
    assert.equal(await reclaim(engine, "beta"), 1, "it never went, as far as anybody knows");
  });

  promised("still knows of a channel that does not come back with the others", async (engine) => {
    await engine.configure(rules());
    await engine.belong([has("acme", [number], ["voice", "fax"])]);
    await engine.belong([has("acme", [])]);
    await engine.belong([has("acme", [number], ["voice"])]);
    await arriveNow(engine, "fax", { channel: "fax" });
    assert.equal(await reclaim(engine, "beta"), 0);
    assert.equal(await whyOf(engine, "fax"), "recycled");
  });

  promised("remembers as well what passes by the thousand", async (engine) => {
    await engine.configure(rules());
    const many = Array.from({ length: 5_000 }, (_, index) => `number:+1800555${index}`);
    await engine.belong([has("acme", [...many, number])]);
    await engine.belong([has("acme", many.slice(0, 2_500))]);
    await arriveNow(engine, "e1");
    assert.equal(await reclaim(engine, "beta"), 0);
    await engine.belong([has("acme", [...many, number])]);
    assert.equal(await reclaim(engine, "acme"), 1);
  });
}

function describeCalls(promised: Promised): void {
  const own: Evidence = { legs: [leg] };
  const inbound = (tenant: string): Evidence => ({
    ...own,
    direction: "inbound",
    numbers: [owner(tenant, { of: number })],
  });

  promised("keeps a call with the tenant that had its number when it began", async (engine) => {
    await pass(engine, "acme");
    await arriveNow(engine, "e1", { evidence: inbound("acme") });
    await pass(engine, "beta");
    await arriveNow(engine, "e2", { evidence: inbound("beta") });
    const next: Evidence = { ...inbound("beta"), legs: ["call_leg_id:next"] };
    await arriveNow(engine, "e3", { evidence: next });
    assert.deepEqual(await given(engine), { acme: ["e1", "e2"], beta: ["e3"] });
  });

  promised("bars a call that began while nobody had what another had before", async (engine) => {
    await pass(engine, "acme");
    await pass(engine);
    await arriveNow(engine, "e1", { evidence: own });
    await pass(engine, "beta");
    const [held] = await engine.held(await engine.naming([number]));
    assert.equal(await engine.reclaim([{ ref: held?.ref ?? 0, evidence: inbound("beta") }]), 0);
    await arriveNow(engine, "e2", { evidence: inbound("beta") });
    assert.deepEqual(await given(engine), {});
    assert.deepEqual([await whyOf(engine, "e1"), await whyOf(engine, "e2")], [
      "recycled",
      "recycled",
    ]);
    await engine.release({ id: "e1" }, "acme", 1);
    assert.deepEqual(await given(engine), { acme: ["e1", "e2"] });
  });

  promised("gives a call between two to neither because the other is gone", async (engine) => {
    const [one, two] = ["number:+18005550100", "number:+18005550200"];
    await engine.configure(rules());
    await engine.belong([has("acme", [one]), has("beta", [two])]);
    const outbound = [owner("acme", { of: one })];
    const between = { inbound: [owner("beta", { of: two })], outbound };
    const told: Evidence = { legs: [leg], awaits: true, sides: between };
    await arriveNow(engine, "e1", { evidence: told, wanted: [one, two] });
    assert.equal(await whyOf(engine, "e1"), "ambiguous");
    await engine.belong([has("beta", [])]);
    const [held] = await engine.held(await engine.naming([one]));
    const left: Evidence = { ...told, sides: { inbound: [], outbound } };
    assert.equal(await engine.reclaim([{ ref: held?.ref ?? 0, evidence: left }]), 0);
    await engine.tend(Date.now() + 60_000, false);
    assert.deepEqual(await given(engine), {});
  });
}

/** Says what a new owner gets, and what not. */
export function describeBelongings(promised: Promised): void {
  describePassing(promised);
  describeForgotten(promised);
  describeForms(promised);
  describeCalls(promised);
}
