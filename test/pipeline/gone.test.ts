/** Pauses that are not the config's: by an operator, and by a destination that is gone. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Engine } from "../../src/engine.ts";
import type { Destination } from "../../src/tenant.ts";
import { turns, until } from "../support/clock.ts";
import { eventually } from "../support/eventually.ts";
import { openDurableEngine, openEngine } from "./shared.ts";
import { acme, alice, start, webhook } from "./starting.ts";

const pauseIn = async (engine: Engine) => (await engine.counts()).lanes[0]?.paused;

/** Lets acme's destination be gone as it gets its first event. */
async function untilGone(engine: Engine) {
  const running = start(engine, acme);
  running.answer(() => ({ status: 410 }));
  running.accept(webhook(alice, "e-1").inbound);
  await eventually("a pause", async () => (await pauseIn(engine))?.by === "gone");
  await until("it is stated", () => running.facts.some(({ is }) => is === "tenant.paused"));
  running.answer(() => ({ status: 200 }));
  return running;
}

describe("startPipeline() with a destination that is gone", () => {
  it("sends nothing more, and keeps what comes", async () => {
    await using engine = await openEngine();
    await using running = await untilGone(engine);
    running.accept(webhook(alice, "e-2").inbound);
    await eventually("it waits", async () => (await engine.counts()).lanes[0]?.waiting === 1);
    running.reload({ ...acme, destination: { ...acme.destination, timeoutMs: 1_000 } });
    await running.flush();
    await turns(20);
    assert.equal(running.sent.length, 1, "nor at another config, or when it is flushed");
    assert.equal((await pauseIn(engine))?.by, "gone");
    const paused = running.facts.filter(({ is }) => is === "tenant.paused");
    assert.deepEqual(paused, [{ is: "tenant.paused", tenant: "acme", by: "gone" }]);
  });

  const others: readonly Partial<Destination>[] = [
    { url: "https://new.acme.example/" },
    { failoverUrl: "https://new.acme.example/" },
    { headers: { authorization: "Bearer new" } },
    { secrets: [new Uint8Array(32)] },
    { secretVersion: 2 },
  ];
  for (const other of others) {
    it(`goes on with another ${Object.keys(other).join()}, the same batch first`, async () => {
      await using engine = await openEngine();
      await using running = await untilGone(engine);
      running.accept(webhook(alice, "e-2").inbound);
      running.reload({ ...acme, destination: { ...acme.destination, ...other } });
      await eventually("both are sent", () => running.idsOf("acme").length === 3);
      assert.deepEqual(running.idsOf("acme"), ["e-1", "e-1", "e-2"]);
      assert.equal(running.sent[1]?.batch.id, running.sent[0]?.batch.id);
      assert.equal(await pauseIn(engine), undefined);
      const resumed = running.facts.filter(({ is }) => is === "tenant.resumed");
      assert.deepEqual(resumed, [{ is: "tenant.resumed", tenant: "acme" }]);
    });
  }

  it("goes on when an operator says so", async () => {
    await using engine = await openEngine();
    await using running = await untilGone(engine);
    assert.equal(await running.resume("acme"), true);
    await eventually("it is sent", () => running.sent.length === 2);
    assert.equal(await running.resume("acme"), false);
    const resumed = running.facts.filter(({ is }) => is === "tenant.resumed");
    assert.equal(resumed.length, 1);
  });

  it("remembers it over a restart, and for which destination it was", async () => {
    await using engine = await openDurableEngine();
    await (await untilGone(engine))[Symbol.asyncDispose]();
    const reopened = await engine.reopen();
    {
      await using same = start(reopened, acme);
      same.accept(webhook(alice, "e-2").inbound);
      await eventually("it waits", async () => (await reopened.counts()).lanes[0]?.waiting === 1);
      assert.equal(same.sent.length, 0);
    }
    const to = { ...acme.destination, headers: { a: "b" } };
    await using other = start(reopened, { ...acme, destination: to });
    await eventually("both are sent", () => other.idsOf("acme").length === 2);
    assert.deepEqual(other.idsOf("acme"), ["e-1", "e-2"]);
    assert.equal(other.sent[0]?.attempt, 2);
    assert.equal(await pauseIn(reopened), undefined);
  });
});

