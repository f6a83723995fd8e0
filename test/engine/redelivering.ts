/** The contract's part about sending again what was delivered in a time. */
import assert from "node:assert/strict";
import type { Replayed, Selection } from "../../src/delivery.ts";
import type { Promised } from "./contract.ts";
import { beside, drainBeside, none, partly, replayAll, settled, total } from "./resending.ts";
import {
  append,
  appendMany,
  dead,
  drain,
  idsOf,
  owner,
  seal,
  takeLane,
  takeLanes,
} from "./shared.ts";

function describeWhat(promised: Promised): void {
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

  promised("sends again what was delivered of a batch in part", async (engine) => {
    await appendMany(engine, "acme", 6);
    const lane = await takeLane(engine);
    const notWanted = [{ member: 1, reason: "not wanted" }];
    const { id } = await settled(lane, 4, partly({ again: [0, 3], dead: notWanted }));
    const found = { ...none, events: 1, tenants: 1 };
    const delivered = true;
    assert.deepEqual(await engine.replay({ delivered }, true), found, "the others wait, or died");
    assert.deepEqual(await drainBeside(lane), [["acme1", "acme4"]]);
    assert.equal((await engine.replay({ delivered, until: 1 }, false)).events, 0);
    const three = { ...found, events: 3 };
    assert.deepEqual(await engine.replay({ delivered }, false), three);
    const again = await seal(lane, beside);
    assert.deepEqual([again.replayOf, await idsOf(lane, again)], [id, ["acme1", "acme3", "acme4"]]);
    assert.deepEqual(await engine.replay({ delivered }, false), none, "it is on its way");
    assert.equal((await engine.dead({}, 10)).length, 1);
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

function describeSteps(promised: Promised): void {
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

  promised("looks at some thousands of events at once, though none is sent", async (engine) => {
    const steps = 12;
    for (let step = 0; step < steps; step++) {
      await appendMany(engine, "acme", 2_000, `acme${step}-`);
    }
    const lane = await takeLane(engine);
    await drain(lane, { eventsMax: 2_000, bytesMax: 10_000_000 });
    const delivered = true;
    assert.equal((await replayAll(engine, { delivered })).length, steps);
    const again = await replayAll(engine, { delivered });
    assert.equal(total(again), 0);
    assert.equal(again.length, 2, "20,000 are looked at, and then the rest");
    const counted = await replayAll(engine, { delivered }, true);
    assert.deepEqual([total(counted), counted.length], [24_000, 1]);
  });
}

/** Declares the promises about sending again what was delivered. */
export function describeRedelivering(promised: Promised): void {
  describeWhat(promised);
  describeSteps(promised);
}
