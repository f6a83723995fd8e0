import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { linkMarginMs, type Waiting } from "../../src/lane.ts";
import { closingOf } from "../../src/pipeline/window.ts";
import { stopClock, until } from "../support/clock.ts";
import { firstLane, idsIn, windowRule } from "./shared.ts";
import { accepted, arrive, open, openEngine } from "./windowing.ts";

describe("closingOf()", () => {
  const now = Date.UTC(2026, 10, 20);
  const none = { immediate: false, sealed: 0, split: 0, refused: 0 };
  const waiting: Waiting = { ...none, count: 1, bytes: 100, oldestAt: now };
  const of = (more: Partial<Waiting>, watchedMs = 0, flushedAt = 0) =>
    closingOf({ ...waiting, ...more }, windowRule, now, watchedMs, flushedAt);

  it("closes at the first bound", () => {
    assert.deepEqual(of({}), { inMs: 5_000 });
    assert.deepEqual(of({ oldestAt: now - 4_999 }), { inMs: 1 });
    assert.deepEqual(of({ oldestAt: now - 5_000 }), { reason: "max_wait" });
    assert.deepEqual(of({ count: 100 }), { reason: "max_events" });
    assert.deepEqual(of({ bytes: 256 * 1_024 }), { reason: "max_bytes" });
    assert.deepEqual(of({ immediate: true }), { reason: "immediate" });
  });

  it("calls it a backlog when it should have closed long ago", () => {
    assert.deepEqual(of({ oldestAt: now - 35_001, immediate: true }), { reason: "backlog" });
  });

  it("closes before a link stops working, and in no hurry for one that has", () => {
    const patient = { ...windowRule, maxWaitMs: 3_600_000 };
    const at = (expiresAt: number) => closingOf({ ...waiting, expiresAt }, patient, now, 0);
    assert.deepEqual(at(now + 600_000), { inMs: 600_000 - linkMarginMs });
    assert.deepEqual(at(now + linkMarginMs), { reason: "expiry" });
    assert.deepEqual(at(now + 1), { reason: "expiry" });
    assert.deepEqual(at(now), { inMs: 3_600_000 });
    assert.deepEqual(of({ expiresAt: now + 600_000 }), { inMs: 5_000 });
  });

  it("closes when it was open as it was flushed, and no later one", () => {
    assert.deepEqual(of({}, 0, now), { reason: "flush" });
    assert.deepEqual(of({ oldestAt: now - 1_000 }, 0, now - 1_000), { reason: "flush" });
    assert.deepEqual(of({ oldestAt: now - 1_000 }, 0, now - 1_001), { inMs: 4_000 });
    assert.deepEqual(of({ immediate: true }, 0, now), { reason: "immediate" });
  });

  it("closes in time although the clock was set back", () => {
    assert.deepEqual(of({ oldestAt: now + 3_600_000 }), { inMs: 5_000 });
    assert.deepEqual(of({ oldestAt: now + 3_600_000 }, 4_000), { inMs: 1_000 });
    assert.deepEqual(of({ oldestAt: now + 3_600_000 }, 5_000), { reason: "max_wait" });
  });
});

