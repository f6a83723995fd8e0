import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { retryAfterMs } from "../../src/pipeline/retry-after.ts";

const now = Date.UTC(2026, 10, 20, 10, 15, 30);
const hourMs = 3_600_000;

function assertMeans(cases: Readonly<Record<string, number | undefined>>): void {
  for (const [text, ms] of Object.entries(cases)) assert.equal(retryAfterMs(text, now), ms, text);
}

describe("retryAfterMs()", () => {
  it("reads seconds", () => {
    assertMeans({ "0": 0, "7": 7_000, " 120 ": 120_000, "007": 7_000 });
  });

  it("reads the three forms of a date, whatever the local time is", () => {
    assertMeans({
      "Fri, 20 Nov 2026 10:15:40 GMT": 10_000,
      "fri, 20 nov 2026 10:15:40 gmt": 10_000,
      "Fri, 20 Nov 2026 10:15:40 UTC": 10_000,
      "Friday, 20-Nov-26 10:15:40 GMT": 10_000,
      "Fri Nov 20 10:15:40 2026": 10_000,
    });
    const early = Date.UTC(2026, 10, 5, 23, 59, 50);
    for (const text of ["Fri, 6 Nov 2026 00:00:00 GMT", "Fri Nov  6 00:00:00 2026"]) {
      assert.equal(retryAfterMs(text, early), 10_000, text);
    }
  });

  it("takes a year of two digits for one at most 50 years ahead", () => {
    assertMeans({
      "Friday, 20-Nov-76 10:15:40 GMT": hourMs,
      "Saturday, 20-Nov-77 10:15:40 GMT": 0,
      "Monday, 20-Nov-00 10:15:40 GMT": 0,
    });
    const later = Date.UTC(2099, 11, 31, 23, 59, 50);
    assert.equal(retryAfterMs("Friday, 01-Jan-00 00:00:00 GMT", later), 10_000);
  });

  it("does not wait for what is over", () => {
    assertMeans({
      "Fri, 20 Nov 2026 10:15:20 GMT": 0,
      "Thu, 01 Jan 1970 00:00:00 GMT": 0,
      "Fri Nov 20 10:15:20 1926": 0,
    });
  });

  it("obeys for at most an hour", () => {
    assertMeans({
      "3600": hourMs,
      "3601": hourMs,
      "1000000000": hourMs,
      [`1${"0".repeat(400)}`]: hourMs,
      "Fri, 20 Nov 2099 10:15:40 GMT": hourMs,
    });
  });

  it("obeys the longest of several that were joined", () => {
    assertMeans({
      "5, 10": 10_000,
      "10,5": 10_000,
      "5, Fri, 20 Nov 2026 10:15:40 GMT": 10_000,
      "Fri, 20 Nov 2026 10:15:40 GMT, Friday, 20-Nov-26 10:15:50 GMT, 3": 20_000,
      "soon, 5,, -1": 5_000,
    });
  });

  it("ignores nonsense", () => {
    const nonsense = [
      "",
      " ",
      ",",
      "-1",
      "+5",
      "1.5",
      "soon",
      "1e9",
      "0x10",
      "5 s",
      "NaN",
      "Infinity",
    ];
    const dates = [
      "2026-11-20",
      "2026-11-20T10:15:40Z",
      "Fri, never",
      "Fri, 20 Foo 2026 10:15:40 GMT",
      "Fri, 20 Nov 2026 25:15:40 GMT",
      "Fri, 20 Nov 2026 10:15:40 PST",
      "Fri, 99 Nov 2026 10:15:40 GMT",
      "Fri, 20 Nov 2026 ::::::::  GMT",
      "Fri, 20 Nov 2026",
    ];
    for (const text of [...nonsense, ...dates]) {
      assert.equal(retryAfterMs(text, now), undefined, text);
    }
    assert.equal(retryAfterMs(undefined, now), undefined);
  });

  it("reads every date that JavaScript writes", () => {
    const date = fc.date({ min: new Date(0), max: new Date("9999-01-01"), noInvalidDate: true });
    fc.assert(fc.property(date, (at) => {
      const whole = Math.floor(at.getTime() / 1_000) * 1_000;
      const expected = Math.min(Math.max(whole - now, 0), hourMs);
      assert.equal(retryAfterMs(at.toUTCString(), now), expected);
    }));
  });

  it("gives a bounded time or none for anything, and soon", () => {
    const piece = fc.constantFrom(
      "Fri",
      ",",
      " ",
      "20",
      "Nov",
      "2026",
      "10:15:40",
      "GMT",
      "-",
      "a",
    );
    const header = fc.oneof(fc.string(), fc.array(piece, { maxLength: 30 }).map((p) => p.join("")));
    fc.assert(fc.property(header, (text) => {
      const ms = retryAfterMs(text, now) ?? 0;
      assert.ok(ms >= 0 && ms <= hourMs);
    }));
    for (const part of ["a", ",", " ", "1", "fri", "Fri,", "5,"]) {
      const startedAt = performance.now();
      retryAfterMs(part.repeat(16_384 / part.length), now);
      assert.ok(performance.now() - startedAt < 1_000, part);
    }
  });
});
