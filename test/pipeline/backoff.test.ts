import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { isGivenUp, pauseMs } from "../../src/pipeline/backoff.ts";

const policy = { firstMs: 2_000, maxMs: 60_000, forMs: 3_600_000 };

describe("pauseMs()", () => {
  it("has a ceiling that doubles up to the longest pause", () => {
    const ceilings = [0, 1, 2, 3, 4, 5, 6, 1_000_000].map((n) => pauseMs(policy, n, () => 1));
    assert.deepEqual(ceilings, [2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  });

  it("is anything between nothing and the ceiling", () => {
    const dice = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(fc.property(fc.nat(100), dice, (failures, random) => {
      const pause = pauseMs(policy, failures, () => random);
      assert.ok(pause >= 0 && pause <= Math.min(60_000, 2_000 * 2 ** failures));
      assert.ok(Number.isInteger(pause));
    }));
    assert.equal(pauseMs(policy, 9, () => 0), 0);
  });

  it("is never less than the answer asked for", () => {
    assert.equal(pauseMs(policy, 0, () => 0, 5_000), 5_000);
    assert.equal(pauseMs(policy, 0, () => 0, 3_600_000), 3_600_000);
    assert.equal(pauseMs(policy, 5, () => 1, 5_000), 60_000);
  });
});

describe("isGivenUp()", () => {
  const now = Date.UTC(2026, 10, 20);
  const old = { youngestAt: now - policy.forMs - 1 };
  const running = 10 * 60_000;

  it("gives up what is older than `for`", () => {
    assert.equal(isGivenUp(old, policy, 10, now, running), true);
    assert.equal(isGivenUp({ youngestAt: now - policy.forMs }, policy, 10, now, running), false);
  });

  it("gives nothing up before ten attempts, or within ten minutes of the start", () => {
    assert.equal(isGivenUp(old, policy, 9, now, running), false);
    assert.equal(isGivenUp(old, policy, 10, now, running - 1), false);
  });
});
