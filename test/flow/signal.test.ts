import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { signal } from "../../src/flow/signal.ts";
import { countListeners } from "./shared.ts";

describe("signal()", () => {
  it("wakes everybody who waits, once", async () => {
    const bell = signal();
    const { signal: stop } = new AbortController();
    const both = Promise.all([bell.next(stop), bell.next(stop)]);
    bell.raise();
    await both;
  });

  it("remembers nothing", async () => {
    const bell = signal();
    const stop = new AbortController();
    bell.raise();
    let woken = false;
    const next = bell.next(stop.signal).then(() => woken = true);
    await null;
    assert.equal(woken, false);
    stop.abort();
    await next;
    await bell.next(stop.signal);
  });

  it("leaves no listener behind", async () => {
    const bell = signal();
    const listeners = countListeners();
    for (let turn = 0; turn < 100; turn++) {
      const next = bell.next(listeners.signal);
      bell.raise();
      await next;
    }
    assert.equal(listeners.count(), 0);
  });

  it("lets a waiter that is woken wait again", async () => {
    const bell = signal();
    const { signal: stop } = new AbortController();
    let turns = 0;
    const waiting = (async () => {
      for (; turns < 3; turns++) await bell.next(stop);
    })();
    while (turns < 3) {
      bell.raise();
      await null;
    }
    await waiting;
  });
});
