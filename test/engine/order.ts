/** The contract's part about the order inside a batch, and what later states replace. */
import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import type { Engine } from "../../src/engine.ts";
import type { Key } from "../../src/event.ts";
import type { Open, Promised } from "./contract.ts";
import {
  append,
  attempt,
  cut,
  drain,
  entry,
  idle,
  idsOf,
  noon,
  owner,
  rule,
  rules,
  seal,
  takeLane,
} from "./shared.ts";

const owners = [owner("acme")];
const compacting = rules(rule("acme", { compact: true }));
const leg = (name: string): Key => `call_leg_id:${name}`;

/** Records an event of a call, which occurred so many ms after noon. */
function ofCall(engine: Engine, id: string, call: string, occurred: number) {
  const subject = { about: leg(call) };
  return append(engine, { id, owners, subject, occurredAt: noon + occurred });
}

/** Records a state of a message. */
function stateOf(engine: Engine, id: string, state: string, occurred: number) {
  const subject = { about: `message_id:${state}` as const, state };
  return append(engine, { id, owners, subject, occurredAt: noon + occurred });
}

function describeArranged(promised: Promised): void {
  promised("sorts the events of one call by time, in the places they had", async (engine) => {
    await ofCall(engine, "a3", "a", 3);
    await ofCall(engine, "b9", "b", 9);
    await append(engine, { id: "none", owners, occurredAt: noon + 99 });
    await ofCall(engine, "a1", "a", 1);
    await append(engine, { id: "other", owners, occurredAt: noon - 99 });
    await ofCall(engine, "b8", "b", 8);
    await ofCall(engine, "a2", "a", 2);
    const lane = await takeLane(engine);
    const ids = ["a1", "b8", "none", "a2", "other", "b9", "a3"];
    const batch = await seal(lane);
    assert.deepEqual(await idsOf(lane, batch), ids);
    assert.deepEqual(await lane.unsettled(), [batch]);
  });

  promised("keeps the order of arrival where the time is the same or unknown", async (engine) => {
    await ofCall(engine, "a1", "a", 5);
    await ofCall(engine, "a2", "a", 5);
    await append(engine, { id: "a3", owners, subject: { about: leg("a") }, at: noon + 4 });
    assert.deepEqual(await drain(await takeLane(engine)), ["a3", "a1", "a2"]);
  });

  promised("cuts by arrival first, and sorts what it took", async (engine) => {
    for (const [index, time] of [4, 3, 2, 1].entries()) {
      await ofCall(engine, `a${index}`, "a", time);
    }
    const lane = await takeLane(engine);
    assert.deepEqual(await drain(lane, { eventsMax: 2 }), ["a1", "a0", "a3", "a2"]);
  });
}

function describeCompacted(promised: Promised): void {
  promised("leaves out the states that a later one replaces, where told to", async (engine) => {
    await engine.configure(compacting);
    await stateOf(engine, "m-sent", "m", 1);
    await stateOf(engine, "n-final", "n", 9);
    await append(engine, { id: "none", owners });
    await stateOf(engine, "m-final", "m", 5);
    await stateOf(engine, "n-sent", "n", 2);
    const lane = await takeLane(engine);
    const batch = await seal(lane, { compact: true });
    assert.deepEqual(await idsOf(lane, batch), ["n-final", "none", "m-final"]);
    assert.deepEqual(lane.waiting(), { ...idle, sealed: 1 });
    await lane.settle(batch.id, attempt(1), { as: "accepted" });
    assert.equal((await engine.counts()).lanes[0]?.dead, 0);
    await append(engine, { id: "newest", owners });
    assert.equal((await engine.prune(noon + 99, 10)).events, 5, "what was left out is settled");
  });

  promised("keeps them all where it is not told to", async (engine) => {
    await stateOf(engine, "m-sent", "m", 1);
    await stateOf(engine, "m-final", "m", 5);
    assert.deepEqual(await drain(await takeLane(engine)), ["m-sent", "m-final"]);
  });

  promised("does not leave out what a cut leaves for later", async (engine) => {
    await engine.configure(compacting);
    await append(engine, { id: "large", owners, body: `"${"x".repeat(2_000)}"` });
    await stateOf(engine, "m-sent", "m", 1);
    await stateOf(engine, "m-final", "m", 5);
    await stateOf(engine, "n-final", "n", 5);
    const lane = await takeLane(engine);
    const bytesMax = 2_500;
    assert.deepEqual(await idsOf(lane, await seal(lane, { compact: true, bytesMax })), ["large"]);
    const rest = await seal(lane, { compact: true });
    assert.deepEqual(await idsOf(lane, rest), ["m-final", "n-final"]);
  });
}

const arrivals = fc.array(
  fc.record({ call: fc.constantFrom("a", "b", undefined), time: fc.nat(9) }),
  { minLength: 1, maxLength: 25, size: "max" },
);

type Arrival = { readonly call: string | undefined; readonly time: number };

/** The batch that is expected of these: slow, and plainly as the contract says it. */
function expectedOf(batch: readonly (Arrival & { readonly id: string })[]): string[] {
  return batch.map(({ id, call }, index) => {
    if (call === undefined) return id;
    const its = batch.filter((other) => other.call === call);
    const place = batch.slice(0, index).filter((other) => other.call === call).length;
    return its.toSorted((one, other) => one.time - other.time)[place]?.id ?? "";
  });
}

function describeProperty(open: Open): void {
  it("orders whatever comes, however it is cut", async () => {
    await fc.assert(
      fc.asyncProperty(arrivals, fc.integer({ min: 3, max: 12 }), async (told, eventsMax) => {
        await using engine = await open();
        const all = told.map((each, index) => ({ ...each, id: `e${index}` }));
        await engine.append(all.map(({ id, call, time }) =>
          entry({
            id,
            owners,
            occurredAt: noon + time,
            subject: call === undefined ? {} : { about: leg(call) },
          })
        ));
        const lane = await takeLane(engine);
        for (let start = 0; start < all.length; start += eventsMax) {
          const batch = await seal(lane, { eventsMax });
          assert.deepEqual(
            await idsOf(lane, batch),
            expectedOf(all.slice(start, start + eventsMax)),
          );
        }
        assert.equal(await lane.seal(cut()), undefined);
      }),
      { numRuns: 15 },
    );
  });
}

/** Says in which order events stand in a batch. */
export function describeOrder(promised: Promised, open: Open): void {
  describeArranged(promised);
  describeCompacted(promised);
  describeProperty(open);
}
