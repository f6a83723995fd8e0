import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { concurrently } from "../../src/flow/concurrently.ts";

async function* from<T>(...items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

/** Lets everything happen that can happen without time passing. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await null;
}

/** Work that ends when it is told to. */
function gates() {
  const open = new Map<number, () => void>();
  const work = (item: number) =>
    new Promise<number>((resolve) => open.set(item, () => resolve(item)));
  return {
    work,
    running: () => [...open.keys()],
    finish(item: number) {
      open.get(item)?.();
      open.delete(item);
    },
  };
}

describe("concurrently()", () => {
  it("yields every result, in order of completion", async () => {
    const gate = gates();
    const results = all(concurrently(() => 3, from(1, 2, 3), gate.work));
    await settled();
    assert.deepEqual(gate.running(), [1, 2, 3]);
    for (const item of [2, 3, 1]) {
      gate.finish(item);
      await settled();
    }
    assert.deepEqual(await results, [2, 3, 1]);
  });

  it("does not yield undefined, and frees its slot at once", async () => {
    const odd = async (item: number) => item % 2 === 1 ? item : undefined;
    assert.deepEqual(await all(concurrently(() => 1, from(1, 2, 3, 4), odd)), [1, 3]);
  });

  it("pulls nothing without a free slot, and asks for the number of slots again", async () => {
    const gate = gates();
    let pulled = 0;
    let slots = 2;
    async function* source() {
      while (pulled < 10) yield pulled++;
    }
    const results = all(concurrently(() => slots, source(), gate.work));
    await settled();
    assert.equal(pulled, 2);
    slots = 4;
    gate.finish(0);
    await settled();
    assert.equal(pulled, 5);
    slots = 1;
    for (const item of [1, 2, 3]) gate.finish(item);
    await settled();
    assert.deepEqual(gate.running(), [4]);
    slots = 100;
    gate.finish(4);
    await settled();
    for (const item of gate.running()) gate.finish(item);
    assert.equal((await results).length, 10);
  });

  it("holds a slot until the result is taken", async () => {
    let started = 0;
    const results = concurrently(() => 2, from(1, 2, 3, 4), async (item) => {
      started++;
      return item;
    });
    await results.next();
    await settled();
    assert.equal(started, 2);
    await results.next();
    await settled();
    assert.equal(started, 3);
    await results.return();
  });

  it("is never above its slots, and loses and adds nothing", async () => {
    const runs = fc.record({
      slots: fc.integer({ min: 1, max: 6 }),
      turns: fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 40 }),
    });
    await fc.assert(fc.asyncProperty(runs, async ({ slots, turns }) => {
      let running = 0;
      let most = 0;
      const indexes = turns.map((_, index) => index);
      const results = await all(concurrently(() => slots, from(...indexes), async (index) => {
        most = Math.max(most, ++running);
        for (let turn = turns[index] ?? 0; turn > 0; turn--) await null;
        running--;
        return index;
      }));
      assert.ok(most <= slots);
      assert.deepEqual(results.sort((a, b) => a - b), indexes);
    }));
  });

  it("throws what work throws, after the results that came before", async () => {
    const work = async (item: number) => {
      if (item === 2) throw new Error("broken");
      return item;
    };
    const results = concurrently(() => 1, from(1, 2, 3), work);
    assert.deepEqual(await results.next(), { value: 1, done: false });
    await assert.rejects(results.next(), /broken/);
  });

  it("throws what the source throws, also while work is going on", async () => {
    async function* source() {
      yield 1;
      throw new Error("dry");
    }
    const never = () => new Promise<number>(() => {});
    await assert.rejects(all(concurrently(() => 5, source(), never)), /dry/);
  });

  it("ends the source when nobody wants results any more", async () => {
    let ended = false;
    async function* source() {
      try {
        for (let item = 0;; item++) yield item;
      } finally {
        ended = true;
      }
    }
    for await (const item of concurrently(() => 2, source(), async (item) => item)) {
      if (item > 4) break;
    }
    await settled();
    assert.equal(ended, true);
  });

  it("lets no error of abandoned work escape", async () => {
    const work = async (item: number) => {
      await settled();
      if (item > 1) throw new Error("too late to matter");
      return item;
    };
    for await (const _ of concurrently(() => 3, from(1, 2, 3), work)) break;
    await settled();
    await settled();
  });
});
