/** What a circuit does with two URLs, and when it says that none of them works. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { both, circuitOf, first, minute, second, urlOf, waitOf } from "./circuits.ts";
import { destination } from "./shared.ts";

describe("createCircuit() with two URLs", () => {
  /** Lets the first fail until the other one is used. */
  function onSecond() {
    const circuit = circuitOf({ to: both });
    circuit.failTimes(2);
    assert.equal(urlOf(circuit.way()), second);
    return circuit;
  }

  it("uses the other after two failures, at once, and stays with it", () => {
    const circuit = onSecond();
    const edges = circuit.worked(circuit.begin());
    assert.deepEqual(edges, [{ is: "switched", url: second, failover: true }]);
    for (let times = 0; times < 4; times++) {
      circuit.pass(minute);
      assert.deepEqual(circuit.worked(circuit.begin()), []);
    }
  });

  it("tries the first again every five minutes, and goes back when it works", () => {
    const circuit = onSecond();
    circuit.pass(5 * minute - 2);
    assert.equal(urlOf(circuit.way()), second);
    circuit.pass(1);
    const attempt = circuit.begin();
    assert.equal(attempt.url, first);
    assert.equal(urlOf(circuit.way(2)), second, "the others do not wait for it");
    circuit.fail(attempt);
    circuit.pass(5 * minute - 2);
    assert.equal(urlOf(circuit.way()), second);
    circuit.worked(circuit.begin());
    circuit.pass(1);
    assert.deepEqual(circuit.worked(circuit.begin()), [
      { is: "switched", url: first, failover: false },
    ]);
    assert.equal(urlOf(circuit.way()), first);
  });

  it("does not come back to the first before it asked for that", () => {
    const circuit = onSecond();
    circuit.pass(5 * minute);
    circuit.fail(circuit.begin(), 60 * minute);
    for (let minutes = 0; minutes < 59; minutes++) {
      circuit.pass(minute);
      assert.equal(urlOf(circuit.way()), second);
      circuit.worked(circuit.begin());
    }
    circuit.pass(minute);
    assert.equal(urlOf(circuit.way()), first);
  });

  it("uses the other at once when the first asks to be left alone for long", () => {
    const circuit = circuitOf({ to: both });
    circuit.fail(circuit.begin(), 60 * minute);
    assert.equal(urlOf(circuit.way()), second);
    circuit.worked(circuit.begin());
    circuit.pass(60 * minute);
    assert.equal(urlOf(circuit.way()), first);
  });

  it("tries whichever may be tried sooner when both ask for that", () => {
    const circuit = circuitOf({ to: both });
    circuit.fail(circuit.begin(), 10 * minute);
    circuit.fail(circuit.begin(), 60 * minute);
    assert.equal(waitOf(circuit.way()), 10 * minute - 1);
    circuit.pass(10 * minute);
    assert.equal(urlOf(circuit.way()), first);
  });

  it("stays with the other while the first answers and accepts nothing", () => {
    const circuit = onSecond();
    circuit.pass(5 * minute);
    circuit.refused(circuit.begin(), both, "422");
    assert.equal(urlOf(circuit.way()), second);
  });

  it("tries whichever is due sooner where both are open", () => {
    const circuit = onSecond();
    for (let times = 0; times < 5; times++) {
      circuit.pass(waitOf(circuit.way()));
      const attempt = circuit.begin();
      assert.equal(attempt.url, second);
      circuit.fail(attempt, times === 4 ? 60 * minute : undefined);
    }
    circuit.pass(waitOf(circuit.way()));
    circuit.roll(0.5);
    const tried: string[] = [];
    for (let times = 0; times < 3; times++) {
      const attempt = circuit.begin();
      tried.push(attempt.url);
      circuit.fail(attempt);
      circuit.pass(waitOf(circuit.way()));
    }
    assert.deepEqual(tried, [first, first, first]);
    circuit.fail(circuit.begin(), 60 * minute + 1);
    assert.ok(waitOf(circuit.way()) < 60 * minute);
    circuit.pass(waitOf(circuit.way()));
    assert.equal(urlOf(circuit.way()), second);
  });

  it("tries the first again with one attempt at a time, however long that takes", () => {
    const circuit = onSecond();
    circuit.pass(5 * minute);
    assert.equal(circuit.begin(1).url, first);
    circuit.pass(6 * minute);
    assert.equal(urlOf(circuit.way(2)), second);
  });
});

describe("createCircuit(): failing()", () => {
  it("says so at five minutes, once, and again when something worked", () => {
    const circuit = circuitOf();
    circuit.roll(0);
    const since = circuit.now();
    const told: (number | boolean)[] = [];
    for (let second = 0; second < 600; second++) {
      circuit.fail(circuit.begin());
      const failing = circuit.failing();
      if (failing !== undefined) told.push(failing.is, failing.sinceMs);
      circuit.pass(999);
    }
    assert.deepEqual(told, [true, 5 * minute + 1]);
    assert.equal(since, 1_000);
    circuit.answered(circuit.begin());
    assert.equal(circuit.failing(), undefined, "an answer alone is no recovery");
    circuit.worked(circuit.begin());
    assert.equal(circuit.failing()?.is, false);
    assert.equal(circuit.failing(), undefined);
    circuit.fail(circuit.begin());
    circuit.pass(5 * minute);
    assert.equal(circuit.failing()?.is, true, "it fails again");
    assert.equal(circuit.failing(), undefined);
  });

  it("begins with the first attempt that failed, and needs no other", () => {
    const circuit = circuitOf();
    circuit.fail(circuit.begin());
    circuit.pass(5 * minute - 2);
    assert.equal(circuit.failing(), undefined);
    circuit.pass(1);
    assert.deepEqual(circuit.failing(), { is: true, sinceMs: 5 * minute, why: "500" });
  });

  it("needs both URLs to fail", () => {
    const circuit = circuitOf({ to: both });
    circuit.failTimes(2);
    circuit.pass(6 * minute);
    assert.equal(circuit.failing(), undefined, "the other was not tried");
    circuit.fail(circuit.begin());
    circuit.fail(circuit.begin());
    circuit.pass(4 * minute);
    assert.equal(circuit.failing(), undefined, "the other for four minutes");
    circuit.pass(minute);
    assert.equal(circuit.failing()?.is, true);
  });

  it("takes no new URL for one that works", () => {
    const circuit = circuitOf();
    circuit.fail(circuit.begin());
    circuit.pass(5 * minute);
    assert.equal(circuit.failing()?.is, true);
    circuit.to({ ...destination, url: second });
    assert.equal(circuit.failing(), undefined);
    circuit.fail(circuit.begin());
    assert.equal(circuit.failing(), undefined);
    circuit.pass(minute);
    circuit.worked(circuit.begin());
    assert.equal(circuit.failing()?.is, false);
  });
});
