/** Times that do not count: kept apart, in order, and few. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Halt } from "../../src/delivery.ts";
import { begun, ended, haltsMax, joined, withHalt } from "../../src/engine/halts.ts";

const isIn = (halts: readonly Halt[], at: number) =>
  halts.some(({ from, until = Number.POSITIVE_INFINITY }) => at >= from && at < until);

const aHalt = fc.record({ from: fc.nat(1_000), lasts: fc.nat(50) })
  .map(({ from, lasts }): Halt => ({ from, until: from + lasts }));

describe("joined()", () => {
  it("tells the same times, in order and apart", () => {
    fc.assert(fc.property(fc.array(aHalt), fc.nat(1_100), (halts, at) => {
      const all = joined(halts);
      assert.equal(isIn(all, at), isIn(halts, at));
      for (const [index, { from }] of all.entries()) {
        const before = all[index - 1];
        assert.ok(before === undefined || (before.until ?? from) < from);
      }
      assert.deepEqual(joined(all), all);
    }));
  });

  it("ends with one that is open", () => {
    const halts = [{ from: 9, until: 12 }, { from: 5 }, { from: 1, until: 3 }];
    assert.deepEqual(joined(halts), [{ from: 1, until: 3 }, { from: 5 }]);
  });
});

describe("withHalt()", () => {
  it("keeps so many, and forgets no time that did not count", () => {
    const halts = Array.from({ length: 100 }, (_, index) => ({
      from: index * 10,
      until: index * 10 + 5,
    }));
    const all = halts.reduce<readonly Halt[]>(withHalt, []);
    assert.equal(all.length, haltsMax);
    assert.deepEqual(all[0], { from: 0, until: 365 });
    assert.ok(halts.every(({ from }) => isIn(all, from)));
  });
});

describe("begun() and ended()", () => {
  it("follow each other in any order, on a clock that goes back", () => {
    const change = fc.record({ is: fc.boolean(), at: fc.nat(1_000) });
    fc.assert(fc.property(fc.array(change), (changes) => {
      let halts: readonly Halt[] = [];
      let isOpen = false;
      for (const { is, at } of changes) {
        halts = is ? begun(halts, at) : ended(halts, at);
        assert.deepEqual(joined(halts), halts);
        isOpen = is;
        assert.equal(halts.at(-1)?.until === undefined && halts.length > 0, isOpen);
      }
    }));
  });

  it("change nothing where nothing changes", () => {
    const open = begun([], 5);
    assert.equal(begun(open, 9), open);
    const closed = ended(open, 9);
    assert.deepEqual(closed, [{ from: 5, until: 9 }]);
    assert.equal(ended(closed, 12), closed);
    assert.deepEqual(ended(open, 4), [], "nothing is left of what begins after its end");
  });
});