describe("startPipeline() with a tenant that an operator pauses", () => {
  it("sends nothing until it is resumed, whatever the config says", async () => {
    await using engine = await openEngine();
    await using running = start(engine, acme);
    await running.pause("acme");
    running.accept(webhook(alice, "e-1").inbound);
    await eventually("it waits", async () => (await engine.counts()).lanes[0]?.waiting === 1);
    running.reload({ ...acme, destination: { ...acme.destination, url: "https://new.example/" } });
    await turns(20);
    assert.equal(running.sent.length, 0);
    await running.resume("acme");
    await eventually("it is sent", () => running.sent.length === 1);
    const told = running.facts.filter(({ is }) => /^tenant/.test(is));
    assert.deepEqual(told, [
      { is: "tenant.paused", tenant: "acme", by: "operator" },
      { is: "tenant.resumed", tenant: "acme" },
    ]);
  });

  it("leaves it paused when the config's own pause ends, and the other way round", async () => {
    await using engine = await openEngine();
    await using running = start(engine, { ...acme, paused: true });
    await running.pause("acme");
    running.accept(webhook(alice, "e-1").inbound);
    await eventually("it waits", async () => (await engine.counts()).lanes[0]?.waiting === 1);
    running.reload(acme);
    await turns(20);
    assert.equal(running.sent.length, 0);
    running.reload({ ...acme, paused: true });
    await running.resume("acme");
    await turns(20);
    assert.equal(running.sent.length, 0);
    running.reload(acme);
    await eventually("it is sent", () => running.sent.length === 1);
  });

  it("tries again at once when it is resumed", async () => {
    await using engine = await openEngine();
    await using running = start(engine, acme);
    running.answer(() => ({ status: 503, retryAfter: "3600" }));
    running.accept(webhook(alice, "e-1").inbound);
    await eventually("an attempt", () => running.facts.some(({ is }) => is === "batch.attempted"));
    await running.pause("acme");
    running.answer(() => ({ status: 200 }));
    await running.resume("acme");
    await eventually("another", () => running.sent.length === 2);
  });

  it("closes windows and tries again at once when it is flushed", async () => {
    await using engine = await openEngine();
    const slow = { ...acme, window: { ...acme.window, maxWaitMs: 3_600_000 } };
    await using running = start(engine, slow);
    running.answer(() => ({ status: 503, retryAfter: "3600" }));
    const asked = webhook(alice, "e-1");
    running.accept(asked.inbound);
    await until("it is in the log", () => asked.answers.length === 1);
    assert.equal(running.sent.length, 0);
    await running.flush("acme");
    await eventually("an attempt", () => running.facts.some(({ is }) => is === "batch.attempted"));
    running.answer(() => ({ status: 200 }));
    await running.flush();
    await eventually("another", () => running.sent.length === 2);
    assert.equal(running.sent[0]?.batch.reason, "flush");
  });
});

describe("startPipeline() with an event that waits beside its lane for an hour", () => {
  const hour = 3_600_000;
  const retry = { firstMs: hour, maxMs: hour, forMs: 72 * hour };
  const patient = { ...acme, destination: { ...acme.destination, retry } };
  const corrected = { ...patient, destination: { ...patient.destination, headers: { a: "b" } } };
  type Running = ReturnType<typeof start>;
  const orders: readonly (readonly [string, (running: Running) => Promise<unknown>])[] = [
    ["it is flushed", (running) => running.flush("acme")],
    ["it is resumed", (running) => running.resume("acme")],
    ["its destination is corrected", async (running) => running.reload(corrected)],
  ];
  for (const [when, order] of orders) {
    it(`sends it at once when ${when}`, async () => {
      await using engine = await openEngine();
      await using running = start(engine, patient);
      running.answer(() => ({ status: 200, body: '{"failures":[{"id":"e-1"}]}' }));
      running.accept(webhook(alice, "e-1").inbound);
      const attempted = (verdict: string) =>
        running.facts.some((fact) => fact.is === "batch.attempted" && fact.verdict === verdict);
      // The pause is random: it may end at once, and the event come back once more.
      await eventually("it is beside the lane", () => attempted("partly"));
      running.answer(() => ({ status: 200 }));
      await order(running);
      await eventually("it is accepted", () => attempted("accepted"));
    });
  }
});
