import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { digestOf } from "../../src/pipeline/urls.ts";
import type { Destination } from "../../src/tenant.ts";
import { circuitOf, first, minute, second, waitOf } from "./circuits.ts";
import { destination } from "./shared.ts";

describe("createCircuit() with one URL", () => {
  it("lets everybody through while nothing fails", () => {
    const circuit = circuitOf();
    assert.deepEqual(circuit.way(1), { url: first, failover: false });
    circuit.begin(1);
    assert.deepEqual(circuit.way(2), { url: first, failover: false });
  });

  it("pauses longer after each failure in a row, until one is accepted", () => {
    const circuit = circuitOf();
    const pauses = Array.from({ length: 7 }, () => {
      circuit.fail(circuit.begin());
      const waitMs = waitOf(circuit.way());
      circuit.pass(waitMs);
      return waitMs;
    });
    assert.deepEqual(pauses, [2_000, 4_000, 8_000, 16_000, 32_000, minute, minute]);
    circuit.worked(circuit.begin());
    assert.equal(waitOf(circuit.way()), 0);
    circuit.fail(circuit.begin());
    assert.equal(waitOf(circuit.way()), 2_000);
  });

  it("counts failures of attempts made at the same time once", () => {
    const circuit = circuitOf();
    const attempts = [1, 2, 3, 4, 5, 6].map((sequence) => circuit.begin(sequence));
    for (const attempt of attempts) assert.deepEqual(circuit.fail(attempt), []);
    assert.equal(circuit.stateOf(digestOf(first)).failures, 1);
    assert.ok(waitOf(circuit.way()) < 2_000);
  });

  it("opens with the fifth in a row, and closes when one is accepted; once each", () => {
    const circuit = circuitOf();
    assert.deepEqual(circuit.failTimes(4), []);
    assert.deepEqual(circuit.failTimes(3), [{ is: "opened", url: first, failover: false }]);
    circuit.pass(minute);
    const edges = circuit.worked(circuit.begin());
    assert.deepEqual(edges, [{ is: "closed", url: first, failover: false }]);
    assert.deepEqual(circuit.worked(circuit.begin()), []);
  });

  it("lets one attempt at a time through when it is open, of the oldest batch", () => {
    const circuit = circuitOf();
    const batches = [7, 5, 9].map((sequence) => circuit.enter(sequence));
    for (let times = 0; times < 5; times++) {
      circuit.pass(minute);
      circuit.fail(circuit.begin(5));
    }
    circuit.pass(minute);
    assert.deepEqual([7, 9].map((one) => waitOf(circuit.way(one))), [Infinity, Infinity]);
    const attempt = circuit.begin(5);
    assert.equal(waitOf(circuit.way(5)), Infinity);
    circuit.fail(attempt);
    batches[1]?.[Symbol.dispose]();
    circuit.pass(minute);
    assert.equal(waitOf(circuit.way(7)), 0, "the oldest of those that are left");
  });

  it("obeys an answer that asks for longer than the longest pause", () => {
    const circuit = circuitOf();
    circuit.roll(0);
    circuit.fail(circuit.begin(), 60 * minute);
    circuit.pass(60 * minute - 1);
    assert.equal(waitOf(circuit.way()), 1);
    circuit.pass(1);
    assert.equal(waitOf(circuit.way()), 0);
  });

  it("keeps to what an answer asked for, whatever began before it is answered", () => {
    const circuit = circuitOf();
    const [busy, fine, slow] = [circuit.begin(1), circuit.begin(2), circuit.begin(3)];
    assert.ok(busy && fine && slow);
    circuit.fail(busy, 90_000);
    circuit.worked(fine);
    assert.equal(waitOf(circuit.way()), 90_000);
    circuit.fail(slow, 120_000);
    assert.equal(waitOf(circuit.way()), 120_000);
  });

  it("counts an answer that accepts nothing neither as a failure nor as a success", () => {
    const circuit = circuitOf();
    circuit.failTimes(6);
    circuit.pass(minute);
    circuit.refused(circuit.begin(), destination, "422", 500);
    assert.equal(circuit.stateOf(digestOf(first)).failures, 6);
    assert.equal(waitOf(circuit.way()), 500);
    circuit.pass(500);
    circuit.answered(circuit.begin());
    assert.equal(waitOf(circuit.way()), 0);
  });

  it("makes the next attempt due when hurried, and wakes who waits", async () => {
    const circuit = circuitOf();
    circuit.failTimes(7);
    const woken = circuit.changed(new AbortController().signal);
    circuit.hurry();
    await woken;
    assert.equal(waitOf(circuit.way()), 0);
    circuit.fail(circuit.begin());
    assert.equal(waitOf(circuit.way()), minute, "what failed before is not forgotten");
  });

  it("makes the next attempt due for a destination that is another one", () => {
    const others: readonly Partial<Destination>[] = [
      { headers: { a: "b" } },
      { secrets: [new Uint8Array(24)] },
      { secretVersion: 2 },
      { failoverUrl: second },
      { url: second },
    ];
    for (const other of others) {
      const circuit = circuitOf();
      circuit.failTimes(5);
      circuit.to({ ...destination, timeoutMs: 1, inFlight: 3, gzip: true });
      assert.notEqual(waitOf(circuit.way()), 0, "the same place");
      circuit.to({ ...destination, ...other });
      assert.equal(waitOf(circuit.way()), 0);
    }
  });

  it("suspects who failed last, or took over a second", () => {
    const circuit = circuitOf();
    assert.equal(circuit.isSuspect(), false);
    const slow = circuit.begin();
    circuit.pass(1_001);
    circuit.worked(slow);
    assert.equal(circuit.isSuspect(), true);
    circuit.worked(circuit.begin());
    assert.equal(circuit.isSuspect(), false);
    circuit.fail(circuit.begin());
    assert.equal(circuit.isSuspect(), true);
  });
});
