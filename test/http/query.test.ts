import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readQuery } from "../../src/http/query.ts";

const query = (text: string, ...names: readonly string[]) =>
  readQuery(new URLSearchParams(text), names);

describe("readQuery()", () => {
  it("reads dates with an offset, spans back from now, and a plus that came as a space", () => {
    const read = query("a=2026-11-20T10:00:00Z&b=2026-11-20T11:00:00+01:00&c=2h", "a", "b", "c");
    const at = Date.UTC(2026, 10, 20, 10);
    assert.deepEqual([read.moment("a"), read.moment("b"), read.moment("d")], [at, at, undefined]);
    const back = Date.now() - 2 * 3_600_000;
    assert.ok(Math.abs((read.moment("c") ?? 0) - back) < 5_000);
    assert.equal(read.problem(), undefined);
  });

  it("reads switches and bounded numbers", () => {
    const read = query("a&b=true&c=false&n=7", "a", "b", "c", "n");
    assert.deepEqual(["a", "b", "c", "d"].map(read.flag), [true, true, false, false]);
    assert.equal(read.whole("n", 7), 7);
    assert.equal(read.problem(), undefined);
  });

  it("says what would be right, and repeats nothing", () => {
    const cases: readonly (readonly [string, RegExp])[] = [
      ["at=+18005559876", /^at must be a moment with an offset, .* "2h"$/],
      ["at=2026-11-20", /^at needs a time and an offset/],
      ["at=2", /^at needs a unit/],
      ["at=2y", /^at has an unknown unit/],
      ["flag=+18005559876", /^flag must be true or false$/],
      ["n=0", /^n must be a whole number from 1 to 5$/],
      ["n=6", /^n must be a whole number from 1 to 5$/],
      ["tennant=+18005559876", /^there is a parameter too many: only at, flag, n may be there$/],
    ];
    for (const [text, message] of cases) {
      const read = query(text, "at", "flag", "n");
      read.moment("at");
      read.flag("flag");
      read.whole("n", 5);
      assert.match(read.problem() ?? "", message, text);
      assert.doesNotMatch(read.problem() ?? "", /8005559876/);
    }
  });
});
