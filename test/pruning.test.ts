import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startPruning } from "../src/pruning.ts";
import { collectFacts } from "./pipeline/shared.ts";
import { stopClock } from "./support/clock.ts";

const day = 24 * 3_600_000;

/** A log of which so many events and batches may be forgotten. */
function pruning(events: number, { batches = 0, retentionMs = 3 * day } = {}) {
  const { facts, state } = collectFacts();
  const steps: { readonly age: number; readonly limit: number }[] = [];
  let left = { events, batches };
  let broken = false;
  const engine = {
    async prune(before: number, limit: number) {
      steps.push({ age: Date.now() - before, limit });
      if (broken) throw new Error("No space left");
      const pruned = {
        events: Math.min(left.events, limit),
        batches: Math.min(left.batches, limit),
      };
      left = { events: left.events - pruned.events, batches: left.batches - pruned.batches };
      return pruned;
    },
  };
  const running = startPruning(engine, () => retentionMs, state);
  return {
    facts,
    steps,
    break: (now: boolean) => broken = now,
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}

describe("startPruning()", () => {
  it("begins ten minutes after the start, in small steps with pauses", async () => {
    using clock = stopClock();
    await using store = pruning(450);
    await clock.pass(10 * 60_000 - 1);
    assert.equal(store.steps.length, 0);
    await clock.pass(1);
    assert.deepEqual(store.steps, [{ age: 3 * day, limit: 200 }]);
    for (let step = 0; step < 3; step++) await clock.pass(20);
    assert.equal(store.steps.length, 4);
    assert.deepEqual(store.facts, [{ is: "store.pruned", events: 450 }]);
    await clock.pass(60_000);
    assert.equal(store.steps.length, 5);
    assert.equal(store.facts.length, 1);
  });

  it("goes on until all batches are forgotten, too", async () => {
    using clock = stopClock();
    await using store = pruning(250, { batches: 900 });
    await clock.pass(10 * 60_000);
    for (let step = 0; step < 9; step++) await clock.pass(20);
    assert.equal(store.steps.length, 6);
    assert.deepEqual(store.facts, [{ is: "store.pruned", events: 250 }]);
  });

  it("states nothing where only batches were", async () => {
    using clock = stopClock();
    await using store = pruning(0, { batches: 10 });
    await clock.pass(10 * 60_000);
    await clock.pass(20);
    assert.deepEqual([store.steps.length, store.facts], [2, []]);
  });

  it("remembers ids for a day, however short the retention", async () => {
    using clock = stopClock();
    await using store = pruning(0, { retentionMs: 60_000 });
    await clock.pass(10 * 60_000);
    assert.deepEqual(store.steps, [{ age: day, limit: 200 }]);
  });

  it("goes on after an error", async () => {
    using clock = stopClock();
    await using store = pruning(10);
    store.break(true);
    await clock.pass(10 * 60_000);
    assert.deepEqual(store.facts, [{ is: "store.broken", why: "No space left" }]);
    store.break(false);
    await clock.pass(60_000);
    await clock.pass(20);
    assert.deepEqual(store.facts.at(-1), { is: "store.pruned", events: 10 });
  });

  it("ends at once, whatever it waits for", async () => {
    using clock = stopClock();
    const store = pruning(1_000_000);
    await clock.pass(10 * 60_000);
    await store[Symbol.asyncDispose]();
    const { length } = store.steps;
    await clock.pass(3_600_000);
    assert.equal(store.steps.length, length);
  });
});
