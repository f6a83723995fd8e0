/** The contract's part about what comes back of a batch, and waits beside its lane. */
import assert from "node:assert/strict";
import type { Settlement } from "../../src/delivery.ts";
import { accepted, aside, beside, filled, idsFrom, settle, split } from "./back.ts";
import { fromSession } from "./calling.ts";
import type { Promised } from "./contract.ts";
import { append, cut, dead, drain, idsOf, noon, owner, seal, takeLane } from "./shared.ts";

function describeAside(promised: Promised): void {
  promised("lets events wait beside the lane until they are due", async (engine) => {
    const lane = await filled(engine, 4);
    const batch = await seal(lane, { eventsMax: 2 });
    const notBefore = Date.now() + 3_600_000;
    await settle(lane, batch, aside(notBefore - 0.5));
    const { count, split: waits, refused, sessionAt } = lane.waiting();
    assert.deepEqual({ count, waits, refused, sessionAt }, {
      count: 2,
      waits: 0,
      refused: 0,
      sessionAt: notBefore,
    });
    assert.equal(await lane.seal(cut(fromSession)), undefined);
    assert.deepEqual(await drain(lane), ["acme3", "acme4"]);
    assert.equal((await engine.counts()).lanes[0]?.waiting, 2);
  });

  promised("takes first what is due first, one batch's at a time", async (engine) => {
    const lane = await filled(engine, 6);
    const batches = [await seal(lane, { eventsMax: 3 }), await seal(lane, { eventsMax: 3 })];
    for (const [index, batch] of batches.entries()) await settle(lane, batch, aside(2 - index));
    const retried = [await beside(lane, { eventsMax: 2 }), await beside(lane), await beside(lane)];
    const ids = await Promise.all(retried.map((batch) => idsOf(lane, batch)));
    assert.deepEqual(ids, [idsFrom(4, 5), ["acme6"], idsFrom(1, 3)]);
    const [first, second] = batches;
    assert.deepEqual(retried.map(({ retryOf }) => retryOf), [second?.id, second?.id, first?.id]);
  });

  promised("remembers since when an event was refused alone", async (engine) => {
    const lane = await filled(engine, 2);
    const first = await seal(lane, { eventsMax: 1 });
    const before = Date.now();
    await settle(lane, first, aside(0, true));
    assert.equal(lane.waiting().refused, 1);
    const second = await beside(lane);
    assert.equal(lane.waiting().refused, 0);
    const { times, refusedAt = 0 } = second.returned ?? {};
    assert.equal(times, 1);
    assert.ok(refusedAt >= before && refusedAt <= Date.now());
    await settle(lane, second, { as: "aside", notBefore: 0, refusedAt });
    const third = await beside(lane);
    assert.deepEqual(third.returned, { times: 2, refusedAt });
    assert.deepEqual(await lane.unsettled(), [third]);
    await settle(lane, third, split);
    assert.deepEqual((await beside(lane)).returned, { times: 3 });
  });

  promised("retries what is split of a retry when it is due, not first", async (engine) => {
    const lane = await filled(engine, 4);
    await settle(lane, await seal(lane), aside());
    const retried = await beside(lane);
    await settle(lane, retried, split);
    assert.equal(lane.waiting().split, 0);
    const half = await beside(lane);
    assert.deepEqual([half.count, half.retryOf, half.reason], [2, retried.id, "retry"]);
  });
}

function describeReplayed(promised: Promised): void {
  promised("stays a replay, whatever becomes of it", async (engine) => {
    const lane = await filled(engine, 4);
    const first = await seal(lane);
    await settle(lane, first, accepted);
    await engine.replay({ batch: first.id }, false);
    const replayed = [await beside(lane)];
    for (
      const to of [split, aside(), { as: "partly", again: [1], dead: [], notBefore: 0 }] as const
    ) {
      const last = replayed.at(-1);
      assert.ok(last);
      await settle(lane, last, to);
      replayed.push(await beside(lane));
    }
    assert.equal(lane.waiting().split, 0);
    assert.deepEqual(
      replayed.map(({ reason, retryOf, replayOf, returned, count }) => (
        { reason, retryOf, replayOf, times: returned?.times, count }
      )),
      [first, ...replayed].slice(0, -1).map(({ id }, index) => ({
        reason: "replay",
        retryOf: undefined,
        replayOf: id,
        times: index === 0 ? undefined : index,
        count: [4, 2, 2, 1][index],
      })),
    );
  });
}

function describePartly(promised: Promised): void {
  promised("delivers the rest, retries some, and buries others", async (engine) => {
    const lane = await filled(engine, 6);
    const batch = await seal(lane, { eventsMax: 5 });
    const to: Settlement = {
      as: "partly",
      again: [3, 1],
      dead: [{ member: 4, reason: "not wanted" }],
      notBefore: 1,
    };
    const before = Date.now();
    assert.deepEqual(await settle(lane, batch, to), { dead: 1 });
    assert.ok((lane.waiting().deliveredAt ?? 0) >= before);
    const { waiting, dead: died, sealed } = (await engine.counts()).lanes[0] ?? {};
    assert.deepEqual({ waiting, died, sealed }, { waiting: 3, died: 1, sealed: 0 });
    const retried = await beside(lane);
    assert.deepEqual(await idsOf(lane, retried), ["acme2", "acme4"]);
    assert.deepEqual([retried.retryOf, retried.returned], [batch.id, { times: 1 }]);
    assert.deepEqual(await drain(lane), ["acme6"]);
  });

  promised("has delivered nothing where nothing is left", async (engine) => {
    const lane = await filled(engine, 2);
    const batch = await seal(lane);
    const never = { member: 1, reason: "not wanted" };
    const to: Settlement = { as: "partly", again: [0], dead: [never], notBefore: 0 };
    await settle(lane, batch, to);
    assert.equal(lane.waiting().deliveredAt, undefined);
  });

  promised(
    "tries again whatever is named twice, and bears places that are none",
    async (engine) => {
      const lane = await filled(engine, 2);
      const dying = [0, 0, 1, 7, -1].map((member) => ({ member, reason: "not wanted" }));
      const to: Settlement = { as: "partly", again: [1, 1, 9], dead: dying, notBefore: 0 };
      assert.deepEqual(await settle(lane, await seal(lane), to), { dead: 1 });
      assert.deepEqual(await idsOf(lane, await beside(lane)), ["acme2"]);
    },
  );
}

