/** The contract's part about dead letters and batches, as people look at them. */
import assert from "node:assert/strict";
import type { DeadLetter } from "../../src/delivery.ts";
import type { Engine } from "../../src/engine.ts";
import type { Lane } from "../../src/lane.ts";
import type { Promised } from "./contract.ts";
import {
  append,
  appendMany,
  attempt,
  dead,
  drain,
  noon,
  owner,
  seal,
  takeLane,
  takeLanes,
} from "./shared.ts";

const idsIn = (letters: readonly DeadLetter[]) => letters.map(({ event }) => event.id);

/** Gives up a batch of so many, with an answer in between. */
async function giveUp(lane: Lane, eventsMax: number, olderThan = 0): Promise<string> {
  const { id } = await seal(lane, { eventsMax });
  await lane.settle(id, attempt(1), { as: "again" });
  await lane.settle(id, attempt(2), dead(olderThan));
  return id;
}

/** Everything, so many at once. */
async function pages(engine: Engine, limit: number, tenant?: string): Promise<DeadLetter[]> {
  const all: DeadLetter[] = [];
  for (;;) {
    const page = await engine.dead(tenant === undefined ? {} : { tenant }, limit, all.at(-1));
    if (page.length === 0) return all;
    all.push(...page);
  }
}

function describeListing(promised: Promised): void {
  promised("tells why and when each was given up, and after how many attempts", async (engine) => {
    await appendMany(engine, "acme", 3);
    const lane = await takeLane(engine);
    const before = Date.now();
    const batch = await giveUp(lane, 2, noon + 1_000);
    const letters = await engine.dead({}, 10);
    assert.deepEqual(idsIn(letters), ["acme3", "acme2", "acme1"]);
    const [waiting, sealed] = letters;
    assert.ok(sealed && sealed.at >= before && sealed.at <= Date.now());
    const { event, at } = sealed;
    const reason = "not accepted within 10 s";
    const letter = { ref: 2, tenant: "acme", event, batch, reason, at, attempts: 2 };
    assert.deepEqual(sealed, letter);
    assert.deepEqual([event.type, event.receivedAt], ["message.received", noon + 1]);
    assert.deepEqual([waiting?.batch, waiting?.reason, waiting?.attempts], [undefined, reason, 0]);
  });

  promised("lists those of one tenant, or of all, in pages", async (engine) => {
    await appendMany(engine, "acme", 7);
    await appendMany(engine, "beta", 7);
    const lanes = await takeLanes(engine, 2);
    for (const lane of [...lanes.values(), ...lanes.values()]) await giveUp(lane, 3);
    for (const limit of [1, 2, 5, 100]) {
      const all = await pages(engine, limit);
      assert.equal(new Set(idsIn(all)).size, 12);
      const inOrder = all.toSorted((one, other) => other.at - one.at || other.ref - one.ref);
      assert.deepEqual(idsIn(all), idsIn(inOrder));
      const betas = all.filter(({ tenant }) => tenant === "beta");
      assert.deepEqual(await pages(engine, limit, "beta"), betas);
    }
    assert.deepEqual(await engine.dead({ tenant: "nobody" }, 10), []);
  });

  promised("lists those that died in a time", async (engine) => {
    await appendMany(engine, "acme", 2);
    const lane = await takeLane(engine);
    await giveUp(lane, 2);
    const at = (await engine.dead({}, 1))[0]?.at ?? 0;
    const died = async (since: number, until: number) =>
      (await engine.dead({ tenant: "acme", since, until }, 10)).length;
    assert.equal(await died(at, at + 1), 2);
    assert.equal(await died(at + 1, at + 9), 0);
    assert.equal(await died(0, at), 0);
    assert.equal((await engine.dead({ until: at }, 10, { at: at + 5, ref: 1 })).length, 0);
  });

  promised("leaves no copy out that died at the same time as another", async (engine) => {
    const owners = ["acme", "beta", "carl"].map((tenant) => owner(tenant));
    await append(engine, { owners });
    const lanes = await takeLanes(engine, 3);
    await Promise.all([...lanes.values()].map((lane) => giveUp(lane, 1)));
    const tenants = (await pages(engine, 1)).map(({ tenant }) => tenant);
    assert.deepEqual(tenants.sort(), ["acme", "beta", "carl"]);
  });
}

function describeStories(promised: Promised): void {
  promised("tells a batch's attempts, the first and the last of them", async (engine) => {
    await appendMany(engine, "acme", 2);
    const lane = await takeLane(engine);
    const batch = await seal(lane);
    assert.equal(await engine.story("bat_x"), undefined);
    const { id, tenant, sequence, count, size, sealedAt } = batch;
    const sealed = { id, tenant, sequence, state: "sealed", count, size, sealedAt } as const;
    assert.deepEqual(await engine.story(id), { ...sealed, attempts: 0, kept: [] });
    const failed = { ...attempt(1), tookMs: 2, status: 503, answer: "busy", error: "timeout" };
    for (let number = 1; number <= 30; number++) {
      await lane.settle(id, { ...failed, number }, { as: "again" });
    }
    const story = await engine.story(id);
    assert.equal(story?.attempts, 30);
    const numbers = story.kept.map(({ number }) => number);
    assert.deepEqual([numbers[0], numbers[4], numbers[5], numbers.at(-1)], [1, 5, 11, 30]);
    assert.deepEqual(story.kept[0], { ...failed, verdict: "again" });
  });

  promised("tells how a batch ended", async (engine) => {
    await appendMany(engine, "acme", 9);
    const lane = await takeLane(engine);
    const stateAfter = async (to: Parameters<Lane["settle"]>[2], more = {}) => {
      const { id } = await seal(lane, { eventsMax: 2, ...more });
      const before = Date.now();
      await lane.settle(id, attempt(1), to);
      const story = await engine.story(id);
      assert.ok(story?.settledAt !== undefined && story.settledAt >= before);
      return story;
    };
    assert.equal((await stateAfter({ as: "accepted" })).state, "delivered");
    assert.equal((await stateAfter(dead())).state, "dead");
    const partly = { as: "partly", again: [1], dead: [], notBefore: 0 } as const;
    const { id, state } = await stateAfter(partly);
    assert.equal(state, "partly");
    const retry = await stateAfter({ as: "accepted" }, { from: "session" });
    assert.deepEqual([retry.retryOf, retry.count], [id, 1]);
    const split = await stateAfter({ as: "split" });
    assert.deepEqual([split.state, split.kept[0]?.verdict], ["split", "split"]);
  });

  promised(
    "forgets a batch that is settled, but not where dead letters name it",
    async (engine) => {
      await appendMany(engine, "acme", 3);
      const lane = await takeLane(engine);
      const given = await giveUp(lane, 1);
      const { id } = await seal(lane, { eventsMax: 1 });
      await lane.settle(id, attempt(1), { as: "accepted" });
      await drain(lane);
      await engine.prune(Date.now() + 1_000, 100);
      assert.equal(await engine.story(id), undefined);
      assert.equal((await engine.story(given))?.state, "dead");
      assert.equal((await engine.dead({}, 10))[0]?.attempts, 2);
    },
  );
}

/** Declares the promises about what people look at. */
export function describeLetters(promised: Promised): void {
  describeListing(promised);
  describeStories(promised);
}
