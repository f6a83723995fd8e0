import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  formatDuration,
  formatSize,
  parseDate,
  parseDuration,
  parseListen,
  parseRate,
  parseSize,
} from "../../src/config/units.ts";

const problemOf = (parsed: object) => "problem" in parsed ? String(parsed.problem) : "";

describe("parseDuration()", () => {
  it("reads every unit", () => {
    const spans = { "250ms": 250, "5s": 5e3, "10m": 6e5, "72h": 2592e5, "7d": 6048e5, "0s": 0 };
    for (const [text, value] of Object.entries(spans)) {
      assert.deepEqual(parseDuration(text), { value });
    }
  });

  it("names the units to whoever leaves them out", () => {
    assert.match(problemOf(parseDuration("5")), /needs a unit: ms, s, m, h or d/);
    assert.match(problemOf(parseDuration("5 weeks")), /whole number with a unit/);
    assert.match(problemOf(parseDuration("5w")), /unknown unit: use ms, s, m, h or d/);
    for (const text of ["", "s", "-5s", "1.5s", "5S", "1e3s", "５s"]) {
      assert.ok(problemOf(parseDuration(text)), text);
    }
  });

  it("reads what formatDuration() writes", () => {
    fc.assert(fc.property(fc.nat(), (value) => {
      assert.deepEqual(parseDuration(formatDuration(value)), { value });
    }));
  });
});

describe("parseSize()", () => {
  it("reads every unit and no decimal ones", () => {
    assert.deepEqual(parseSize("512B"), { value: 512 });
    assert.deepEqual(parseSize("64KiB"), { value: 65_536 });
    assert.deepEqual(parseSize("1GiB"), { value: 2 ** 30 });
    assert.match(problemOf(parseSize("64KB")), /use B, KiB, MiB, GiB or TiB/);
    assert.match(problemOf(parseSize("64")), /needs a unit/);
  });

  it("reads what formatSize() writes", () => {
    fc.assert(fc.property(fc.nat(), (value) => {
      assert.deepEqual(parseSize(formatSize(value)), { value });
    }));
  });
});

describe("parseRate()", () => {
  it("reads so many in a time, or none", () => {
    assert.deepEqual(parseRate("20/s"), { value: { count: 20, perMs: 1000 } });
    assert.deepEqual(parseRate("none"), { value: undefined });
    for (const text of ["", "0/s", "20", "20/d", "20 / s"]) assert.ok(problemOf(parseRate(text)));
  });
});

describe("parseDate()", () => {
  it("wants an offset", () => {
    assert.deepEqual(parseDate("2026-12-01T00:00:00Z"), { value: Date.UTC(2026, 11, 1) });
    assert.deepEqual(parseDate("2026-12-01T01:00+01:00"), { value: Date.UTC(2026, 11, 1) });
    assert.match(problemOf(parseDate("2026-12-01")), /offset/);
    assert.match(problemOf(parseDate("2026-12-01T00:00:00")), /offset/);
    for (const text of ["2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z", "soon", ""]) {
      assert.ok(problemOf(parseDate(text)), text);
    }
  });
});

describe("parseListen()", () => {
  const at = (text: string) => parseListen(text, "0.0.0.0", (path) => `/base/${path}`);

  it("reads every form", () => {
    const tcp = (host: string, port: number) => ({ value: { kind: "tcp", host, port } });
    assert.deepEqual(at("127.0.0.1:8080"), tcp("127.0.0.1", 8080));
    assert.deepEqual(at("[::1]:8080"), tcp("::1", 8080));
    assert.deepEqual(at("localhost:0"), tcp("localhost", 0));
    assert.deepEqual(at("8080"), tcp("0.0.0.0", 8080));
    assert.deepEqual(at("unix:run/a.sock"), { value: { kind: "unix", path: "/base/run/a.sock" } });
    assert.deepEqual(at("fd:http"), { value: { kind: "fd", name: "http" } });
  });

  it("refuses the rest", () => {
    const wrong = ["", "65536", "h:", ":8080", "::1:8080", "[1.2.3.4]:80", "unix:", "fd:", "a b:1"];
    for (const text of [...wrong, `unix:${"x".repeat(120)}`, "http://x:80", "-x:1"]) {
      assert.ok(problemOf(at(text)), text);
    }
  });
});
