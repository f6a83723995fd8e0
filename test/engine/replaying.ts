/** The contract's part about sending events again. */
import assert from "node:assert/strict";
import { eventually } from "../support/eventually.ts";
import type { Promised } from "./contract.ts";
import { beside, drainBeside, none, partly, replayAll, settled } from "./resending.ts";
import {
  appendMany,
  attempt,
  cut,
  dead,
  idsOf,
  noon,
  payloadOf,
  seal,
  takeLane,
  takeLanes,
} from "./shared.ts";

function describeBatches(promised: Promised): void {
  promised("sends a delivered batch again, under the ids of its events", async (engine) => {
    await appendMany(engine, "acme", 3);
    const lane = await takeLane(engine);
    const { id } = await settled(lane, 3, { as: "accepted" });
    const expected = { ...none, events: 3, tenants: 1 };
    assert.deepEqual(await engine.replay({ batch: id }, true), expected);
    assert.equal(lane.waiting().sessionAt, undefined);
    const before = Date.now();
    assert.deepEqual(await engine.replay({ batch: id }, false), expected);
    const again = await seal(lane, beside);
    assert.deepEqual([again.reason, again.replayOf, again.sequence], ["replay", id, 2]);
    assert.ok(again.oldestAt >= before, "it has waited since it was replayed");
    const payload = await payloadOf(lane, again);
    assert.equal((payload as { replay_of?: string }).replay_of, id);
    assert.deepEqual(await idsOf(lane, again), ["acme1", "acme2", "acme3"]);
    assert.ok(again.size <= cut().bytesMax);
  });

  promised("sends no event again that is on its way", async (engine) => {
    await appendMany(engine, "acme", 3);
    const lane = await takeLane(engine);
    const { id } = await settled(lane, 3, { as: "accepted" });
    await engine.replay({ batch: id }, false);
    assert.deepEqual(await engine.replay({ batch: id }, false), none);
    const again = await seal(lane, { ...beside, eventsMax: 2 });
    assert.deepEqual(await engine.replay({ batch: id }, false), none);
    await lane.settle(again.id, attempt(1), { as: "accepted" });
    assert.equal((await engine.replay({ batch: id }, false)).events, 2);
    assert.deepEqual(await drainBeside(lane), [["acme3"], ["acme1", "acme2"]]);
  });

  promised(
    "sends of another batch what died, and nothing of one that is sealed",
    async (engine) => {
      await appendMany(engine, "acme", 4);
      const lane = await takeLane(engine);
      const reason = "refused";
      const refusals = [{ member: 0, reason }, { member: 2, reason }];
      const partly = { as: "partly", again: [1], dead: refusals, notBefore: 0 } as const;
      const sealed = await seal(lane, { eventsMax: 3 });
      assert.deepEqual(await engine.replay({ batch: sealed.id }, false), none);
      assert.deepEqual(await engine.replay({ batch: "bat_x" }, false), none);
      await lane.settle(sealed.id, attempt(1), partly);
      assert.equal((await engine.replay({ batch: sealed.id }, true)).events, 2);
      assert.equal((await engine.dead({}, 10)).length, 2);
      assert.equal((await engine.replay({ batch: sealed.id }, false)).events, 2);
      assert.deepEqual(await engine.dead({}, 10), []);
      assert.equal((await engine.counts()).lanes[0]?.dead, 0);
      assert.deepEqual(await drainBeside(lane), [["acme2"], ["acme1", "acme3"]]);
    },
  );
}

function describePartly(promised: Promised): void {
  promised("sends of a batch in which nothing is dead what it delivered", async (engine) => {
    await appendMany(engine, "acme", 4);
    const lane = await takeLane(engine);
    const { id } = await settled(lane, 4, partly({ again: [1] }));
    const three = { ...none, events: 3, tenants: 1 };
    assert.deepEqual(await engine.replay({ batch: id }, true), three);
    assert.deepEqual(await engine.replay({ batch: id }, false), three);
    assert.deepEqual(await engine.replay({ batch: id }, false), none);
    assert.deepEqual(await drainBeside(lane), [["acme2"], ["acme1", "acme3", "acme4"]]);
    assert.equal((await engine.replay({ batch: id }, true)).events, 4);
  });

  promised("sends of a batch that was split, or died whole, what is dead only", async (engine) => {
    await appendMany(engine, "acme", 4);
    const lane = await takeLane(engine);
    const { id } = await settled(lane, 2, { as: "split" });
    const half = await seal(lane, { ...beside, eventsMax: 1 });
    await lane.settle(half.id, attempt(1), dead());
    await drainBeside(lane);
    assert.equal((await engine.replay({ batch: id }, false)).events, 1);
    assert.deepEqual(await drainBeside(lane), [["acme1"]]);
    assert.deepEqual(await engine.replay({ batch: id }, false), none);
    assert.deepEqual(await engine.replay({ batch: half.id }, false), none);
  });
}

