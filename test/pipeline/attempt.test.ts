import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { BatchId } from "../../src/batch.ts";
import type { Engine } from "../../src/engine.ts";
import type { Lane } from "../../src/lane.ts";
import { insistent } from "../../src/pipeline/insist.ts";
import { stopClock, until } from "../support/clock.ts";
import { laneWith, start } from "./delivering.ts";
import { collectFacts, destination, idsIn, openEngine } from "./shared.ts";

/** A lane with so many batches, whose log gives the bytes of the first one when it is mended. */
async function laneThatFails(engine: Engine, count: number) {
  const { lane, batches } = await laneWith(engine, count);
  const stop = new AbortController();
  const { facts, state } = collectFacts();
  let isBroken = true;
  async function bytes(batch: BatchId): Promise<Uint8Array> {
    if (batch !== batches[0]?.id) return lane.bytes(batch);
    if (isBroken) throw new Error("disk full");
    return lane.bytes(batch);
  }
  const failing: Lane = Object.assign(Object.create(lane), { bytes });
  return {
    lane: insistent(failing, stop.signal, state),
    batches,
    facts,
    mend: () => isBroken = false,
    [Symbol.dispose]: () => stop.abort(),
  };
}

const to = { ...destination, inFlight: 2 };

describe("attemptOnce()", () => {
  it("gives its slot back while the log does not give the bytes", async () => {
    using clock = stopClock();
    await using engine = await openEngine();
    const failing = await laneThatFails(engine, 2);
    const { lane, batches, mend, facts } = failing;
    await using running = start(lane, batches, { to, requestsMax: 1 });
    using _ = failing;
    await until("the slot is taken", () => running.requests.pending === 1);
    await clock.pass(999);
    assert.equal(running.sent.length, 0);
    await clock.pass(1);
    await running.answer(0, { status: 200 });
    await until("the slot is free", () => running.requests.pending === 0);
    await clock.pass(60_000);
    assert.deepEqual(running.sent.map(({ bytes }) => idsIn(bytes)), [["e-1"]]);
    assert.equal(running.requests.pending, 0);
    assert.deepEqual(facts[0], { is: "store.broken", why: "disk full" });
    mend();
    await clock.pass(1_000);
    await running.answer(1, { status: 200 });
    await running.done;
    assert.deepEqual(running.sent.map(({ bytes }) => idsIn(bytes)), [["e-1"], ["e-0"]]);
    assert.deepEqual(running.settlements, [{ as: "accepted" }, { as: "accepted" }]);
  });

  it("waits longer each time for a log that is only slow", async () => {
    using clock = stopClock();
    await using engine = await openEngine();
    const { lane, batches } = await laneWith(engine, 1);
    const reads: (() => void)[] = [];
    const slow: Lane = Object.assign(Object.create(lane), {
      async bytes(batch: BatchId) {
        await new Promise<void>((resolve) => reads.push(resolve));
        return lane.bytes(batch);
      },
    });
    await using running = start(slow, batches, { to });
    using _ = {
      [Symbol.dispose]() {
        running.abort();
        for (const read of reads) read();
      },
    };
    for (const [index, ms] of [1_000, 2_000, 4_000].entries()) {
      await until("it is read", () => reads.length === index + 1);
      await clock.pass(ms - 1);
      assert.equal(running.requests.pending, 1);
      await clock.pass(1);
      assert.equal(running.requests.pending, 0);
      reads[index]?.();
    }
    await until("it is read", () => reads.length === 4);
    await clock.pass(7_999);
    reads[3]?.();
    await running.answer(0, { status: 200 });
    await running.done;
    assert.equal(running.sent.length, 1);
  });

  it("looks again where it goes when it has the bytes", async () => {
    using _ = stopClock();
    await using engine = await openEngine();
    const { lane, batches } = await laneWith(engine, 1);
    const other = { ...destination, url: "https://new.acme.example/" };
    const slow: Lane = Object.assign(Object.create(lane), {
      bytes(batch: BatchId) {
        running.reload(other);
        return lane.bytes(batch);
      },
    });
    await using running = start(slow, batches);
    await running.answer(0, { status: 200 });
    await running.done;
    assert.equal(running.sent[0]?.url, other.url);
  });

  it("sends nothing that was read when its lane came to stand still", async () => {
    using _ = stopClock();
    await using engine = await openEngine();
    const { lane, batches } = await laneWith(engine, 1);
    let read = 0;
    const slow: Lane = Object.assign(Object.create(lane), {
      bytes(batch: BatchId) {
        if (read++ === 0) running.reload(undefined);
        return lane.bytes(batch);
      },
    });
    await using running = start(slow, batches);
    await until("it is read", () => read === 1 && running.requests.pending === 0);
    assert.equal(running.sent.length, 0);
    running.reload(destination);
    await running.answer(0, { status: 200 });
    await running.done;
  });
});
