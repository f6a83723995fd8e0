import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Engine } from "../src/engine.ts";
import { openEngine } from "./pipeline/shared.ts";
import { acme, alice, beta, bob, start, webhook } from "./pipeline/starting.ts";
import { until } from "./support/clock.ts";
import { eventually } from "./support/eventually.ts";

describe("startPipeline()", () => {
  it("brings each tenant its events, in order, and nobody another's", async () => {
    await using engine = await openEngine();
    await using running = start(engine, acme, beta);
    const asked = Array.from(
      { length: 40 },
      (_, index) => webhook(index % 2 === 0 ? alice : bob, `e-${index}`),
    );
    for (const { inbound } of asked) assert.equal(running.accept(inbound), true);
    await until("everything sent", () => running.idsOf("acme").length === 20);
    await until("everything sent", () => running.idsOf("beta").length === 20);
    assert.ok(asked.every(({ answers }) => answers.length === 1 && answers[0]?.status === 200));
    for (const [tenant, rest] of [["acme", 0], ["beta", 1]] as const) {
      const expected = asked.map((_, index) => `e-${index}`).filter((_, i) => i % 2 === rest);
      assert.deepEqual(new Set(running.idsOf(tenant)), new Set(expected));
      const mine = running.sent.filter((one) => one.tenant === tenant);
      assert.deepEqual(mine.map(({ batch }) => batch.sequence), mine.map((_, index) => index + 1));
    }
  });

  it("follows another config at once", async () => {
    await using engine = await openEngine();
    await using running = start(engine, { ...acme, paused: true });
    const first = webhook(alice, "e-1");
    running.accept(first.inbound);
    await until("an answer", () => first.answers.length === 1);
    const second = webhook(bob, "e-2");
    running.accept(second.inbound);
    await until("an answer", () => second.answers.length === 1);
    assert.deepEqual(second.answers[0]?.body, { status: "queued", tenant: "unassigned" });
    assert.deepEqual(running.sent, []);
    running.reload(acme, beta);
    await until("a batch", () => running.idsOf("acme").length === 1);
    await until("what was held", () => running.idsOf("beta").length === 1);
    const third = webhook(bob, "e-3");
    running.accept(third.inbound);
    await until("a batch", () => running.idsOf("beta").length === 2);
    assert.deepEqual(running.idsOf("beta"), ["e-2", "e-3"]);
    const released = running.facts.find(({ is }) => is === "events.released");
    assert.deepEqual(released, { is: "events.released", count: 1, by: "config" });
  });

  it("gives nothing that was held to a new owner of what was another's", async () => {
    await using engine = await openEngine();
    await using running = start(engine, acme, beta);
    const known = async (...ids: readonly string[]) => {
      const told = await engine.belongings();
      return told.size === ids.length && ids.every((id) => told.has(id));
    };
    await eventually("the owners are known", () => known("acme", "beta"));
    running.reload(acme);
    await eventually("beta is gone", () => known("acme"));
    const first = webhook(bob, "e-1");
    running.accept(first.inbound);
    await until("an answer", () => first.answers.length === 1);
    running.reload(acme, { ...beta, id: "gamma" });
    const why = async () => (await engine.find("e-1", 10))?.why === "recycled";
    await eventually("it is asked again", why);
    running.accept(webhook(bob, "e-2").inbound);
    await until("a batch", () => running.idsOf("gamma").length > 0);
    assert.deepEqual(running.idsOf("gamma"), ["e-2"]);
    const [wanted] = await engine.wanted("", 10);
    assert.deepEqual([wanted?.key, wanted?.former], [`number:${bob}`, ["beta"]]);
  });

  it("answers everybody who is in when it closes, and lets nobody in any more", async () => {
    await using engine = await openEngine();
    const running = start(engine, { ...acme, paused: true });
    const asked = Array.from({ length: 20 }, (_, index) => webhook(alice, `e-${index}`));
    for (const { inbound } of asked) running.accept(inbound);
    await running[Symbol.asyncDispose]();
    assert.ok(asked.every(({ answers }) => answers.length === 1));
    assert.equal(running.accept(webhook(alice, "late").inbound), false);
    const { lanes: [lane] } = await engine.counts();
    assert.equal(lane?.waiting, 20);

    await using again = start(engine, acme);
    await until("everything sent", () => again.idsOf("acme").length === 20);
  });

  it("says that a stage failed, and takes nothing more", async () => {
    await using engine = await openEngine();
    const broken: Engine = {
      ...engine,
      async *lanes() {
        yield* [];
        throw new Error("no lanes");
      },
    };
    await using running = start(broken, acme);
    await assert.rejects(running.failed, /no lanes/);
    assert.equal(running.accept(webhook(alice, "e-1").inbound), false);
  });
});
