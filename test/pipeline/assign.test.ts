import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Config } from "../../src/config.ts";
import { buildDirectory } from "../../src/directory.ts";
import type { Engine } from "../../src/engine.ts";
import { signal as createSignal } from "../../src/flow/signal.ts";
import { ownershipOf } from "../../src/ownership/claims.ts";
import { graceMs } from "../../src/ownership.ts";
import { startAssigning } from "../../src/pipeline/assign.ts";
import { entryOf } from "../../src/pipeline/classify.ts";
import { watchClock } from "../../src/pipeline/steady.ts";
import type { Tenant } from "../../src/tenant.ts";
import { given } from "../engine/asked.ts";
import { configWith } from "../http/shared.ts";
import { stopClock, until } from "../support/clock.ts";
import { eventually } from "../support/eventually.ts";
import { stopElapsed } from "./elapsed.ts";
import { ask, collectFacts, eventOf, number, openEngine, tenantOf, verified } from "./shared.ts";

const alice = "+18005550100";
const bob = "+18005550200";
const acme = tenantOf("acme", { numbers: [number(alice)], drop: ["message.unwanted"] });
const beta = tenantOf("beta", { numbers: [number(bob)] });

const configOf = (...tenants: readonly Tenant[]): Config => ({
  ...configWith(),
  tenants: new Map(tenants.map((tenant) => [tenant.id, tenant])),
  directory: buildDirectory(tenants),
});

/** The stage over an engine; what arrives is classified by the config in force. */
function start(engine: Engine, ...tenants: readonly Tenant[]) {
  const { facts, state } = collectFacts();
  const changed = createSignal();
  const stop = new AbortController();
  let current = configOf(...tenants);
  const assigning = startAssigning({
    engine,
    config: () => current,
    ownership: () => ownershipOf(current),
    reconfigured: (signal) => changed.next(signal),
    clock: watchClock(),
    state,
    signal: stop.signal,
  });
  async function arrive(payload: object, { id = "e-1", type = "message.received" } = {}) {
    const asked = ask(eventOf(type, payload, id), { receivedAt: Date.now() });
    await engine.append([entryOf(verified(asked), ownershipOf(current))]);
  }
  return {
    arrive,
    facts,
    again: () => assigning.again(),
    /** In force for what arrives, and not yet told. */
    swap: (...next: readonly Tenant[]) => current = configOf(...next),
    reload(...next: readonly Tenant[]) {
      current = configOf(...next);
      changed.raise();
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await assigning.ended;
    },
  };
}

const to = (phone_number: string) => ({
  to: [{ phone_number }],
  from: { phone_number: "+14155550199" },
});
const holdsNothing = (engine: Engine) => async () => (await engine.counts()).held === 0;

