import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  createPaint,
  jsonText,
  printable,
  shortened,
  shortTimeText,
  spanText,
  table,
  timeText,
} from "../../src/cli/text.ts";

const dangerous = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

describe("printable()", () => {
  it("leaves nothing that moves the cursor or turns the direction", () => {
    assert.equal(printable("a\u001b[2J\u009b\u202eb\n"), "a\ufffd[2J\ufffd\ufffdb\ufffd");
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
      assert.doesNotMatch(printable(text), dangerous);
    }));
  });

  it("leaves everything else as it is", () => {
    assert.equal(printable("Grüße, 東京 👋"), "Grüße, 東京 👋");
  });
});

describe("jsonText()", () => {
  it("is JSON of the same value, without such characters", () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => {
      const text = jsonText(value);
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
      assert.doesNotMatch(text.replaceAll("\n", ""), dangerous);
    }));
    assert.equal(jsonText("\u009b\u202e", 0), '"\\u009b\\u202e"');
  });
});

describe("spanText()", () => {
  it("has two units at most", () => {
    assert.deepEqual(
      [0, 45_000, 60_000, 200_000, 7_500_000, 356_400_000].map(spanText),
      ["0s", "45s", "1m", "3m 20s", "2h 5m", "4d 3h"],
    );
  });
});

describe("timeText()", () => {
  const at = Date.UTC(2026, 10, 20, 7, 30, 5);

  it("is UTC when asked for", () => {
    assert.equal(timeText(at, true), "2026-11-20 07:30:05Z");
  });

  it("otherwise has its offset, and is the same moment", () => {
    const text = timeText(at, false);
    assert.match(text, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d\d:\d\d$/);
    assert.equal(Date.parse(text.replace(" ", "T").replace(" ", "")), at);
  });

  it("is short in a table: today the time, before it the date", () => {
    assert.equal(shortTimeText(at, at + 60_000, true), "07:30:05Z");
    assert.equal(shortTimeText(at, at + 2 * 86_400_000, true), "2026-11-20");
  });
});

describe("table()", () => {
  it("puts numbers to the right", () => {
    const text = table([["tenant", "pending"], ["acme", "7"], ["globex", "120"]]);
    assert.equal(text, "tenant  pending\nacme          7\nglobex      120");
  });

  it("fits 80 columns by cutting the first one", () => {
    const row = ["x".repeat(64), "active", "1000000", "4d 3h", "256", "99999", "07:30:05 +01:00"];
    for (const line of table([row, row]).split("\n")) {
      assert.ok(line.length <= 80, line);
      assert.match(line, /^x+… {2}active/);
    }
  });
});

describe("shortened()", () => {
  it("never cuts a character in two", () => {
    assert.equal(shortened("👋👋👋👋", 3), "👋👋…");
    assert.equal(shortened("abc", 3), "abc");
  });
});

describe("createPaint()", () => {
  it("paints only where colours are wanted", () => {
    assert.equal(createPaint(false)("red", "x"), "x");
    assert.equal(createPaint(true)("red", "x"), "\u001b[31mx\u001b[0m");
  });
});
