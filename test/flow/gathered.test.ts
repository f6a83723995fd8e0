import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate } from "node:timers";
import { channel } from "../../src/flow/channel.ts";
import { gathered } from "../../src/flow/gathered.ts";

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("gathered()", () => {
  it("yields one item at once, and together what came while the reader was busy", async () => {
    const coming = channel<number>();
    const groups = gathered(coming.take(), 10);
    coming.push(1);
    assert.deepEqual((await groups.next()).value, [1]);
    for (const item of [2, 3, 4]) coming.push(item);
    await settled();
    assert.deepEqual((await groups.next()).value, [2, 3, 4]);
    coming.close();
    assert.equal((await groups.next()).done, true);
  });

  it("yields no more than so many at once, in order, and nothing is lost", async () => {
    const coming = channel<number>();
    const items = Array.from({ length: 25 }, (_, index) => index);
    for (const item of items) coming.push(item);
    coming.close();
    const sizes: number[] = [];
    const seen: number[] = [];
    for await (const group of gathered(coming.take(), 10)) {
      sizes.push(group.length);
      seen.push(...group);
      await settled();
    }
    assert.deepEqual(seen, items);
    assert.ok(Math.max(...sizes) <= 10);
  });

  it("throws what the source throws, after what came before it", async () => {
    async function* source() {
      yield 1;
      throw new Error("broken");
    }
    const seen: number[] = [];
    const reading = async () => {
      for await (const group of gathered(source(), 10)) seen.push(...group);
    };
    await assert.rejects(reading, /broken/);
    assert.deepEqual(seen, [1]);
  });
});