describe("startAssigning()", () => {
  it("tells the engine the rules before anything is recorded", async () => {
    await using engine = await openEngine();
    await using assigning = start(engine, acme);
    await assigning.arrive(to(alice), { type: "message.unwanted" });
    assert.equal((await engine.find("e-1", 1))?.state, "dropped");
  });

  it("tells it who owns what, and who does no more", async () => {
    await using engine = await openEngine();
    await using assigning = start(engine, acme, beta, tenantOf("idle"));
    const known = async () => [...(await engine.belongings()).keys()].sort().join(" ");
    await eventually("both are known", async () => await known() === "acme beta");
    const before = await engine.belongings();
    assigning.reload(acme);
    await eventually("one is gone", async () => await known() === "acme");
    assert.equal((await engine.belongings()).get("acme"), before.get("acme"));
  });

  it("gives held events to whom another config names, all of them, in their order", async () => {
    await using engine = await openEngine();
    await using assigning = start(engine);
    const ids = Array.from({ length: 250 }, (_, index) => `e-${index}`);
    for (const id of ids) await assigning.arrive(to(alice), { id });
    assigning.reload(acme);
    await eventually("all are released", holdsNothing(engine));
    assert.deepEqual(await given(engine), { acme: ids });
    await until("it is stated", () => assigning.facts.length > 0);
    assert.deepEqual(assigning.facts, [{ is: "events.released", count: 250, by: "config" }]);
  });

  it("keeps their order over all that a tenant owns", async () => {
    await using engine = await openEngine();
    await using assigning = start(engine);
    await assigning.arrive(to(bob), { id: "e-1" });
    await assigning.arrive(to(alice), { id: "e-2" });
    await assigning.arrive(to(bob), { id: "e-3" });
    assigning.reload(tenantOf("acme", { numbers: [number(alice), number(bob)] }));
    await eventually("all are released", holdsNothing(engine));
    assert.deepEqual(await given(engine), { acme: ["e-1", "e-2", "e-3"] });
  });

  it("asks again about what was held under an older config", async () => {
    await using engine = await openEngine();
    await using assigning = start(engine, acme);
    await eventually("acme is known", async () => (await engine.belongings()).size === 1);
    await assigning.arrive(to(bob));
    assigning.swap(acme, beta);
    assigning.again();
    await eventually("it is released", holdsNothing(engine));
    assert.deepEqual(await given(engine), { beta: ["e-1"] });
  });

  it("lets what waits for its call be decided in time", async () => {
    await using engine = await openEngine();
    using clock = stopClock();
    const own = tenantOf("own", { connectionIds: ["1"] });
    await using assigning = start(engine, own);
    await clock.pass(0);
    await assigning.arrive({ call_leg_id: "l", connection_id: "1" }, { type: "call.answered" });
    for (let second = 0; second < graceMs / 1_000 - 1; second++) await clock.pass(1_000);
    assert.equal((await engine.find("e-1", 1))?.why, "waiting");
    await clock.pass(1_000);
    await clock.pass(1_000);
    assert.deepEqual(assigning.facts, [{ is: "events.released", count: 1, by: "call" }]);
    assert.deepEqual((await engine.find("e-1", 1))?.owners.map(({ tenant }) => tenant), ["own"]);
  });

  it("decides nothing that waited when it starts before it may have come again", async () => {
    await using engine = await openEngine();
    using clock = stopClock();
    const own = tenantOf("own", { connectionIds: ["1"] });
    {
      await using before = start(engine, own);
      await clock.pass(0);
      await before.arrive({ call_leg_id: "l", connection_id: "1" }, { type: "call.answered" });
      await clock.pass(1_000);
    }
    await clock.pass(10_000);
    await using assigning = start(engine, own);
    for (let second = 0; second < 59; second++) await clock.pass(1_000);
    assert.equal((await engine.find("e-1", 1))?.why, "waiting");
    for (let second = 0; second < 3; second++) await clock.pass(1_000);
    assert.deepEqual(assigning.facts, [{ is: "events.released", count: 1, by: "call" }]);
  });

  it("nor where the clock was set, for which it has waited no longer", async () => {
    using clock = stopClock();
    using elapsed = stopElapsed();
    await using engine = await openEngine();
    const own = tenantOf("own", { connectionIds: ["1"] });
    await using assigning = start(engine, own);
    const seconds = async (count: number) => {
      for (let second = 0; second < count; second++) {
        elapsed.pass(1_000);
        await clock.pass(1_000);
      }
    };
    await clock.pass(0);
    await assigning.arrive({ call_leg_id: "l", connection_id: "1" }, { type: "call.answered" });
    await clock.pass(62_000);
    await seconds(59);
    assert.equal((await engine.find("e-1", 1))?.why, "waiting");
    await seconds(3);
    assert.deepEqual(assigning.facts, [
      { is: "clock.set", byMs: 62_000 },
      { is: "events.released", count: 1, by: "call" },
    ]);
  });

  it("gives nothing up before it has run for ten minutes, or its clock kept step", async () => {
    using clock = stopClock();
    using elapsed = stopElapsed();
    await using engine = await openEngine();
    const asked: boolean[] = [];
    const asking: Engine = {
      ...engine,
      tend: (now, expire) => engine.tend(now, Boolean(asked.push(expire)) && expire),
    };
    await using _assigning = start(asking, acme);
    await clock.pass(0);
    const seconds = async (count: number) => {
      asked.length = 0;
      for (let second = 0; second < count; second++) {
        elapsed.pass(1_000);
        await clock.pass(1_000);
      }
      return asked.lastIndexOf(false) + 1;
    };
    assert.equal(await seconds(605), 599, "ten minutes after the start");
    await clock.pass(59_000);
    assert.equal(await seconds(5), 0, "a clock that is put right is no step");
    await clock.pass(62_000);
    assert.equal(await seconds(605), 599, "ten minutes after a step");
  });

  it("tells of a step of the clock once, though the log cannot be written then", async () => {
    using clock = stopClock();
    using _elapsed = stopElapsed();
    await using engine = await openEngine();
    const asked: string[] = [];
    const full = new Set<string>();
    const say = async (what: string) => {
      asked.push(what);
      if (full.has(what)) throw new Error("No space left");
    };
    const failing: Engine = {
      ...engine,
      clockSet: (byMs) => say(`set by ${byMs}`),
      postpone: () => say("postpone"),
    };
    await using assigning = start(failing, acme);
    await clock.pass(0);
    assert.deepEqual(asked.splice(0), ["postpone"]);
    for (const what of ["set by 62000", "postpone"]) full.add(what);
    await clock.pass(62_000);
    await clock.pass(1_000);
    assert.deepEqual(asked.splice(0), ["set by 62000", "set by 62000"]);
    full.delete("set by 62000");
    await clock.pass(1_000);
    await clock.pass(1_000);
    assert.deepEqual(asked.splice(0), ["set by 62000", "postpone", "postpone"]);
    full.delete("postpone");
    for (let second = 0; second < 3; second++) await clock.pass(1_000);
    assert.deepEqual(asked, ["postpone"]);
    assert.deepEqual(assigning.facts, [{ is: "clock.set", byMs: 62_000 }]);
  });

  it("goes on at once for as long as there is more to tend", async () => {
    await using engine = await openEngine();
    using clock = stopClock();
    let left = 3;
    const busy: Engine = {
      ...engine,
      tend: () => Promise.resolve({ released: 2, expired: 1, more: --left > 0 }),
    };
    await using assigning = start(busy, acme);
    await clock.pass(0);
    await clock.pass(1_000);
    assert.equal(left, 0);
    const released = { is: "events.released", count: 2, by: "call" };
    const expired = { is: "events.expired", count: 1 };
    assert.deepEqual(assigning.facts, [1, 2, 3].flatMap(() => [released, expired]));
  });

  it("tries again while the log cannot be written", async () => {
    await using engine = await openEngine();
    using clock = stopClock();
    let left = 2;
    const failing: Engine = {
      ...engine,
      configure: (rules) =>
        left-- > 0 ? Promise.reject(new Error("No space left")) : engine.configure(rules),
    };
    await using assigning = start(failing, acme);
    await clock.pass(1_000);
    await clock.pass(1_000);
    await clock.pass(0);
    assert.equal(left, -1);
    await assigning.arrive(to(alice), { type: "message.unwanted" });
    assert.equal((await engine.find("e-1", 1))?.state, "dropped");
  });

  it("ends with an engine that cannot go on", async () => {
    await using engine = await openEngine();
    const gone: Engine = {
      ...engine,
      broken: AbortSignal.abort(new Error("gone")),
      configure: () => Promise.reject(new Error("gone")),
    };
    const { state } = collectFacts();
    const stop = new AbortController();
    const { ended } = startAssigning({
      engine: gone,
      config: () => configOf(acme),
      ownership: () => ownershipOf(configOf(acme)),
      reconfigured: () => Promise.resolve(),
      clock: watchClock(),
      state,
      signal: stop.signal,
    });
    await assert.rejects(ended, /gone/);
    stop.abort();
  });
});
