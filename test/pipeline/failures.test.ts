import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { failuresIn } from "../../src/pipeline/failures.ts";

const inJson = (value: unknown) => failuresIn(JSON.stringify(value));
const again = (id: string) => ({ id, retry: true });

describe("failuresIn()", () => {
  it("reads a list of failures", () => {
    const failures = [
      { id: "a" },
      { id: "b", retry: true, error: "busy" },
      { id: "c", retry: false, error: "no such order", more: 1 },
      { id: "d", retry: null, error: null },
    ];
    assert.deepEqual(inJson({ failures, more: 1 }), [
      again("a"),
      { id: "b", retry: true, error: "busy" },
      { id: "c", retry: false, error: "no such order" },
      again("d"),
    ]);
  });

  it("reads a list as AWS Lambda answers it", () => {
    const batchItemFailures = [{ itemIdentifier: "a" }, { itemIdentifier: "b", retry: false }];
    assert.deepEqual(inJson({ batchItemFailures }), [again("a"), again("b")]);
  });

  it("reads both lists as one", () => {
    const failures = [{ id: "a", retry: false }, { id: "b", retry: false }];
    const batchItemFailures = [{ itemIdentifier: "b" }, { itemIdentifier: "c" }];
    const expected = [{ id: "a", retry: false }, again("b"), again("c")];
    assert.deepEqual(inJson({ failures, batchItemFailures }), expected);
  });

  it("sends again what is named twice, if one of them says so", () => {
    const no = { id: "a", retry: false, error: "no" };
    const yes = { id: "a", retry: true, error: "yes" };
    assert.deepEqual(inJson({ failures: [no, yes] }), [yes]);
    assert.deepEqual(inJson({ failures: [yes, no] }), [yes]);
    assert.deepEqual(inJson({ failures: [no, no] }), [no]);
  });

  it("finds nothing where nothing is named", () => {
    for (const none of [[], null, undefined, false, 0]) {
      assert.deepEqual(inJson({ failures: none }), []);
      assert.deepEqual(inJson({ batchItemFailures: none }), []);
      assert.deepEqual(inJson({ failures: none, batchItemFailures: none }), []);
    }
    const bodies = [
      "",
      "ok",
      "<p>",
      "null",
      "1",
      '"failures"',
      "[]",
      '[{"failures":[{"id":"a"}]}]',
    ];
    const others = ["{}", '{"ok":true}', '{"failures":[{"id":"a"}]', '{"Failures":[1]}'];
    for (const body of [...bodies, ...others]) assert.deepEqual(failuresIn(body), [], body);
    assert.deepEqual(failuresIn('{"__proto__":{"failures":[{"id":"a"}]}}'), []);
  });

  it("is not understood where it is no list", () => {
    for (const wrong of ["", "a", 1, true, {}, { id: "a" }]) {
      assert.equal(inJson({ failures: wrong }), undefined);
      assert.equal(inJson({ batchItemFailures: wrong }), undefined);
      assert.equal(inJson({ failures: [{ id: "a" }], batchItemFailures: wrong }), undefined);
    }
  });

  it("is not understood as soon as one entry is not", () => {
    const wrong: readonly unknown[] = [
      null,
      "a",
      1,
      ["a"],
      {},
      { id: "" },
      { id: 7 },
      { id: null },
      { itemIdentifier: "a" },
      { id: "a", retry: "false" },
      { id: "a", retry: 0 },
      { id: "a", error: 5 },
      { id: "a", error: { text: "no" } },
      { id: "x".repeat(1_025) },
    ];
    for (const entry of wrong) {
      assert.equal(inJson({ failures: [{ id: "a" }, entry] }), undefined, JSON.stringify(entry));
    }
    for (const entry of [{}, { itemIdentifier: "" }, { itemIdentifier: null }, { id: "a" }, "a"]) {
      assert.equal(inJson({ batchItemFailures: [entry] }), undefined, JSON.stringify(entry));
    }
  });

  it("is bounded", () => {
    const many = (count: number) => Array.from({ length: count }, (_, at) => ({ id: `${at}` }));
    assert.equal(inJson({ failures: many(10_000) })?.length, 10_000);
    assert.equal(inJson({ failures: many(10_001) }), undefined);
    const batchItemFailures = [{ itemIdentifier: "a" }];
    assert.equal(inJson({ failures: many(10_000), batchItemFailures }), undefined);
    assert.deepEqual(inJson({ failures: [{ id: "x".repeat(1_024) }] }), [again("x".repeat(1_024))]);
    const [failure] = inJson({ failures: [{ id: "a", error: "😀".repeat(500) }] }) ?? [];
    assert.equal(failure?.error, "😀".repeat(100));
    const [odd] = inJson({ failures: [{ id: "a", error: `x${"😀".repeat(500)}` }] }) ?? [];
    assert.ok(odd?.error?.isWellFormed());
  });

  it("names whatever may be an id, and keys can do no harm", () => {
    const ids = ["__proto__", "constructor", "toString", " ", "é\u0000"];
    assert.deepEqual(inJson({ failures: ids.map((id) => ({ id })) }), ids.map(again));
  });

  it("loses no id, whatever is in a body", () => {
    const entry = fc.oneof(
      fc.record({ id: fc.string({ minLength: 1, maxLength: 5 }), retry: fc.boolean() }),
      fc.record({ id: fc.constantFrom("a", "b"), retry: fc.constant(false) }),
      fc.jsonValue(),
    );
    fc.assert(fc.property(fc.array(entry, { maxLength: 5 }), (failures) => {
      const named = inJson({ failures });
      const ids = failures.map((one) => (one as { readonly id?: unknown } | null)?.id);
      if (named === undefined) return;
      assert.deepEqual(new Set(named.map(({ id }) => id)), new Set(ids));
      assert.equal(named.length, new Set(ids).size);
    }));
  });
});
