import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { retryAfterMs, verdictOf } from "../../src/pipeline/verdict.ts";

const now = Date.UTC(2026, 10, 20, 10, 15, 30);

describe("verdictOf()", () => {
  it("takes any 2xx as accepted", () => {
    for (const status of [200, 201, 202, 204, 299]) {
      assert.deepEqual(verdictOf({ status, retryAfter: "5" }, now), { is: "accepted" });
    }
  });

  it("tries again after everything else", () => {
    for (
      const status of [0, 100, 101, 199, 300, 301, 302, 307, 400, 401, 404, 410, 413, 500, 599]
    ) {
      assert.deepEqual(verdictOf({ status }, now), { is: "again" });
    }
    assert.deepEqual(verdictOf({ error: "timeout" }, now), { is: "again" });
  });

  it("waits as long as the answer asks", () => {
    const asked = { status: 429, retryAfter: "7" };
    assert.deepEqual(verdictOf(asked, now), { is: "again", notBeforeMs: 7_000 });
  });
});

describe("retryAfterMs()", () => {
  it("reads seconds and dates", () => {
    assert.equal(retryAfterMs("0", now), 0);
    assert.equal(retryAfterMs(" 120 ", now), 120_000);
    assert.equal(retryAfterMs("Fri, 20 Nov 2026 10:15:40 GMT", now), 10_000);
    assert.equal(retryAfterMs("Friday, 20-Nov-26 10:15:40 GMT", now), 10_000);
    assert.equal(retryAfterMs("Fri, 20 Nov 2026 10:15:20 GMT", now), 0);
  });

  it("obeys for at most an hour", () => {
    assert.equal(retryAfterMs("999999999", now), 3_600_000);
    assert.equal(retryAfterMs("Fri, 20 Nov 2099 10:15:40 GMT", now), 3_600_000);
  });

  it("ignores nonsense", () => {
    for (const text of ["", "-1", "1.5", "soon", "1e3", "0x10", "2026-11-20", "Fri, never"]) {
      assert.equal(retryAfterMs(text, now), undefined, text);
    }
    assert.equal(retryAfterMs(undefined, now), undefined);
  });
});
