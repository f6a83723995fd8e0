/** The contract's part about sessions that are sealed early or in parts, and all their events. */
import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import type { Batch } from "../../src/batch.ts";
import { calling, fromSession, sealSession } from "./calling.ts";
import type { Open, Promised } from "./contract.ts";
import { cut, idsOf, payloadOf, takeLane } from "./shared.ts";

function describeUrgent(promised: Promised): void {
  promised("sends at once what is immediate, and continues with the rest", async (engine) => {
    const { heard, start } = await calling(engine);
    await heard("initiated", 20, "begins a");
    await heard("urgent", 10, "", "one", { type: "call.urgent" });
    const lane = await takeLane(engine);
    assert.deepEqual(
      { at: lane.waiting().sessionAt, immediate: lane.waiting().immediate },
      { at: start - 10_000, immediate: false },
    );
    const first = await sealSession(lane);
    assert.equal(first.reason, "immediate");
    assert.equal(lane.waiting().sessionAt, undefined);
    await heard("hangup", 5, "ends a");
    assert.equal(lane.waiting().sessionAt, start + 25_000);
    assert.equal(await lane.seal(cut(fromSession)), undefined);
  });

  promised("sends in time what links to something that expires", async (engine) => {
    const { heard, start } = await calling(engine);
    await heard("recording", 20, "", "one", { expiresAt: start + 600_000 });
    const lane = await takeLane(engine);
    assert.equal(lane.waiting().sessionAt, start + 540_000);
    await heard("short", 10, "", "one", { expiresAt: start + 59_000 });
    const batch = await sealSession(lane);
    assert.equal(batch.reason, "expiry");
    assert.equal(
      (await payloadOf(lane, batch)).routing[1]?.["expires_at"],
      new Date(start + 59_000).toISOString(),
    );
  });
}

function describeFull(promised: Promised): void {
  promised("is cut by bytes alone, each part within them, and chained", async (engine) => {
    const { heard } = await calling(engine);
    const body = `"${"x".repeat(1_000)}"`;
    for (let index = 0; index < 7; index++) {
      await heard(`e${index}`, 100, index === 6 ? "ends a" : "begins a", "one", {
        body: body + " ".repeat(index),
      });
    }
    const lane = await takeLane(engine);
    const batches: Batch[] = [];
    while (lane.waiting().sessionAt !== undefined) {
      batches.push(await sealSession(lane, { eventsMax: 1, bytesMax: 4_000 }));
    }
    const [first, ...others] = batches;
    assert.equal(batches.reduce((sum, { count }) => sum + count, 0), 7);
    assert.ok(batches.length <= 4 && batches.every(({ size }) => size <= 4_000));
    assert.ok(others.every(({ continues }) => continues === first?.id));
  });

  promised("is due when it is full, before it closes", async (engine) => {
    const { heard } = await calling(engine);
    await heard("small", 9, "begins s", "small");
    for (const id of ["e1", "e2", "e3"]) {
      await heard(id, 1, "begins a", "one", { body: `"${id}${"x".repeat(1_000)}"` });
    }
    const lane = await takeLane(engine);
    const { sessionBytes = 0 } = lane.waiting();
    assert.ok(sessionBytes > 3_000);
    assert.equal(await lane.seal(cut({ ...fromSession, bytesMax: sessionBytes + 1 })), undefined);
    const batch = await sealSession(lane, { bytesMax: sessionBytes });
    assert.equal(batch.reason, "max_bytes");
    assert.deepEqual(await idsOf(lane, batch), ["e1", "e2"]);
  });
}

const told = fc.record({
  call: fc.constantFrom("one", "two", "three"),
  stage: fc.constantFrom("", "begins a", "ends a", "begins b", "ends b", "ends"),
  type: fc.constantFrom("call.x", "call.x", "call.urgent"),
});
const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: told },
    { weight: 1, arbitrary: fc.constantFrom(300, 900, 100_000) },
  ),
  { maxLength: 30 },
);

function describeProperty(open: Open): void {
  it("sends every event once, each call's batches chained to its first", async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (taken) => {
        await using engine = await open();
        const { heard } = await calling(engine);
        await heard("e0", 9_000, "begins a");
        const calls = new Map([["e0", "one"]]);
        const lane = await takeLane(engine);
        const sent: string[] = [];
        const firsts = new Map<string, string>();
        const sealOnce = async (bytesMax: number) => {
          const batch = await lane.seal(cut({ ...fromSession, bytesMax }));
          if (batch === undefined) return false;
          const ids = await idsOf(lane, batch);
          const [call = "", ...others] = new Set(ids.map((id) => calls.get(id)));
          assert.deepEqual(others, [], "one call only");
          assert.equal(batch.continues, firsts.get(call));
          if (!firsts.has(call)) firsts.set(call, batch.id);
          sent.push(...ids);
          return true;
        };
        for (const [index, step] of taken.entries()) {
          if (typeof step === "number") {
            await sealOnce(step);
            continue;
          }
          const id = `e${index + 1}`;
          calls.set(id, step.call);
          // Long ago, so that every session is over by now.
          await heard(id, 9_000 - index * 40, step.stage, step.call, { type: step.type });
        }
        while (await sealOnce(700));
        assert.deepEqual(sent.toSorted(), [...calls.keys()].toSorted());
        assert.equal(lane.waiting().sessionAt, undefined);
      }),
      { numRuns: 20 },
    );
  });
}

/** Says when a session is sealed before it closes, and what its batches are together. */
export function describeUrgency(promised: Promised, open: Open): void {
  describeUrgent(promised);
  describeFull(promised);
  describeProperty(open);
}
