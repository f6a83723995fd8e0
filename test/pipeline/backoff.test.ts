import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { givenUpBefore, isTried, pauseMs } from "../../src/pipeline/backoff.ts";
import { batch } from "./judging.ts";

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

describe("isTried()", () => {
  const steady = 10 * 60_000;

  it("wants ten attempts, and ten minutes in which they could be made", () => {
    assert.equal(isTried(batch, 10, steady), true);
    assert.equal(isTried(batch, 9, steady), false);
    assert.equal(isTried(batch, 10, steady - 1), false);
  });

  it("counts the batches that held its events before", () => {
    assert.equal(isTried({ ...batch, returned: { times: 8 } }, 2, steady), true);
    assert.equal(isTried({ ...batch, returned: { times: 8 } }, 1, steady), false);
  });
});

describe("givenUpBefore()", () => {
  const now = 1_000;
  const of = (forMs: number, ...halts: Parameters<typeof givenUpBefore>[2]) =>
    givenUpBefore(forMs, now, halts);

  it("is `for` ago where nothing stood still", () => {
    assert.equal(of(100), 900);
  });

  it("is as much earlier as the lane stood still since", () => {
    assert.equal(of(100, { from: 920, until: 950 }), 870);
    assert.equal(of(100, { from: 910, until: 920 }, { from: 950, until: 960 }), 880);
    assert.equal(of(100, { from: 500, until: 600 }), 900, "what was long ago does not count");
  });

  it("counts a whole halt that began earlier, and one that this reaches", () => {
    assert.equal(of(100, { from: 800, until: 950 }), 750);
    assert.equal(of(100, { from: 840, until: 890 }, { from: 950, until: 970 }), 830);
  });

  it("counts a halt that lasts until now", () => {
    assert.equal(of(100, { from: 900 }), 800);
    assert.equal(of(100, { from: 100 }), 0);
  });

  it("is not later for one from the future, as a clock that was set back leaves it", () => {
    assert.equal(of(100, { from: 5_000 }), 900);
    assert.equal(of(100, { from: 5_000, until: 4_000 }), 900);
  });

  it("leaves exactly `for` between it and now, without what stood still", () => {
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: 999 }), { maxLength: 12 });
    fc.assert(
      fc.property(cuts, fc.boolean(), fc.integer({ min: 1, max: 900 }), (cuts, lasts, forMs) => {
        const [...ends] = cuts.toSorted((a, b) => a - b);
        const halts = [];
        while (ends.length > 1) halts.push({ from: ends.shift() ?? 0, until: ends.shift() ?? 0 });
        const [last] = ends;
        const all = lasts && last !== undefined ? [...halts, { from: last }] : halts;
        const before = of(forMs, ...all);
        const isHalted = (at: number) =>
          all.some(({ from, ...rest }) => at >= from && at < ("until" in rest ? rest.until : now));
        let counted = 0;
        for (let at = before; at < now; at++) if (!isHalted(at)) counted++;
        assert.equal(counted, forMs);
      }),
    );
  });
});
