import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSkewWatch } from "../../src/pipeline/skew.ts";
import { collectFacts } from "./shared.ts";

/** A watch, a clock that is turned by hand, and webhooks that all differ. */
function watch() {
  let at = 0;
  let signed = 0;
  const { facts, state } = collectFacts();
  const skew = createSkewWatch(state, () => at);
  const signature = (n: number) => Uint8Array.of(n >> 8, n);
  return {
    skew,
    facts,
    pass: (ms: number) => at += ms,
    stale: (skewSeconds: number) => skew.saw(skewSeconds, false, signature(signed++)),
    again: (skewSeconds: number) => skew.saw(skewSeconds, false, signature(9_999)),
    timely: () => skew.saw(0, true, signature(signed++)),
  };
}

describe("createSkewWatch()", () => {
  it("suspects our clock when five webhooks are off alike, and nothing was in time", () => {
    const { skew, facts, pass, stale } = watch();
    pass(60_000);
    for (const seconds of [1_000, 1_010, 990, 1_005]) stale(seconds);
    assert.equal(skew.suspect(), false);
    stale(1_020);
    assert.equal(skew.suspect(), true);
    assert.deepEqual(facts, [{ is: "clock.suspect", offSeconds: 1_020 }]);
  });

  it("suspects nothing while something was in time within the last minute", () => {
    const { skew, pass, stale, timely } = watch();
    pass(60_000);
    timely();
    pass(59_999);
    for (let count = 0; count < 10; count++) stale(1_000);
    assert.equal(skew.suspect(), false);
    pass(1);
    stale(1_000);
    assert.equal(skew.suspect(), true);
  });

  it("does not count one webhook several times, nor those that are off differently", () => {
    const { skew, pass, stale, again } = watch();
    pass(60_000);
    for (let count = 0; count < 10; count++) again(1_000);
    for (const seconds of [2_000, 3_000, 4_000, -1_000, 1_040]) stale(seconds);
    assert.equal(skew.suspect(), false);
  });

  it("trusts again after the first webhook in time", () => {
    const { skew, facts, pass, stale, timely } = watch();
    pass(60_000);
    for (let count = 0; count < 5; count++) stale(-600);
    timely();
    assert.equal(skew.suspect(), false);
    assert.deepEqual(facts.map(({ is }) => is), ["clock.suspect", "clock.trusted"]);
  });

  it("trusts again when nothing supports the suspicion any more", () => {
    const { skew, facts, pass, stale } = watch();
    pass(60_000);
    for (let count = 0; count < 5; count++) stale(1_000);
    pass(5 * 60_000 - 1);
    assert.equal(skew.suspect(), true);
    pass(1);
    assert.equal(skew.suspect(), false);
    assert.deepEqual(facts.at(-1), { is: "clock.trusted" });
  });

  it("admits a few webhooks a second", () => {
    const { skew, pass } = watch();
    const admitted = () => Array.from({ length: 20 }, () => skew.admits()).filter(Boolean).length;
    assert.equal(admitted(), 5);
    assert.equal(admitted(), 0);
    pass(1_000);
    assert.equal(admitted(), 5);
  });
});
