/** What people see of a circuit, and what is stated of it after a start. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { digestOf } from "../../src/pipeline/urls.ts";
import { both, circuitOf, first, minute, second } from "./circuits.ts";
import { destination } from "./shared.ts";

describe("what people see of a circuit", () => {
  it("is that it works, before and after an attempt", () => {
    const circuit = circuitOf();
    const fine = { url: first, failover: false, isOpen: false, failures: 0, waitMs: 0 };
    assert.deepEqual(circuit.view(destination), [{ ...fine, isUsed: true }]);
    circuit.worked(circuit.begin());
    assert.deepEqual(circuit.view(destination), [{ ...fine, isUsed: true }]);
  });

  it("is how often and how long a URL has failed, and when it is tried next", () => {
    const circuit = circuitOf();
    circuit.failTimes(5);
    circuit.pass(1_000);
    const [seen] = circuit.view(destination);
    assert.ok(seen?.failingMs !== undefined);
    assert.deepEqual(seen, {
      url: first,
      failover: false,
      isOpen: true,
      failures: 5,
      failingMs: seen.failingMs,
      waitMs: 31_000,
      isUsed: true,
    });
    assert.ok(seen.failingMs > 31_000);
  });

  it("is which of two URLs is used", () => {
    const circuit = circuitOf({ to: both });
    const used = () => circuit.view(both).filter(({ isUsed }) => isUsed).map(({ url }) => url);
    circuit.failTimes(1);
    assert.deepEqual(used(), [first]);
    circuit.failTimes(1);
    assert.deepEqual(used(), [second]);
    circuit.pass(5 * minute);
    circuit.worked(circuit.begin());
    assert.deepEqual(used(), [first]);
  });
});

describe("another destination", () => {
  it("is noticed once, though an attempt saw it first", () => {
    const circuit = circuitOf();
    circuit.way();
    assert.equal(circuit.notice(destination), false);
    circuit.to({ ...destination, headers: { a: "b" } });
    circuit.way();
    const changed = { ...destination, headers: { a: "b" } };
    assert.deepEqual([circuit.notice(changed), circuit.notice(changed)], [true, false]);
  });
});

describe("a circuit that was open before the start", () => {
  const known = [{ digest: digestOf(first), failures: 7, notBefore: 0 }];

  it("is stated once more when it fails, and once when it works", () => {
    const circuit = circuitOf({ known });
    const [opened, ...others] = circuit.failTimes(3);
    assert.deepEqual([opened?.is, others], ["opened", []]);
    circuit.pass(minute);
    assert.deepEqual(circuit.worked(circuit.begin()).map(({ is }) => is), ["closed"]);
    assert.deepEqual(circuit.worked(circuit.begin()), []);
  });
});
