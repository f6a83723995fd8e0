/** The contract's part about handing lanes out. */
import assert from "node:assert/strict";
import type { Engine } from "../../src/engine.ts";
import { until } from "../support/clock.ts";
import type { Promised } from "./contract.ts";
import {
  append,
  appendMany,
  attempt,
  drain,
  idle,
  noon,
  owner,
  rule,
  rules,
  seal,
  takeLane,
  takeLanes,
} from "./shared.ts";

/** Notes the lanes that are handed out, and keeps them. */
function follow(engine: Engine) {
  const stop = new AbortController();
  const tenants: string[] = [];
  const ended = (async () => {
    for await (const lane of engine.lanes(stop.signal)) tenants.push(lane.tenant);
  })();
  return {
    tenants,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await ended;
    },
  };
}

function describeHanding(promised: Promised): void {
  promised("hands each lane with work out once", async (engine) => {
    await using given = follow(engine);
    await appendMany(engine, "acme", 3);
    await appendMany(engine, "globex", 1);
    await appendMany(engine, "acme", 3, "more");
    await until("both are out", () => given.tenants.length === 2);
    await engine.counts();
    assert.deepEqual(given.tenants, ["acme", "globex"]);
  });

  promised("hands a lane out again when it was given back with work", async (engine) => {
    await appendMany(engine, "acme", 2);
    (await takeLane(engine))[Symbol.dispose]();
    const again = await takeLane(engine);
    assert.deepEqual(await drain(again), ["acme1", "acme2"]);
  });

  promised("hands a lane out again when work comes after it was given back", async (engine) => {
    await appendMany(engine, "acme", 1);
    const lane = await takeLane(engine);
    await drain(lane);
    await using given = follow(engine);
    lane[Symbol.dispose]();
    await engine.counts();
    assert.deepEqual(given.tenants, []);
    await appendMany(engine, "acme", 1, "later");
    await until("it is out again", () => given.tenants.length === 1);
    lane[Symbol.dispose]();
    await appendMany(engine, "acme", 1, "latest");
    assert.deepEqual(given.tenants, ["acme"], "giving back twice takes it from nobody");
  });

  promised("hands out a lane whose batch is not settled", async (engine) => {
    await appendMany(engine, "acme", 1);
    const lane = await takeLane(engine);
    const batch = await seal(lane);
    lane[Symbol.dispose]();
    const again = await takeLane(engine);
    assert.deepEqual((await again.unsettled()).map(({ id }) => id), [batch.id]);
  });
}

function describeReaders(promised: Promised): void {
  promised("loses no lane to a reader who goes away", async (engine) => {
    await appendMany(engine, "acme", 1);
    await appendMany(engine, "globex", 1);
    const first = await takeLane(engine);
    const second = await takeLane(engine);
    assert.deepEqual([first.tenant, second.tenant], ["acme", "globex"]);
  });

  promised("ends when told to", async (engine) => {
    const stop = new AbortController();
    const lanes = engine.lanes(stop.signal)[Symbol.asyncIterator]();
    const next = lanes.next();
    stop.abort();
    assert.equal((await next).done, true);
  });

  promised("ends when the engine is closed", async (engine) => {
    const lanes = engine.lanes(new AbortController().signal)[Symbol.asyncIterator]();
    const next = lanes.next();
    await engine[Symbol.asyncDispose]();
    assert.equal((await next).done, true);
    await assert.rejects(append(engine, {}), /closed/);
  });
}

function describeLane(promised: Promised): void {
  promised("tells what waits after every commit", async (engine) => {
    await engine.configure(rules(rule("acme")));
    const owners = [owner("acme")];
    await append(engine, { id: "e1", owners, at: noon });
    await append(engine, { id: "e2", type: "call.urgent", owners, at: noon + 5 });
    const lane = await takeLane(engine);
    const { bytes, ...both } = lane.waiting();
    const live = { immediate: true, liveAt: noon + 5 };
    assert.deepEqual({ ...both, bytes: 0 }, { ...idle, ...live, count: 2, oldestAt: noon });
    const one = await seal(lane, { eventsMax: 1 });
    const after = lane.waiting();
    assert.ok(after.bytes > 0 && after.bytes < bytes);
    assert.deepEqual(
      { ...after, bytes: 0 },
      { ...idle, ...live, count: 1, oldestAt: noon + 5, sealed: 1 },
    );
    const two = await seal(lane);
    assert.deepEqual(lane.waiting(), { ...idle, sealed: 2 });
    await lane.settle(one.id, attempt(1), { as: "accepted" });
    await lane.settle(two.id, attempt(1), { as: "again" });
    const { deliveredAt, ...rest } = lane.waiting();
    assert.deepEqual([rest, typeof deliveredAt], [{ ...idle, sealed: 1 }, "number"]);
  });

  promised("wakes whoever waits on a lane at an append and a settlement", async (engine) => {
    await appendMany(engine, "acme", 1);
    const lane = await takeLane(engine);
    const signal = new AbortController().signal;
    const appended = lane.changed(signal);
    await appendMany(engine, "acme", 1, "later");
    await appended;
    assert.equal(lane.waiting().count, 2);
    const batch = await seal(lane);
    const settled = lane.changed(signal);
    await lane.settle(batch.id, attempt(1), { as: "accepted" });
    await settled;
    await lane.changed(AbortSignal.abort());
  });

  promised("keeps one tenant's lane from reading another's batch", async (engine) => {
    await appendMany(engine, "acme", 1);
    await appendMany(engine, "globex", 1);
    const lanes = await takeLanes(engine, 2);
    const [acme, globex] = [lanes.get("acme"), lanes.get("globex")];
    assert.ok(acme && globex);
    const { id } = await seal(acme);
    await assert.rejects(globex.bytes(id), /is called/);
    await assert.rejects(globex.settle(id, attempt(1), { as: "accepted" }), /is called/);
    assert.equal(acme.waiting().sealed, 1);
  });
}

/** Says who works on which lane, and what a lane tells of itself. */
export function describeHandout(promised: Promised): void {
  describeHanding(promised);
  describeReaders(promised);
  describeLane(promised);
}