function describeEnds(promised: Promised): void {
  promised("gives up a replayed event once more, as one dead letter", async (engine) => {
    await appendMany(engine, "acme", 2);
    const lane = await takeLane(engine);
    const { id } = await settled(lane, 2, { as: "accepted" });
    for (const _ of ["once", "twice"]) {
      await engine.replay({ batch: id }, false);
      const again = await seal(lane, beside);
      await lane.settle(again.id, attempt(1), dead());
      const letters = await engine.dead({}, 10);
      assert.deepEqual(letters.map(({ batch }) => batch), [again.id, again.id]);
      assert.equal((await engine.counts()).lanes[0]?.dead, 2);
    }
  });

  promised("says what is no longer in the log", async (engine) => {
    await appendMany(engine, "acme", 3);
    const lane = await takeLane(engine);
    const { id } = await settled(lane, 3, { as: "accepted" });
    await engine.prune(noon + 1, 10);
    const found = { ...none, events: 2, tenants: 1, missing: 1 };
    assert.deepEqual(await engine.replay({ batch: id }, true), found);
    assert.deepEqual(await engine.replay({ batch: id }, false), found);
    assert.deepEqual(await drainBeside(lane), [["acme2", "acme3"]]);
  });
}

function describeDead(promised: Promised): void {
  promised("sends dead letters again, those of one batch together", async (engine) => {
    await appendMany(engine, "acme", 5);
    await appendMany(engine, "beta", 1);
    const lanes = await takeLanes(engine, 2);
    const [acme, beta] = [lanes.get("acme"), lanes.get("beta")];
    assert.ok(acme && beta);
    const first = await settled(acme, 2, dead());
    const second = await settled(acme, 1, dead(noon + 1_000));
    await settled(beta, 1, dead());
    assert.deepEqual(await engine.replay({}, true), { ...none, events: 6, tenants: 2 });
    const acmes = { ...none, events: 5, tenants: 1 };
    assert.deepEqual(await engine.replay({ tenant: "acme" }, true), acmes);
    assert.deepEqual(await engine.replay({ tenant: "acme" }, false), acmes);
    assert.deepEqual((await engine.dead({}, 10)).map(({ tenant }) => tenant), ["beta"]);
    const heads = [];
    for (const _ of "123") heads.push(await seal(acme, beside));
    assert.deepEqual(heads.map(({ replayOf }) => replayOf), [first.id, second.id, undefined]);
    assert.ok(heads.every(({ reason }) => reason === "replay"));
    const ids = await Promise.all(heads.map((head) => idsOf(acme, head)));
    assert.deepEqual(ids, [["acme1", "acme2"], ["acme3"], ["acme4", "acme5"]]);
    assert.deepEqual(await engine.replay({ tenant: "nobody" }, false), none);
  });

  promised("sends those that died in a time", async (engine) => {
    await appendMany(engine, "acme", 2);
    const lane = await takeLane(engine);
    await settled(lane, 2, dead());
    const at = (await engine.dead({}, 1))[0]?.at ?? 0;
    assert.deepEqual(await engine.replay({ until: at }, false), none);
    assert.deepEqual(await engine.replay({ since: at + 1 }, true), none);
    assert.equal((await engine.replay({ since: at, until: at + 1 }, false)).events, 2);
  });

  promised("does some thousands at once, and not what dies meanwhile", async (engine) => {
    await appendMany(engine, "acme", 2_100);
    const lane = await takeLane(engine);
    await settled(lane, 2_100, dead());
    const first = await engine.replay({}, false);
    assert.deepEqual([first.events, first.more], [2_000, true]);
    const again = await seal(lane, { ...beside, eventsMax: 50, bytesMax: 10_000_000 });
    const asked = Date.now();
    await eventually("the clock goes on", () => Date.now() > asked + 1);
    await lane.settle(again.id, attempt(1), dead());
    assert.ok(first.next);
    assert.deepEqual((await replayAll(engine, first.next)).map(({ events }) => events), [100]);
    assert.equal((await engine.counts()).lanes[0]?.dead, 50);
  });
}

/** Declares the promises about replays. */
export function describeReplaying(promised: Promised): void {
  describeBatches(promised);
  describePartly(promised);
  describeEnds(promised);
  describeDead(promised);
}
