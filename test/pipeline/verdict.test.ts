import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Verdict } from "../../src/delivery.ts";
import { type Answered, pickFailures, verdictOf } from "../../src/pipeline/verdict.ts";

const now = Date.UTC(2026, 10, 20, 10, 15, 30);
const meaningOf = (answered: Answered) => verdictOf(answered, now);

/** The table of the README, row by row. */
function expectedOf(status: number): Verdict["is"] {
  if (status >= 200 && status <= 299) return "accepted";
  if (status === 400 || status === 422) return "refused";
  if (status === 410) return "gone";
  return status === 413 ? "too_large" : "again";
}

const statuses = Array.from({ length: 500 }, (_, at) => 100 + at);

describe("verdictOf()", () => {
  it("knows every status", () => {
    for (const status of [...statuses, 0, 99, 600, 999]) {
      assert.deepEqual(meaningOf({ status }), { is: expectedOf(status) }, `${status}`);
    }
  });

  it("tries again where nothing was answered, or what was is not known", () => {
    const errors = ["timeout connecting", "ECONNREFUSED", "answer cut off", "answer encoded"];
    for (const error of errors) assert.deepEqual(meaningOf({ error }), { is: "again" });
    assert.deepEqual(meaningOf({}), { is: "again" });
    assert.deepEqual(meaningOf({ status: 200, error: "answer cut off" }), { is: "again" });
  });

  it("waits as long as the answer asks, whatever else it means", () => {
    for (const status of statuses) {
      const is = expectedOf(status);
      const waits = is === "again" || is === "refused" || is === "too_large";
      const expected = waits ? { is, notBeforeMs: 7_000 } : { is };
      assert.deepEqual(meaningOf({ status, retryAfter: "7" }), expected, `${status}`);
      assert.deepEqual(meaningOf({ status, retryAfter: "soon" }), { is }, `${status}`);
    }
    const long = { status: 413, retryAfter: "1000000000" };
    assert.deepEqual(meaningOf(long), { is: "too_large", notBeforeMs: 3_600_000 });
  });

  it("reads failures in a 2xx answer, and in no other", () => {
    const bodies = ['{"failures":[{"id":"a"}]}', '{"batchItemFailures":[{"itemIdentifier":"a"}]}'];
    for (const status of statuses) {
      for (const body of bodies) {
        const is = expectedOf(status);
        const failures = [{ id: "a", retry: true }];
        const expected = is === "accepted" ? { is: "partly", failures } : { is };
        assert.deepEqual(meaningOf({ status, body }), expected, `${status}`);
      }
    }
  });

  it("takes a 2xx answer for what its status says where nothing is named", () => {
    for (const body of ["", "ok", "{}", '{"failures":[]}', '{"failures":null}', "{broken"]) {
      assert.deepEqual(meaningOf({ status: 200, body }), { is: "accepted" }, body);
    }
    const kept = '{"failures":[{"id":"a"}]}';
    assert.deepEqual(meaningOf({ status: 200, text: kept }), { is: "accepted" });
  });

  it("tries all again where a list is not understood", () => {
    for (const list of ['"a"', "{}", "true", '["a"]', '[{"id":""}]', '[{"id":"a"},{}]']) {
      const body = `{"failures":${list}}`;
      assert.deepEqual(meaningOf({ status: 200, body }), { is: "again" }, body);
      const wish = { status: 202, body, retryAfter: "5" };
      assert.deepEqual(meaningOf(wish), { is: "again", notBeforeMs: 5_000 });
    }
  });

  it("never accepts all of what a body names", () => {
    const failure = fc.record({ id: fc.string({ minLength: 1 }), retry: fc.boolean() });
    fc.assert(fc.property(fc.array(failure, { minLength: 1, maxLength: 5 }), (failures) => {
      assert.equal(meaningOf({ status: 200, body: JSON.stringify({ failures }) }).is, "partly");
    }));
  });
});

const members = ["a", "b", "a", "c"].map((id, at) => ({ id, since: at }));

describe("pickFailures()", () => {
  it("finds members by their ids, all that have the same", () => {
    const failures = [{ id: "c", retry: false, error: "no" }, { id: "a", retry: true }];
    assert.deepEqual(pickFailures(failures, members), { again: [0, 2], dead: [3] });
    assert.deepEqual(pickFailures([], members), { again: [], dead: [] });
  });

  it("finds nothing at all where an id is unknown", () => {
    const failures = [{ id: "a", retry: true }, { id: "A", retry: true }];
    assert.equal(pickFailures(failures, members), undefined);
    assert.equal(pickFailures([{ id: "a", retry: true }], []), undefined);
    assert.equal(pickFailures([{ id: "__proto__", retry: true }], members), undefined);
  });

  it("gives each member at most one place, and names no other", () => {
    const ids = fc.constantFrom("a", "b", "c", "d");
    const someMembers = fc.array(fc.record({ id: ids, since: fc.nat() }), { maxLength: 8 });
    const someFailures = fc.uniqueArray(fc.record({ id: ids, retry: fc.boolean() }), {
      selector: ({ id }) => id,
    });
    fc.assert(fc.property(someFailures, someMembers, (failures, all) => {
      const picked = pickFailures(failures, all);
      const isKnown = failures.every(({ id }) => all.some((member) => member.id === id));
      assert.equal(picked !== undefined, isKnown);
      const places = [...picked?.again ?? [], ...picked?.dead ?? []].sort((a, b) => a - b);
      const named = new Set(failures.map(({ id }) => id));
      const expected = all.flatMap(({ id }, at) => isKnown && named.has(id) ? [at] : []);
      assert.deepEqual(places, expected);
    }));
  });
});