describe("window()", () => {
  it("closes when the first event has waited long enough", async () => {
    using clock = stopClock();
    await using engine = await openEngine();
    await arrive(engine, "e-1");
    await using gathering = open(await firstLane(engine));
    await clock.pass(3_000);
    await arrive(engine, "e-2");
    await clock.pass(1_999);
    assert.deepEqual(gathering.batches, []);
    await clock.pass(1);
    await until("a batch", () => gathering.batches.length === 1);
    assert.deepEqual([gathering.counts(), gathering.reasons()], [[2], ["max_wait"]]);
  });

  it("closes when it has enough events", async () => {
    using _ = stopClock();
    await using engine = await openEngine();
    await arrive(engine, "e-0");
    await using gathering = open(await firstLane(engine), { ...windowRule, eventsMax: 3 });
    for (const id of ["e-1", "e-2", "e-3", "e-4", "e-5", "e-6"]) await arrive(engine, id);
    await until("two batches", () => gathering.batches.length === 2);
    assert.deepEqual(gathering.reasons(), ["max_events", "max_events"]);
    assert.deepEqual(gathering.counts(), [3, 3]);
  });

  it("closes when it has enough bytes, and is never larger", async () => {
    using _ = stopClock();
    await using engine = await openEngine();
    await arrive(engine, "e-0", "call.x", "x".repeat(1_500));
    await using gathering = open(await firstLane(engine), { ...windowRule, bytesMax: 4_096 });
    await arrive(engine, "e-1", "call.x", "x".repeat(1_500));
    await arrive(engine, "e-2", "call.x", "x".repeat(1_500));
    await until("a batch", () => gathering.batches.length === 1);
    assert.deepEqual(gathering.reasons(), ["max_bytes"]);
    assert.ok((gathering.batches[0]?.size ?? 9_999) <= 4_096);
  });

  it("closes at once for an immediate event, with what came before it", async () => {
    using _ = stopClock();
    await using engine = await openEngine();
    await arrive(engine, "e-1");
    await using gathering = open(await firstLane(engine));
    await arrive(engine, "e-2", "call.hangup");
    await until("a batch", () => gathering.batches.length === 1);
    assert.deepEqual([gathering.counts(), gathering.reasons()], [[2], ["immediate"]]);
  });

  it("cuts a backlog into full batches, in order", async () => {
    using clock = stopClock();
    await using engine = await openEngine();
    for (let count = 0; count < 7; count++) await arrive(engine, `e-${count}`);
    await clock.pass(60_000);
    const lane = await firstLane(engine);
    await using gathering = open(lane, { ...windowRule, eventsMax: 3 });
    await until("three batches", () => gathering.batches.length === 3);
    assert.deepEqual(gathering.counts(), [3, 3, 1]);
    assert.deepEqual(gathering.reasons(), ["backlog", "backlog", "backlog"]);
    const bodies = await Promise.all(gathering.batches.map(({ id }) => lane.bytes(id)));
    assert.deepEqual(bodies.flatMap(idsIn), [0, 1, 2, 3, 4, 5, 6].map((n) => `e-${n}`));
  });

  it("keeps what waits while the tenant is paused or gone, and goes on after it", async () => {
    using clock = stopClock();
    await using engine = await openEngine();
    await arrive(engine, "e-1", "call.hangup");
    await using gathering = open(await firstLane(engine), undefined);
    gathering.reload(undefined);
    await clock.pass(60_000);
    assert.deepEqual(gathering.batches, []);
    gathering.reload(windowRule);
    await until("a batch", () => gathering.batches.length === 1);
    assert.deepEqual(gathering.reasons(), ["backlog"]);
  });

  it("says whether it stands still, as often as it looks", async () => {
    using clock = stopClock();
    await using engine = await openEngine();
    await arrive(engine, "e-1");
    await using gathering = open(await firstLane(engine));
    for (const rule of [undefined, windowRule, undefined]) {
      gathering.reload(rule);
      await clock.pass(1_000);
      assert.equal(gathering.stands.at(-1), rule === undefined);
    }
  });

  it("closes what is open when it is flushed, and nothing that comes later", async () => {
    using clock = stopClock();
    await using engine = await openEngine();
    await arrive(engine, "e-1");
    await using gathering = open(await firstLane(engine), { ...windowRule, eventsMax: 2 });
    await clock.pass(1_000);
    assert.deepEqual(gathering.batches, []);
    gathering.flush();
    await until("a batch", () => gathering.batches.length === 1);
    await clock.pass(1);
    await arrive(engine, "e-2");
    await clock.pass(4_999);
    assert.deepEqual(gathering.reasons(), ["flush"]);
    await clock.pass(1);
    await until("a batch", () => gathering.batches.length === 2);
    assert.deepEqual(gathering.reasons(), ["flush", "max_wait"]);
  });

  it("seals one event per batch in a layout that holds only one", async () => {
    using _ = stopClock();
    await using engine = await openEngine();
    for (const id of ["e-1", "e-2", "e-3"]) await arrive(engine, id);
    const rule = { ...windowRule, layout: "single/1", maxWaitMs: 0 } as const;
    await using gathering = open(await firstLane(engine), rule);
    await until("three batches", () => gathering.batches.length === 3);
    assert.deepEqual(gathering.counts(), [1, 1, 1]);
    assert.deepEqual(gathering.batches.map(({ layout }) => layout), Array(3).fill("single/1"));
  });

  it("follows a rule that changes while it waits", async () => {
    using clock = stopClock();
    await using engine = await openEngine();
    await arrive(engine, "e-1");
    await using gathering = open(await firstLane(engine), { ...windowRule, maxWaitMs: 3_600_000 });
    await clock.pass(10_000);
    gathering.reload({ ...windowRule, maxWaitMs: 15_000 });
    await clock.pass(4_999);
    assert.deepEqual(gathering.batches, []);
    await clock.pass(1);
    await until("a batch", () => gathering.batches.length === 1);
    assert.deepEqual(gathering.reasons(), ["max_wait"]);
  });

  it("begins with what was sealed before", async () => {
    using _ = stopClock();
    await using engine = await openEngine();
    await arrive(engine, "e-1");
    const lane = await firstLane(engine);
    const cut = { eventsMax: 1, bytesMax: 9_999, reason: "flush", layout: "envelope/1" } as const;
    const sealed = await lane.seal({ ...cut, from: "head", compact: false });
    await arrive(engine, "e-2", "call.hangup");
    await using gathering = open(lane);
    await until("two batches", () => gathering.batches.length === 2);
    assert.equal(gathering.batches[0]?.id, sealed?.id);
    assert.deepEqual(gathering.reasons(), ["flush", "immediate"]);
  });

  it("ends when nothing waits and nothing is on its way", async () => {
    using _ = stopClock();
    await using engine = await openEngine();
    await arrive(engine, "e-1", "call.hangup");
    const lane = await firstLane(engine);
    await using gathering = open(lane);
    await until("a batch", () => gathering.batches.length === 1);
    assert.equal(gathering.ended(), false);
    const [batch] = gathering.batches;
    assert.ok(batch);
    await lane.settle(batch.id, accepted(), { as: "accepted" });
    await gathering.done;
  });

  it("ends for a tenant that was paused meanwhile, too", async () => {
    using _ = stopClock();
    await using engine = await openEngine();
    await arrive(engine, "e-1", "call.hangup");
    const lane = await firstLane(engine);
    await using gathering = open(lane);
    await until("a batch", () => gathering.batches.length === 1);
    gathering.reload(undefined);
    const [batch] = gathering.batches;
    assert.ok(batch);
    await lane.settle(batch.id, accepted(), { as: "accepted" });
    await gathering.done;
  });

  it("ends at an abort, whatever it waits for", async () => {
    using _ = stopClock();
    await using engine = await openEngine();
    await arrive(engine, "e-1");
    const lane = await firstLane(engine);
    for (const rule of [windowRule, undefined]) {
      const gathering = open(lane, rule);
      await gathering[Symbol.asyncDispose]();
      assert.deepEqual(gathering.batches, []);
    }
    assert.equal(lane.waiting().count, 1);
  });

  it("is never empty, never above its bounds, and keeps the order", async () => {
    await using engine = await openEngine();
    const sizes = fc.array(fc.integer({ min: 0, max: 3_000 }), { minLength: 1, maxLength: 12 });
    const rules = fc.record({
      eventsMax: fc.integer({ min: 1, max: 5 }),
      bytesMax: fc.integer({ min: 1_024, max: 8_192 }),
    });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(sizes, rules, async (texts, bounds) => {
        const ids = texts.map((_, index) => `run-${run}-${index}`);
        run++;
        for (const [index, id] of ids.entries()) {
          await arrive(engine, id, "call.x", "x".repeat(texts[index] ?? 0));
        }
        using lane = await firstLane(engine);
        await using gathering = open(lane, { ...windowRule, maxWaitMs: 0, ...bounds });
        const sent: string[] = [];
        let settled = 0;
        await until("everything sent", () => {
          for (const { id, count, size } of gathering.batches.slice(settled)) {
            settled++;
            assert.ok(count >= 1 && count <= bounds.eventsMax);
            assert.ok(size <= bounds.bytesMax || count === 1);
            lane.bytes(id).then(async (bytes) => {
              sent.push(...idsIn(bytes));
              await lane.settle(id, accepted(), { as: "accepted" });
            });
          }
          return gathering.ended();
        });
        assert.deepEqual(sent, ids);
      }),
      { numRuns: 25 },
    );
  });
});
