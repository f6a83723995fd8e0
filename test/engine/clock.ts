/** The contract's part about clocks that are set, and about what is not to wait for them. */
import assert from "node:assert/strict";
import type { Engine } from "../../src/engine.ts";
import type { Lane } from "../../src/lane.ts";
import { graceMs } from "../../src/ownership.ts";
import { calling, maxAgeMs } from "./calling.ts";
import type { Promised } from "./contract.ts";
import { arrive, given, idle } from "./asked.ts";
import { beta, silent } from "./one-call.ts";
import { appendMany, attempt, cut, idsOf, noon, seal, takeLane, takeLanes } from "./shared.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** A lane beside which two events wait, due in an hour. */
async function withGroup(engine: Engine): Promise<{ lane: Lane; dueAt: number }> {
  await appendMany(engine, "acme", 2);
  const lane = await takeLane(engine);
  const { id } = await seal(lane);
  const dueAt = Date.now() + hourMs;
  await lane.settle(id, attempt(1), { as: "aside", notBefore: dueAt, refusedAt: Date.now() });
  return { lane, dueAt };
}

function describeHurry(promised: Promised): void {
  promised("lets what waits beside a lane be due now", async (engine) => {
    assert.equal(await engine.hurry("nobody"), 0);
    const { lane } = await withGroup(engine);
    assert.equal(await lane.seal(cut({ from: "session" })), undefined);
    const changed = lane.changed(new AbortController().signal);
    assert.equal(await engine.hurry("acme"), 2);
    await changed;
    assert.ok((lane.waiting().sessionAt ?? Number.POSITIVE_INFINITY) <= Date.now());
    const batch = await seal(lane, { from: "session" });
    assert.deepEqual(await idsOf(lane, batch), ["acme1", "acme2"]);
    assert.equal(await engine.hurry("acme"), 0);
  });

  promised("lets what waits beside all lanes be due now", async (engine) => {
    assert.equal(await engine.hurry(), 0);
    for (const tenant of ["acme", "beta", "gamma"]) await appendMany(engine, tenant, 2);
    const lanes = await takeLanes(engine, 3);
    const asided = ["acme", "beta"].flatMap((tenant) => lanes.get(tenant) ?? []);
    for (const lane of asided) {
      const { id } = await seal(lane);
      await lane.settle(id, attempt(1), { as: "aside", notBefore: Date.now() + hourMs });
    }
    const { signal } = new AbortController();
    const changed = Promise.all(asided.map((lane) => lane.changed(signal)));
    assert.equal(await engine.hurry(), 4);
    await changed;
    const ids = asided.map(async (lane) => idsOf(lane, await seal(lane, { from: "session" })));
    assert.deepEqual(await Promise.all(ids), [["acme1", "acme2"], ["beta1", "beta2"]]);
    assert.equal(await engine.hurry(), 0);
  });

  promised("does not wait for the end of a call", async (engine) => {
    const { heard } = await calling(engine);
    await heard("initiated", 10, "begins a");
    const lane = await takeLane(engine);
    assert.equal(await engine.hurry("acme"), 1);
    const batch = await seal(lane, { from: "session" });
    assert.equal(batch.reason, "session");
  });
}

function describeSetting(promised: Promised): void {
  for (const byMs of [-dayMs, dayMs]) {
    const which = byMs < 0 ? "back" : "forward";
    promised(`keeps what is due as far away when the clock is set ${which}`, async (engine) => {
      const { lane, dueAt } = await withGroup(engine);
      const changed = lane.changed(new AbortController().signal);
      await engine.clockSet(byMs, Date.now() + byMs);
      await changed;
      assert.equal(lane.waiting().sessionAt, dueAt + byMs);
      assert.deepEqual([lane.waiting().refused, lane.waiting().split], [1, 0]);
    });
  }

  promised("keeps a call open as long as before", async (engine) => {
    const { heard, start } = await calling(engine);
    await heard("initiated", 100, "begins a");
    const lane = await takeLane(engine);
    await engine.clockSet(dayMs, Date.now() + dayMs);
    assert.equal(lane.waiting().sessionAt, start - 100_000 + maxAgeMs + dayMs);
  });

  promised("counts a leap forward for nothing, in every lane", async (engine) => {
    await appendMany(engine, "acme", 1);
    const lane = await takeLane(engine);
    const at = noon + dayMs;
    await engine.clockSet(-hourMs, at);
    assert.deepEqual(await lane.halts(), []);
    await engine.clockSet(dayMs, at);
    assert.deepEqual(await lane.halts(), [{ from: noon, until: at }]);
    await engine.clockSet(hourMs, at + hourMs / 2);
    assert.deepEqual(await lane.halts(), [{ from: noon, until: at + hourMs / 2 }]);
    await lane.halt(true);
    assert.deepEqual((await lane.halts()).map(({ from }) => from)[0], noon);
    assert.equal((await lane.halts()).length, 2);
  });

  promised("lets nothing seem accepted after it was refused", async (engine) => {
    await appendMany(engine, "acme", 2);
    const lane = await takeLane(engine);
    const { id } = await seal(lane, { eventsMax: 1 });
    await lane.settle(id, attempt(1), { as: "accepted" });
    const { deliveredAt = 0 } = lane.waiting();
    await engine.clockSet(-dayMs, Date.now() - dayMs);
    assert.equal(lane.waiting().deliveredAt, deliveredAt - dayMs);
    await engine.clockSet(dayMs, Date.now());
    assert.equal(lane.waiting().deliveredAt, deliveredAt - dayMs);
  });

  promised("lets what waits for its call wait as long as before", async (engine) => {
    await arrive(engine, { id: "e1", evidence: { ...silent, ids: [beta] } });
    await engine.clockSet(hourMs, noon + hourMs);
    assert.deepEqual(await engine.tend(noon + hourMs + graceMs - 1, false), idle);
    assert.equal((await engine.tend(noon + hourMs + graceMs, false)).released, 1);
    assert.deepEqual(await given(engine), { beta: ["e1"] });
  });
}

/** Declares the promises about time. */
export function describeClock(promised: Promised): void {
  describeHurry(promised);
  describeSetting(promised);
}
