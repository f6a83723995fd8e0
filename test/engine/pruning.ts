/** The contract's part about forgetting. */
import assert from "node:assert/strict";
import type { Settlement } from "../../src/delivery.ts";
import type { Engine } from "../../src/engine.ts";
import type { Promised } from "./contract.ts";
import {
  append,
  appendMany,
  attempt,
  dead,
  drain,
  idsOf,
  noon,
  owner,
  rule,
  rules,
  seal,
  takeLane,
  takeLanes,
} from "./shared.ts";

const later = noon + 1_000_000;

/** Prunes until there is nothing left to prune; says how many events that were. */
async function pruneAll(engine: Engine, before = later, limit = 3): Promise<number> {
  for (let total = 0;;) {
    const { events, batches } = await engine.prune(before, limit);
    assert.ok(events <= limit && batches <= limit);
    if (events + batches === 0) return total;
    total += events;
  }
}

async function present(engine: Engine, refsMax: number): Promise<number[]> {
  const refs = Array.from({ length: refsMax }, (_, index) => index + 1);
  const raws = await Promise.all(refs.map((ref) => engine.raw(ref)));
  return refs.filter((_, index) => raws[index] !== undefined);
}

function describeNobodys(promised: Promised): void {
  promised(
    "keeps what is nobody's any more, and forgets it once its owner has it",
    async (engine) => {
      await engine.configure({ ...rules(), holdMs: 1 });
      await append(engine, { id: "expired" });
      await append(engine, { id: "released" });
      await append(engine, { id: "newest" });
      await engine.tend(later, true);
      assert.equal(await engine.release({ id: "released" }, "acme", 1), 1);
      assert.equal(await pruneAll(engine), 0);
      await drain(await takeLane(engine));
      assert.equal(await pruneAll(engine), 1);
      assert.deepEqual(await present(engine, 3), [1, 3]);
      assert.equal(await engine.release({ id: "expired" }, "acme", 1), 1);
    },
  );

  promised("keeps a copy of what was nobody's until that is delivered", async (engine) => {
    await engine.configure({ ...rules(), copies: true });
    await append(engine, { id: "e1" });
    await append(engine, { id: "newest" });
    await engine.tend(later, false);
    await engine.release({ id: "e1" }, "acme", 1);
    const lanes = await takeLanes(engine, 2);
    const [acme, unassigned] = ["acme", "unassigned"].map((tenant) => lanes.get(tenant));
    assert.ok(acme && unassigned);
    assert.deepEqual(await drain(acme), ["e1"]);
    assert.equal(await pruneAll(engine), 0);
    assert.deepEqual(await drain(unassigned), ["e1", "newest"]);
    assert.equal(await pruneAll(engine), 1);
  });
}

/** Seals one event after the other and settles each as told; the batches' ids. */
async function settleEach(engine: Engine, settlements: readonly Settlement[]): Promise<string[]> {
  await appendMany(engine, "acme", settlements.length);
  const lane = await takeLane(engine);
  const ids: string[] = [];
  for (const to of settlements) {
    const { id } = await seal(lane, { eventsMax: 1 });
    await lane.settle(id, attempt(1), to);
    ids.push(id);
  }
  return ids;
}

const statesOf = (engine: Engine, ids: readonly string[]) =>
  Promise.all(ids.map(async (id) => (await engine.story(id))?.state));

