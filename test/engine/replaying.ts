/** The contract's part about sending events again. */
import assert from "node:assert/strict";
import type { Batch } from "../../src/batch.ts";
import type { Replayed, Selection, Settlement } from "../../src/delivery.ts";
import type { Engine } from "../../src/engine.ts";
import type { Lane } from "../../src/lane.ts";
import { eventually } from "../support/eventually.ts";
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
  payloadOf,
  seal,
  takeLane,
  takeLanes,
} from "./shared.ts";

const beside = { from: "session" } as const;
const none: Replayed = { events: 0, tenants: 0, missing: 0, more: false };

/** Seals so many from the head, and settles them. */
async function settled(lane: Lane, eventsMax: number, to: Settlement): Promise<Batch> {
  const batch = await seal(lane, { eventsMax });
  await lane.settle(batch.id, attempt(1), to);
  return batch;
}

/** Accepts everything beside the lane; the batches as their ids, in their order. */
async function drainBeside(lane: Lane): Promise<string[][]> {
  const batches: string[][] = [];
  for (;;) {
    const batch = await lane.seal(cut(beside));
    if (batch === undefined) return batches;
    batches.push(await idsOf(lane, batch));
    await lane.settle(batch.id, attempt(1), { as: "accepted" });
  }
}

/** Asks until there is no more to be done; says what each step came to. */
async function replayAll(engine: Engine, what: Selection, dryRun = false): Promise<Replayed[]> {
  const steps: Replayed[] = [];
  for (let next: Selection | undefined = what; next !== undefined;) {
    const replayed: Replayed = await engine.replay(next, dryRun);
    assert.equal(replayed.more, replayed.next !== undefined);
    steps.push(replayed);
    next = replayed.next;
  }
  return steps;
}

const total = (steps: readonly Replayed[]) => steps.reduce((sum, { events }) => sum + events, 0);

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

function describeDelivered(promised: Promised): void {
  promised("sends again what was delivered in a time", async (engine) => {
    await appendMany(engine, "acme", 5);
    await appendMany(engine, "beta", 2);
    const lanes = await takeLanes(engine, 2);
    const [acme, beta] = [lanes.get("acme"), lanes.get("beta")];
    assert.ok(acme && beta);
    const first = await settled(acme, 2, { as: "accepted" });
    await settled(acme, 1, dead());
    await drain(beta);
    await drain(acme);
    const delivered = true;
    const six = { ...none, events: 6, tenants: 2 };
    assert.deepEqual(await engine.replay({ delivered }, true), six);
    const until = ((await engine.story(first.id))?.settledAt ?? 0) + 1;
    assert.ok((await engine.replay({ delivered, until }, true)).events >= 2);
    assert.deepEqual(await engine.replay({ delivered, until: until - 1 }, true), none);
    assert.deepEqual(await engine.replay({ delivered, since: Date.now() + 1 }, true), none);
    const acmes = { ...none, events: 4, tenants: 1 };
    assert.deepEqual(await engine.replay({ delivered, tenant: "acme" }, false), acmes);
    assert.deepEqual(await drainBeside(acme), [["acme1", "acme2"], ["acme4", "acme5"]]);
    assert.deepEqual(await drainBeside(beta), []);
  });

  promised("goes on where it stopped, though all is delivered at once", async (engine) => {
    await appendMany(engine, "acme", 5_500);
    const lane = await takeLane(engine);
    const all = await drain(lane, { eventsMax: 500, bytesMax: 10_000_000 });
    const found: string[] = [];
    const steps: Replayed[] = [];
    for (let next: Selection | undefined = { delivered: true }; next !== undefined;) {
      const replayed: Replayed = await engine.replay(next, false);
      steps.push(replayed);
      found.push(...(await drainBeside(lane)).flat());
      next = replayed.next;
    }
    assert.deepEqual(steps.map(({ events }) => events), [2_000, 2_000, 1_500]);
    assert.deepEqual(found, all);
    assert.equal(total(await replayAll(engine, { delivered: true }, true)), 11_000);
  });

  promised("sends each tenant's copy by itself", async (engine) => {
    await append(engine, { owners: [owner("acme"), owner("beta")] });
    const lanes = await takeLanes(engine, 2);
    for (const lane of lanes.values()) await drain(lane);
    assert.deepEqual(await engine.replay({ delivered: true, tenant: "beta" }, false), {
      ...none,
      events: 1,
      tenants: 1,
    });
    const [acme, beta] = [lanes.get("acme"), lanes.get("beta")];
    assert.equal(acme?.waiting().sessionAt, undefined);
    assert.ok(beta);
    assert.deepEqual(await drainBeside(beta), [["e1"]]);
  });
}

/** Declares the promises about replays. */
export function describeReplaying(promised: Promised): void {
  describeBatches(promised);
  describeEnds(promised);
  describeDead(promised);
  describeDelivered(promised);
}