function describeAges(promised: Promised): void {
  promised("knows when events became the tenant's, whatever they went through", async (engine) => {
    await append(engine, { id: "late" });
    await append(engine, { id: "early", owners: [owner("acme")], at: noon });
    const before = Date.now();
    assert.equal(await engine.release({ id: "late" }, "acme", 1), 1);
    const lane = await takeLane(engine);
    const batch = await seal(lane);
    assert.ok(batch.youngestAt >= before);
    await settle(lane, batch, split);
    const [early, late] = [await beside(lane), await beside(lane)];
    assert.deepEqual([early.oldestAt, late.oldestAt], [noon, batch.youngestAt]);
    await settle(lane, late, aside());
    assert.equal((await beside(lane)).oldestAt, batch.youngestAt);
  });

  promised("tells since when the oldest waits, though it is beside the lane", async (engine) => {
    const oldestAt = async () => (await engine.counts()).lanes[0]?.oldestAt;
    const lane = await filled(engine, 5);
    await settle(lane, await seal(lane, { eventsMax: 1 }), accepted);
    await settle(lane, await seal(lane, { eventsMax: 2 }), aside(Date.now() + 60_000));
    await settle(lane, await seal(lane, { eventsMax: 1 }), aside());
    assert.equal(lane.waiting().oldestAt, noon + 4);
    assert.equal(await oldestAt(), noon + 1);
    await drain(lane);
    assert.equal(await oldestAt(), noon + 1);
    await engine.hurry("acme");
    await drain(lane, { from: "session" });
    assert.equal(await oldestAt(), undefined);
  });

  promised("gives up what is old beside the lane, too", async (engine) => {
    const lane = await filled(engine, 9);
    await settle(lane, await seal(lane, { eventsMax: 4 }), split);
    const alone = await seal(lane, { eventsMax: 1 });
    await settle(lane, alone, aside(Date.now() + 60_000, true));
    const last = await seal(lane, { eventsMax: 1 });
    assert.deepEqual(await settle(lane, last, dead(noon + 3)), { dead: 4 });
    assert.deepEqual([lane.waiting().split, lane.waiting().refused], [1, 1]);
    assert.deepEqual(await idsOf(lane, await beside(lane)), ["acme4"]);
    const other = await seal(lane, { eventsMax: 1 });
    assert.deepEqual(await settle(lane, other, dead(noon + 5)), { dead: 2 });
    assert.deepEqual([lane.waiting().refused, lane.waiting().sessionAt], [0, undefined]);
    assert.equal((await engine.counts()).lanes[0]?.dead, 6);
  });
}

function describePruned(promised: Promised): void {
  promised("forgets batches however they ended, but those of dead letters", async (engine) => {
    const lane = await filled(engine, 8);
    const some = { as: "partly", again: [], notBefore: 0 } as const;
    const settlements: Settlement[] = [
      accepted,
      aside(),
      dead(),
      { ...some, dead: [{ member: 0, reason: "not wanted" }] },
      { ...some, dead: [] },
      split,
      { as: "again" },
    ];
    const ids: string[] = [];
    for (const to of settlements) {
      const batch = await seal(lane, { eventsMax: 1 });
      ids.push(batch.id);
      await settle(lane, batch, to);
    }
    for (let step = 0; step < 6; step++) await engine.prune(Date.now() + 1_000, 2);
    const stories = await Promise.all(ids.map((id) => engine.story(id)));
    assert.deepEqual(stories.map((story) => story?.state), [
      undefined,
      undefined,
      "dead",
      "partly",
      undefined,
      undefined,
      "sealed",
    ]);
  });

  promised("prunes none that waits beside the lane, and all that is delivered", async (engine) => {
    const lane = await filled(engine, 5);
    const again: Settlement = { as: "partly", again: [0, 2], dead: [], notBefore: 0 };
    await settle(lane, await seal(lane, { eventsMax: 4 }), again);
    assert.equal((await engine.prune(Date.now(), 10)).events, 2);
    await settle(lane, await beside(lane), accepted);
    await drain(lane);
    assert.equal((await engine.prune(Date.now(), 10)).events, 2);
  });
}

function describeRepetitions(promised: Promised): void {
  promised("changes nothing when it is told again", async (engine) => {
    const lane = await filled(engine, 2);
    const batch = await seal(lane);
    for (const to of [split, split, aside(), accepted, dead(Date.now())]) {
      assert.deepEqual(await settle(lane, batch, to), { dead: 0 });
    }
    assert.equal(lane.waiting().split, 2);
    const half = await beside(lane);
    assert.deepEqual([half.count, half.returned], [1, { times: 1 }]);
    assert.equal((await engine.counts()).lanes[0]?.dead, 0);
  });
}

/** Says where the events of a batch go on that ended without all of them being accepted. */
export function describeReturning(promised: Promised): void {
  describeAside(promised);
  describeReplayed(promised);
  describePartly(promised);
  describeAges(promised);
  describePruned(promised);
  describeRepetitions(promised);
}
