import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { createFresh } from "../../src/engine/embedded/fresh.ts";

const bytesOf = (length: number) => new Uint8Array(length);

describe("createFresh()", () => {
  it("gives bytes away once, to the lane whose batch it is", () => {
    const fresh = createFresh(100);
    const bytes = bytesOf(10);
    fresh.put("acme", "bat_1", bytes);
    assert.equal(fresh.take("beta", "bat_1"), undefined);
    assert.equal(fresh.take("acme", "bat_1"), bytes);
    assert.equal(fresh.take("acme", "bat_1"), undefined);
  });

  it("lets the oldest go for the newest", () => {
    const fresh = createFresh(100);
    for (const id of ["1", "2", "3"]) fresh.put("acme", id, bytesOf(40));
    assert.equal(fresh.take("acme", "1"), undefined);
    assert.equal(fresh.take("acme", "3")?.byteLength, 40);
    assert.equal(fresh.take("acme", "2")?.byteLength, 40);
  });

  it("keeps everything else where one batch is too large for it", () => {
    const fresh = createFresh(100);
    fresh.put("acme", "small", bytesOf(100));
    fresh.put("acme", "large", bytesOf(101));
    assert.equal(fresh.take("acme", "large"), undefined);
    assert.equal(fresh.take("acme", "small")?.byteLength, 100);
  });

  it("keeps the newest that fit, whatever is put and taken", () => {
    const id = fc.constantFrom("1", "2", "3", "4", "5");
    const step = fc.record({ id, length: fc.option(fc.integer({ min: 0, max: 120 })) });
    fc.assert(fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const fresh = createFresh(100);
      let kept: { id: string; length: number }[] = [];
      for (const { id, length } of steps) {
        const before = kept.find((one) => one.id === id);
        kept = kept.filter((one) => one.id !== id);
        if (length === null) assert.equal(fresh.take("acme", id)?.byteLength, before?.length);
        else fresh.put("acme", id, bytesOf(length));
        if (length === null || length > 100) continue;
        kept.push({ id, length });
        while (kept.reduce((sum, one) => sum + one.length, 0) > 100) kept.shift();
      }
      for (const { id, length } of kept) assert.equal(fresh.take("acme", id)?.byteLength, length);
    }));
  });
});