function describeBatches(promised: Promised): void {
  const ended = () => Date.now() + 1_000;

  promised("forgets batches, though there are more of them than events", async (engine) => {
    await appendMany(engine, "acme", 2);
    const lane = await takeLane(engine);
    const ids: string[] = [];
    for (let step = 0; step < 20; step++) {
      const batch = await seal(lane, { from: step === 0 ? "head" : "session" });
      const again = { as: "partly", again: [0, 1], dead: [], notBefore: 0 } as const;
      await lane.settle(batch.id, attempt(1), again);
      ids.push(batch.id);
    }
    assert.deepEqual(await engine.prune(ended(), 8), { events: 0, batches: 8 });
    assert.equal(await pruneAll(engine, ended(), 8), 0);
    assert.deepEqual(await statesOf(engine, ids), ids.map(() => undefined));
    assert.deepEqual(await engine.prune(ended(), 8), { events: 0, batches: 0 });
  });

  promised("finds them behind those that dead letters name", async (engine) => {
    const letters = Array.from({ length: 20 }, () => dead());
    const ids = await settleEach(engine, [...letters, { as: "accepted" }, { as: "accepted" }]);
    assert.equal((await engine.prune(ended(), 3)).batches, 2);
    const states = await statesOf(engine, ids);
    assert.deepEqual(states, [...letters.map(() => "dead"), undefined, undefined]);
    await engine.replay({}, false);
    await pruneAll(engine, ended());
    assert.deepEqual(await statesOf(engine, ids), ids.map(() => undefined));
  });
}

/** Says what may be forgotten, and what not. */
export function describePruning(promised: Promised): void {
  describeNobodys(promised);
  describeBatches(promised);
  promised("forgets what is settled, but the newest", async (engine) => {
    await appendMany(engine, "acme", 10);
    const lane = await takeLane(engine);
    assert.equal(await pruneAll(engine), 0);
    await drain(lane, { eventsMax: 4 });
    assert.equal(await pruneAll(engine), 9);
    assert.deepEqual(await present(engine, 12), [10]);
    const again = await append(engine, { id: "acme1", owners: [owner("acme")] });
    assert.equal(again.status, "queued");
    assert.equal((await append(engine, { id: "acme10" })).status, "duplicate");
  });

  promised("forgets only what was received before", async (engine) => {
    await appendMany(engine, "acme", 5);
    await drain(await takeLane(engine));
    assert.equal(await pruneAll(engine, noon + 2), 2);
    assert.deepEqual(await present(engine, 5), [3, 4, 5]);
  });

  promised("keeps what waits, is sealed, held, dead or parked", async (engine) => {
    await appendMany(engine, "acme", 3);
    const lane = await takeLane(engine);
    const given = await seal(lane, { eventsMax: 1 });
    await lane.settle(given.id, attempt(1), dead());
    const sealed = await seal(lane, { eventsMax: 1 });
    await append(engine, { id: "held" });
    await append(engine, { id: "parked", parked: true });
    await engine.configure(rules(rule("acme")));
    await append(engine, { id: "dropped", type: "call.unwanted", owners: [owner("acme")] });
    await append(engine, { id: "newest", owners: [owner("acme")] });
    assert.equal(await pruneAll(engine), 1);
    assert.deepEqual(await present(engine, 7), [1, 2, 3, 4, 5, 7]);
    assert.deepEqual(await idsOf(lane, sealed), ["acme2"]);
    assert.deepEqual(await drain(lane), ["acme3", "newest"]);
  });

  promised("keeps an event until its last owner has it", async (engine) => {
    await append(engine, { id: "both", owners: [owner("acme"), owner("globex")] });
    await append(engine, { id: "newest", owners: [owner("acme")] });
    const lane = await takeLane(engine);
    await drain(lane);
    assert.equal(await pruneAll(engine), 0);
    await drain(await takeLane(engine));
    assert.equal(await pruneAll(engine), 1);
  });

  promised("finds what is settled behind what is not", async (engine) => {
    await appendMany(engine, "waits", 20);
    await appendMany(engine, "acme", 5);
    const lanes = [await takeLane(engine), await takeLane(engine)];
    const acme = lanes.find(({ tenant }) => tenant === "acme");
    assert.ok(acme);
    await drain(acme);
    assert.equal(await pruneAll(engine), 4);
  });

  promised("does not number events again that were pruned", async (engine) => {
    await appendMany(engine, "acme", 3);
    await drain(await takeLane(engine));
    await pruneAll(engine);
    await append(engine, { id: "next", owners: [owner("acme")], body: '"next"' });
    assert.deepEqual(await present(engine, 3), [3]);
  });
}
