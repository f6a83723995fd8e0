import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { readEnvelope } from "../../src/telnyx/envelope.ts";

function contentIn(text: string): string {
  const envelope = readEnvelope(new TextEncoder().encode(text), "application/json");
  assert.ok(envelope, "parked");
  return envelope.content;
}

const contentOf = (value: unknown) => contentIn(JSON.stringify(value));

const shuffled = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(shuffled);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).reverse().map(([k, v]) => [k, shuffled(v)]));
};

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1);
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}

describe("content of an envelope", () => {
  it("is the same for other attempts, orders and spacing", () => {
    const data = { event_type: "t", id: "1", payload: { a: [1, { b: 2, c: "é" }], d: null } };
    const content = contentOf({ data, meta: { attempt: 1 } });
    assert.equal(
      contentOf({ meta: { attempt: 2, delivered_to: "x" }, data: shuffled(data) }),
      content,
    );
    const escaped = JSON.stringify({ data }, null, 2).replace("é", "\\u00e9");
    assert.equal(contentIn(escaped), content);
    const wrapped = (attempt: number) => ({ metadata: { attempt, event: data }, name: "t" });
    assert.equal(contentOf(wrapped(1)), contentOf(wrapped(2)));
  });

  it("differs where anything else does", () => {
    const values: unknown[] = [
      ...[1, "1", "1;", true, "true", null, "null", [], {}, [1, 2], [12], [[1], 2], [1, [2]]],
      ...[{ a: 1 }, { a: "1" }, { a: { b: 1 } }, { "a1:b": 1 }, { a: "", b: "" }, { a: '"0:1:b' }],
      ...["", '"', "é", "e\u0301", { meta: 1 }, ["meta"]],
    ];
    const contents = values.map((value) => contentOf({ event_type: "t", payload: { value } }));
    assert.equal(new Set(contents).size, values.length);
  });

  it("is equal exactly for equal values", () => {
    // Some V8 take a key with an escape for an earlier one with a backslash (see canonical.ts).
    const object = fc.dictionary(fc.string(), fc.jsonValue())
      .filter((value) => !JSON.stringify(value).includes("\\"));
    fc.assert(fc.property(object, object, (one, other) => {
      const content = contentOf({ event_type: "t", payload: one });
      assert.equal(contentOf({ payload: shuffled(one), event_type: "t" }), content);
      const equal =
        JSON.stringify(shuffled(sorted(one))) === JSON.stringify(shuffled(sorted(other)));
      assert.equal(contentOf({ event_type: "t", payload: other }) === content, equal);
    }));
  });

  it("sorts many keys as it sorts few", () => {
    const many = Object.fromEntries(
      Array.from({ length: 500 }, (_, index) => [`k${index}`, index]),
    );
    assert.equal(
      contentOf({ event_type: "t", payload: many }),
      contentOf({ event_type: "t", payload: shuffled(many) }),
    );
  });
});
