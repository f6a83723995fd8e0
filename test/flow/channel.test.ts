import assert from "node:assert/strict";
import process from "node:process";
import { describe, it } from "node:test";
import fc from "fast-check";
import { channel } from "../../src/flow/channel.ts";

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

describe("channel()", () => {
  it("gives what was pushed, in order, and ends when it is closed and empty", async () => {
    const line = channel<number>();
    const taken = all(line.take());
    for (const value of [1, 2, 3]) assert.equal(line.push(value), true);
    await null;
    assert.equal(line.push(4), true);
    line.close();
    assert.equal(line.push(5), false);
    assert.deepEqual(await taken, [1, 2, 3, 4]);
  });

  it("wakes a reader that waits", async () => {
    const line = channel<string>();
    const reader = line.take();
    const next = reader.next();
    line.push("a");
    assert.deepEqual(await next, { value: "a", done: false });
    const end = reader.next();
    line.close();
    assert.equal((await end).done, true);
  });

  it("ends at an abort, and leaves no listener behind", async () => {
    const line = channel<number>();
    const stop = new AbortController();
    const taken = all(line.take(stop.signal));
    line.push(1);
    await null;
    stop.abort();
    await taken;
    line.push(2);
    assert.deepEqual(await all(line.take(stop.signal)), []);
  });

  it("keeps for the next reader what the first one left", async () => {
    const line = channel<number>();
    for (const value of [1, 2, 3]) line.push(value);
    for await (const value of line.take()) {
      assert.equal(value, 1);
      break;
    }
    line.close();
    assert.deepEqual(await all(line.take()), [2, 3]);
  });

  it("loses nothing, whenever things are pushed and taken", async () => {
    const moves = fc.array(fc.oneof(fc.constant("push"), fc.constant("take")), { maxLength: 60 });
    await fc.assert(fc.asyncProperty(moves, async (script) => {
      const line = channel<number>();
      const reader = line.take();
      const taken: Promise<IteratorResult<number, void>>[] = [];
      let pushed = 0;
      for (const move of script) {
        if (move === "push") line.push(pushed++);
        else taken.push(reader.next());
        await null;
      }
      line.close();
      const early = (await Promise.all(taken)).flatMap(({ value }) => value ?? []);
      const values = [...early, ...(await all(reader))];
      assert.deepEqual(values, Array.from({ length: pushed }, (_, index) => index));
    }));
  });

  it("holds on to nothing that was taken", async () => {
    const line = channel<{ readonly body: Uint8Array }>();
    const reader = line.take();
    const before = process.memoryUsage().arrayBuffers;
    // Never empty, as when the pipeline is busy.
    line.push({ body: new Uint8Array(64 * 1_024) });
    for (let count = 0; count < 4_000; count++) {
      line.push({ body: new Uint8Array(64 * 1_024) });
      await reader.next();
      if (count % 500 === 0) await new Promise((resolve) => setTimeout(resolve));
    }
    const grown = process.memoryUsage().arrayBuffers - before;
    assert.ok(grown < 200 * 1_024 * 1_024, `${grown} bytes of 250 MiB are still held`);
    await reader.return();
  });
});
