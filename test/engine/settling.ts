/** The contract's part about settling. */
import assert from "node:assert/strict";
import type { Promised } from "./contract.ts";
import {
  append,
  appendMany,
  attempt,
  cut,
  dead,
  drain,
  idsOf,
  noon,
  owner,
  seal,
  takeLane,
} from "./shared.ts";

function describeAttempts(promised: Promised): void {
  promised("ends an accepted batch", async (engine) => {
    await appendMany(engine, "acme", 2);
    const lane = await takeLane(engine);
    const batch = await seal(lane);
    const before = Date.now();
    await lane.settle(batch.id, attempt(1), { as: "accepted" });
    assert.deepEqual(await lane.unsettled(), []);
    const [count] = (await engine.counts()).lanes;
    assert.ok(count?.deliveredAt !== undefined && count.deliveredAt >= before);
    assert.deepEqual(
      { ...count, deliveredAt: 0 },
      { tenant: "acme", waiting: 0, sealed: 0, dead: 0, lastSequence: 1, deliveredAt: 0 },
    );
  });

  promised("keeps a batch that is tried again, and counts its attempts", async (engine) => {
    await appendMany(engine, "acme", 1);
    const lane = await takeLane(engine);
    const batch = await seal(lane);
    for (let number = 1; number <= 30; number++) {
      await lane.settle(batch.id, attempt(number), { as: "again" });
    }
    assert.deepEqual(await lane.unsettled(), [{ ...batch, attempts: 30 }]);
    assert.deepEqual(await idsOf(lane, batch), ["acme1"]);
  });

  promised("counts an attempt once, however often it is told", async (engine) => {
    await appendMany(engine, "acme", 1);
    const lane = await takeLane(engine);
    const batch = await seal(lane);
    await lane.settle(batch.id, attempt(1), { as: "again" });
    await lane.settle(batch.id, attempt(2), { as: "again" });
    await lane.settle(batch.id, attempt(1), { as: "again" });
    assert.equal((await lane.unsettled())[0]?.attempts, 2);
    await lane.settle(batch.id, attempt(3), dead());
    await lane.settle(batch.id, attempt(3), dead());
    await lane.settle(batch.id, attempt(4), { as: "accepted" });
    const [count] = (await engine.counts()).lanes;
    assert.equal(count?.dead, 1);
    assert.equal(count?.deliveredAt, undefined);
    assert.equal(lane.waiting().sealed, 0);
  });
}

function describeDead(promised: Promised): void {
  promised("buries a dead batch with what waits from before then", async (engine) => {
    await appendMany(engine, "acme", 6);
    const lane = await takeLane(engine);
    const batch = await seal(lane, { eventsMax: 2 });
    await lane.settle(batch.id, attempt(1), dead(noon + 4));
    const [count] = (await engine.counts()).lanes;
    assert.deepEqual({ dead: count?.dead, waiting: count?.waiting }, { dead: 4, waiting: 2 });
    assert.equal(lane.waiting().oldestAt, noon + 4);
    assert.deepEqual(await drain(lane), ["acme5", "acme6"]);
  });

  promised("buries nothing that waits where no time is told", async (engine) => {
    const owners = [owner("acme")];
    for (const id of ["e1", "e2"]) await append(engine, { id, owners, at: -1 });
    const lane = await takeLane(engine);
    const batch = await seal(lane, { eventsMax: 1 });
    assert.deepEqual(await lane.settle(batch.id, attempt(1), dead(0)), { dead: 1 });
    assert.equal(lane.waiting().count, 1);
  });

  promised("buries the old ones only, in whatever order they came", async (engine) => {
    const owners = [owner("acme")];
    for (const [index, at] of [9, 1, 8, 2].entries()) {
      await append(engine, { id: `e${index}`, owners, at: noon + at });
    }
    const lane = await takeLane(engine);
    const batch = await seal(lane, { eventsMax: 1 });
    await lane.settle(batch.id, attempt(1), dead(noon + 5));
    assert.deepEqual(lane.waiting().oldestAt, noon + 8);
    assert.deepEqual(await drain(lane), ["e2"]);
    assert.equal((await engine.counts()).lanes[0]?.dead, 3);
  });

  promised("refuses a batch it does not know, and nothing else", async (engine) => {
    await appendMany(engine, "acme", 1);
    const lane = await takeLane(engine);
    const [unknown, recorded, sealed, missing] = await Promise.allSettled([
      lane.settle("bat_0", attempt(1), { as: "accepted" }),
      append(engine, { id: "e2", owners: [owner("acme")] }),
      lane.seal(cut()),
      lane.settle("bat_1", attempt(1), dead(Date.now())),
    ]);
    assert.deepEqual([unknown.status, missing.status], ["rejected", "rejected"]);
    assert.deepEqual([recorded.status, sealed.status], ["fulfilled", "fulfilled"]);
    const [batch] = await lane.unsettled();
    assert.ok(batch);
    assert.equal(batch.count + lane.waiting().count, 2);
    assert.equal((await engine.counts()).lanes[0]?.dead, 0);
  });
}

/** Says what an attempt changes. */
export function describeSettling(promised: Promised): void {
  describeAttempts(promised);
  describeDead(promised);
}
