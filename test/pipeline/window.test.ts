import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Batch } from "../../src/batch.ts";
import type { Lane } from "../../src/engine.ts";
import { signal as createSignal } from "../../src/flow/signal.ts";
import { closingOf, window } from "../../src/pipeline/window.ts";
import type { WindowRule } from "../../src/tenant.ts";
import { stopClock, until } from "../support/clock.ts";
import { arrive, firstLane, idsIn, openEngine } from "./shared.ts";

const usual: WindowRule = { maxWaitMs: 5_000, eventsMax: 100, bytesMax: 256 * 1_024 };

/** A window over a lane, with a rule that a test changes. */
function open(lane: Lane, rule: WindowRule | undefined = usual) {
  const changed = createSignal();
  const stop = new AbortController();
  const batches: Batch[] = [];
  let current: WindowRule | undefined = rule;
  let ended = false;
  const options = {
    rule: () => current,
    reconfigured: (signal: AbortSignal) => changed.next(signal),
    signal: stop.signal,
  };
  const done = (async () => {
    for await (const batch of window(lane, options)) batches.push(batch);
    ended = true;
  })();
  return {
    batches,
    done,
    ended: () => ended,
    reasons: () => batches.map(({ reason }) => reason),
    counts: () => batches.map(({ count }) => count),
    reload(next: WindowRule | undefined) {
      current = next;
      changed.raise();
    },
    /** Ends, as it does when the daemon stops. */
    async [Symbol.asyncDispose]() {
      stop.abort();
      await done;
    },
  };
}

const accepted = (number = 1) => ({
  number,
  startedAt: Date.now(),
  tookMs: 1,
  origin: "https://x.example",
  status: 200,
});

describe("closingOf()", () => {
  const now = Date.UTC(2026, 10, 20);
  const waiting = { count: 1, bytes: 100, oldestAt: now, immediate: false, sealed: 0 };
  const of = (more: Partial<typeof waiting>, watchedMs = 0) =>
    closingOf({ ...waiting, ...more }, usual, now, watchedMs);

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
    await using gathering = open(await firstLane(engine), { ...usual, eventsMax: 3 });
    for (const id of ["e-1", "e-2", "e-3", "e-4", "e-5", "e-6"]) await arrive(engine, id);
    await until("two batches", () => gathering.batches.length === 2);
    assert.deepEqual(gathering.reasons(), ["max_events", "max_events"]);
    assert.deepEqual(gathering.counts(), [3, 3]);
  });

  it("closes when it has enough bytes, and is never larger", async () => {
    using _ = stopClock();
    await using engine = await openEngine();
    await arrive(engine, "e-0", "call.x", "x".repeat(1_500));
    await using gathering = open(await firstLane(engine), { ...usual, bytesMax: 4_096 });
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
    await using gathering = open(lane, { ...usual, eventsMax: 3 });
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
    gathering.reload(usual);
    await until("a batch", () => gathering.batches.length === 1);
    assert.deepEqual(gathering.reasons(), ["backlog"]);
  });

  it("follows a rule that changes while it waits", async () => {
    using clock = stopClock();
    await using engine = await openEngine();
    await arrive(engine, "e-1");
    await using gathering = open(await firstLane(engine), { ...usual, maxWaitMs: 3_600_000 });
    await clock.pass(10_000);
    gathering.reload({ ...usual, maxWaitMs: 15_000 });
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
    const sealed = await lane.seal(cut);
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
    for (const rule of [usual, undefined]) {
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
        await using gathering = open(lane, { maxWaitMs: 0, ...bounds });
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
