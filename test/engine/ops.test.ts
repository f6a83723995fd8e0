/** What is asked of the log's thread crosses as one text and one block, and comes out the same. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type Op, pack, unpack } from "../../src/engine/embedded/ops.ts";
import type { Entry } from "../../src/engine.ts";
import { asked } from "./asked.ts";

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const body = fc.uint8Array({ maxLength: 40 });
/** Of a form there is always an object, and never no time at all. */
const json = fc.uint8Array({ minLength: 1, maxLength: 40 });
const withinMs = fc.integer({ min: 1 });

const entry: fc.Arbitrary<Entry> = fc.record({
  id: fc.string({ unit: "binary" }),
  raw: body,
  json: fc.option(json, { nil: undefined }),
  key: bytes(24),
  content: bytes(8),
  withinMs: fc.option(withinMs, { nil: undefined }),
  signer: fc.option(fc.string(), { nil: undefined }),
  parked: fc.boolean(),
}).map(({ id, raw, json, key, content, withinMs, signer, parked }) => ({
  ...asked({ id, parked, ...(signer === undefined ? {} : { signer }) }),
  raw,
  ...(json === undefined ? {} : { json }),
  fingerprint: withinMs === undefined ? { key, content } : { key, content, withinMs },
}));

const op: fc.Arbitrary<Op> = fc.oneof(
  fc.array(entry, { maxLength: 5 }).map((entries): Op => ({ do: "append", entries })),
  fc.constantFrom<Op>({ do: "counts" }, { do: "naming", keys: ["id:x", "number:+1"] }),
);

describe("pack()", () => {
  it("and unpack() change nothing", () => {
    fc.assert(fc.property(fc.array(op, { maxLength: 5 }), (ops) => {
      assert.deepEqual(unpack(pack(ops)), ops);
    }));
  });

  it("copies the bytes once, one after the other", () => {
    const [raw, json] = [Uint8Array.of(1, 2, 3), Uint8Array.of(4)];
    const { block } = pack([{ do: "append", entries: [{ ...asked({}), raw, json }] }]);
    assert.equal(block.byteLength, 24 + 8 + 3 + 1);
    assert.deepEqual([...block.subarray(32)], [1, 2, 3, 4]);
  });

  it("takes a view of a larger buffer for what it is", () => {
    const raw = Buffer.from("..body..").subarray(2, 6);
    const [found] = unpack(pack([{ do: "append", entries: [{ ...asked({}), raw }] }]));
    assert.ok(found?.do === "append");
    assert.equal(Buffer.from(found.entries[0]?.raw ?? []).toString(), "body");
  });
});
