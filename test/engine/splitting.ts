/** The contract's part about batches that are split. */
import assert from "node:assert/strict";
import { accepted, beside, filled, idsFrom, next, settle, split } from "./back.ts";
import { calling, fromSession } from "./calling.ts";
import type { Promised } from "./contract.ts";
import { append, cut, drain, idsOf, noon, owner, seal, takeLane } from "./shared.ts";

function describeOrder(promised: Promised): void {
  promised("sends a split batch's events first, half as many at once", async (engine) => {
    const lane = await filled(engine, 10);
    const whole = await seal(lane, { eventsMax: 8 });
    assert.deepEqual(await settle(lane, whole, split), { dead: 0 });
    const { count, sealed, split: waits, sessionAt = Date.now() + 1, refused } = lane.waiting();
    assert.deepEqual({ count, sealed, waits, refused }, {
      count: 2,
      sealed: 0,
      waits: 8,
      refused: 0,
    });
    assert.ok(sessionAt <= Date.now());
    const halves = [await beside(lane), await beside(lane)];
    for (const [index, half] of halves.entries()) {
      const { retryOf, replayOf, reason, sequence, returned, openedAt } = half;
      assert.deepEqual({ retryOf, replayOf, reason, sequence, returned, openedAt }, {
        retryOf: whole.id,
        replayOf: undefined,
        reason: "retry",
        sequence: index + 2,
        returned: { times: 1 },
        openedAt: noon + index * 4,
      });
      assert.deepEqual(await idsOf(lane, half), idsFrom(1 + index * 4, 4 + index * 4));
    }
    assert.deepEqual(await lane.unsettled(), halves);
    assert.deepEqual([lane.waiting().split, lane.waiting().sessionAt], [0, undefined]);
    assert.deepEqual(await drain(lane), ["acme9", "acme10"]);
  });

  promised("keeps the order when a part of a split batch is split again", async (engine) => {
    const lane = await filled(engine, 8);
    await settle(lane, await seal(lane), split);
    const half = await beside(lane);
    await settle(lane, half, split);
    const quarter = await beside(lane);
    assert.deepEqual(await idsOf(lane, quarter), ["acme1", "acme2"]);
    assert.deepEqual([quarter.retryOf, quarter.returned], [half.id, { times: 2 }]);
    await settle(lane, quarter, accepted);
    assert.deepEqual(await idsOf(lane, await beside(lane)), ["acme3", "acme4"]);
    assert.deepEqual(await idsOf(lane, await beside(lane)), ["acme5", "acme6", "acme7", "acme8"]);
    assert.equal(await lane.seal(cut(fromSession)), undefined);
  });

  promised("goes before sessions, whatever these waited", async (engine) => {
    const { heard, start } = await calling(engine);
    await heard("hangup", 1_000, "ends a");
    await append(engine, { id: "urgent", type: "x.urgent", owners: [owner("acme")], at: start });
    const lane = await takeLane(engine);
    await settle(lane, await seal(lane), split);
    assert.deepEqual(await idsOf(lane, await beside(lane)), ["urgent"]);
    const session = await beside(lane);
    assert.deepEqual([await idsOf(lane, session), session.reason], [["hangup"], "session"]);
    assert.equal(session.returned, undefined);
  });
}

function describeSizes(promised: Promised): void {
  promised(
    "finds what a destination takes, in order, and tries more with patience",
    async (engine) => {
      const lane = await filled(engine, 150);
      const ids: string[] = [];
      const refused: number[] = [];
      for (;;) {
        const batch = await next(lane, { eventsMax: 40 });
        if (batch === undefined) break;
        if (batch.count > 6) refused.push(batch.count);
        else ids.push(...await idsOf(lane, batch));
        await settle(lane, batch, batch.count > 6 ? split : accepted);
      }
      assert.deepEqual(ids, idsFrom(1, 150));
      assert.deepEqual(refused, [40, 20, 10, 10, 20, 10, 10, 10, 10]);
    },
  );

  promised("goes back to whole windows once all is accepted", async (engine) => {
    const lane = await filled(engine, 60);
    await settle(lane, await seal(lane, { eventsMax: 8 }), split);
    const sizes: number[] = [];
    for (;;) {
      const batch = await next(lane, { eventsMax: 20 });
      if (batch === undefined) break;
      sizes.push(batch.count);
      await settle(lane, batch, accepted);
    }
    assert.deepEqual(sizes, [4, 4, 16, 20, 16]);
  });

  promised("cuts sessions, too", async (engine) => {
    const { heard } = await calling(engine);
    for (const id of ["a", "b", "c", "d"]) await heard(id, 1_000, "ends a");
    const lane = await takeLane(engine);
    const whole = await beside(lane);
    await settle(lane, whole, split);
    for (const id of ["e", "f", "g"]) await heard(id, 900, "ends a");
    const sizes: number[] = [];
    for (let batch = await next(lane); batch !== undefined; batch = await next(lane)) {
      sizes.push(batch.count);
    }
    assert.deepEqual(sizes, [2, 2, 2, 1]);
    const [, , third] = await lane.unsettled();
    assert.deepEqual([third?.continues, third?.retryOf], [whole.id, undefined]);
  });
}

/** Says in which order and size the events of a split batch go on. */
export function describeSplitting(promised: Promised): void {
  describeOrder(promised);
  describeSizes(promised);
}
