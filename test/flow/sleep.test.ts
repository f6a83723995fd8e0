import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { firstOf, sleep } from "../../src/flow/sleep.ts";
import { stopClock } from "../support/clock.ts";
import { countListeners } from "./shared.ts";

describe("sleep()", () => {
  it("resolves after its time", async () => {
    using clock = stopClock();
    let awake = false;
    const sleeping = sleep(1_000, new AbortController().signal).then(() => awake = true);
    await clock.pass(999);
    assert.equal(awake, false);
    await clock.pass(1);
    await sleeping;
  });

  it("resolves at an abort, and at once when that was before", async () => {
    const stop = new AbortController();
    const sleeping = sleep(3_600_000, stop.signal);
    stop.abort();
    await sleeping;
    await sleep(3_600_000, stop.signal);
  });

  it("leaves no listener behind", async () => {
    const listeners = countListeners();
    for (let turn = 0; turn < 20; turn++) await sleep(0, listeners.signal);
    assert.equal(listeners.count(), 0);
    const sleeping = sleep(3_600_000, listeners.signal);
    listeners.abort();
    await sleeping;
    assert.equal(listeners.count(), 0);
  });

  it("takes spans that no timer holds, and negative ones", async () => {
    const stop = new AbortController();
    let awake = false;
    const long = sleep(Number.MAX_SAFE_INTEGER, stop.signal).then(() => awake = true);
    await sleep(-5, stop.signal);
    assert.equal(awake, false);
    stop.abort();
    await long;
  });
});

describe("firstOf()", () => {
  it("resolves with the first, and tells the others to stop", async () => {
    const listeners = countListeners();
    let stopped = false;
    const never = (stop: AbortSignal) =>
      new Promise<void>((resolve) =>
        stop.addEventListener("abort", () => {
          stopped = true;
          resolve();
        })
      );
    await firstOf(listeners.signal, never, async () => {});
    assert.equal(stopped, true);
    assert.equal(listeners.count(), 0);
  });

  it("leaves no timer of a loser behind", async () => {
    using clock = stopClock();
    const { signal } = new AbortController();
    let late = false;
    const slow = (stop: AbortSignal) => sleep(500, stop).then(() => late = !stop.aborted);
    const quick = (stop: AbortSignal) => sleep(100, stop);
    const first = firstOf(signal, slow, quick);
    await clock.pass(100);
    await first;
    await clock.pass(1_000);
    assert.equal(late, false);
  });

  it("resolves at an abort, before or after", async () => {
    const stop = new AbortController();
    const waiting = firstOf(stop.signal, (signal) => sleep(3_600_000, signal));
    stop.abort();
    await waiting;
    await firstOf(stop.signal, (signal) => sleep(3_600_000, signal));
  });

  it("throws what one of them throws", async () => {
    const { signal } = new AbortController();
    const broken = async () => {
      throw new Error("broken");
    };
    await assert.rejects(firstOf(signal, broken, (stop) => sleep(3_600_000, stop)), /broken/);
  });
});
