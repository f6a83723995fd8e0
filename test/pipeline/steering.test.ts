import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Engine } from "../../src/engine.ts";
import type { Lane } from "../../src/lane.ts";
import { createSteering } from "../../src/pipeline/steering.ts";
import { digestOf } from "../../src/pipeline/urls.ts";
import { stopClock, turns } from "../support/clock.ts";
import { arrive, collectFacts, destination, firstLane, openEngine } from "./shared.ts";
import { accepted } from "./windowing.ts";

/** Steers a lane of acme's, with a clock of its own. */
async function steer(engine: Engine) {
  const { facts, state } = collectFacts();
  let mono = 0;
  const steering = createSteering({ now: () => mono, random: () => 1, state });
  await arrive(engine, "e-1");
  const lane = await firstLane(engine);
  const steered = await steering.of(lane, () => destination);
  return { steering, steered, lane, facts, pass: (ms: number) => mono += ms };
}

/** The same lane, which remembers what it was asked to write down. */
function watched(lane: Lane) {
  const halts: boolean[] = [];
  let resumes = 0;
  const told: Lane = {
    ...lane,
    halt: (is) => lane.halt(is).finally(() => halts.push(is)),
    resume: async () => {
      resumes++;
      await turns();
      await lane.resume();
    },
  };
  return { told, halts, resumes: () => resumes };
}

describe("createSteering()", () => {
  it("remembers a lane from one hand-out to the next", async () => {
    await using engine = await openEngine();
    const { steering, steered, lane } = await steer(engine);
    assert.equal(await steering.of(lane, () => destination), steered);
  });

  it("begins with what was written down of the lane's URLs", async () => {
    await using engine = await openEngine();
    await arrive(engine, "e-0");
    const lane = await firstLane(engine);
    const batch = await lane.seal({
      ...{ eventsMax: 1, bytesMax: 9_999, reason: "flush", layout: "envelope/1" },
      ...{ from: "head", compact: false },
    });
    const url = { digest: digestOf(destination.url), failures: 6, notBefore: 0 };
    await lane.settle(batch?.id ?? "", accepted(), { as: "again" }, url);
    const { state } = collectFacts();
    const steering = createSteering({ now: () => 0, random: () => 1, state });
    const { circuit } = await steering.of(lane, () => destination);
    assert.deepEqual(circuit.way(destination, 1), { waitMs: 60_000 });
    assert.equal(circuit.isSuspect(), true);
  });

  it("paces by the rate in force", async () => {
    await using engine = await openEngine();
    await arrive(engine, "e-0");
    const { state } = collectFacts();
    const steering = createSteering({ now: () => 0, random: () => 1, state });
    const rate = { requests: { count: 1, perMs: 1_000 } };
    let to = { ...destination, rate };
    const { pacer } = await steering.of(await firstLane(engine), () => to);
    assert.deepEqual([pacer.take(1), pacer.take(1)], [0, 1_000]);
    to = { ...destination, rate: { requests: { count: 2, perMs: 1_000 } } };
    assert.equal(pacer.take(1), 500);
  });

  it("flushes one tenant or all, whose next attempt is due now", async () => {
    using clock = stopClock();
    await using engine = await openEngine();
    const { steering, steered, pass } = await steer(engine);
    const { circuit } = steered;
    assert.ok(steered.flushedAt() < Date.now());
    const way = circuit.way(destination, 1);
    assert.ok("url" in way);
    circuit.failed(circuit.started(way), destination, "500");
    steering.flush("other");
    assert.ok(steered.flushedAt() < Date.now());
    assert.ok("waitMs" in circuit.way(destination, 1));
    for (const tenant of ["acme", undefined]) {
      pass(1_000);
      await clock.pass(1_000);
      const woken = steered.flushed(new AbortController().signal);
      steering.flush(tenant);
      await woken;
      assert.equal(steered.flushedAt(), Date.now());
      assert.ok("url" in circuit.way(destination, 1));
    }
  });

  it("hurries one tenant, and flushes nothing by it", async () => {
    await using engine = await openEngine();
    const { steering, steered } = await steer(engine);
    const { circuit } = steered;
    const way = circuit.way(destination, 1);
    assert.ok("url" in way);
    circuit.failed(circuit.started(way), destination, "500");
    steering.hurry("other");
    assert.ok("waitMs" in circuit.way(destination, 1));
    steering.hurry("acme");
    assert.ok("url" in circuit.way(destination, 1));
    assert.equal(steered.flushedAt(), Number.NEGATIVE_INFINITY);
  });
});

describe("createSteering(): stand()", () => {
  it("writes a halt down when it changes, and only then", async () => {
    await using engine = await openEngine();
    const { steered, lane } = await steer(engine);
    const { told, halts } = watched(lane);
    const still = undefined;
    const order = [still, still, destination, destination, destination, still];
    for (const to of order) await steered.stand(told, to);
    assert.deepEqual(halts, [true, false, true]);
    assert.equal((await lane.halts()).at(-1)?.until, undefined);
  });

  it("says at first that it goes on, which ends a halt from before the start", async () => {
    await using engine = await openEngine();
    const { steered, lane } = await steer(engine);
    await lane.halt(true);
    await steered.stand(lane, destination);
    assert.ok((await lane.halts()).every(({ until }) => until !== undefined));
  });

  it("ends a stored pause where the lane goes on nevertheless, and says so once", async () => {
    await using engine = await openEngine();
    const { steered, lane, facts } = await steer(engine);
    const { told, resumes } = watched(lane);
    await engine.pause("acme");
    await steered.stand(told, undefined);
    assert.equal(lane.waiting().paused?.by, "operator");
    await Promise.all([1, 2, 3].map(() => steered.stand(told, destination)));
    assert.equal(lane.waiting().paused, undefined);
    assert.equal(resumes(), 1);
    assert.deepEqual(facts, [{ is: "tenant.resumed", tenant: "acme" }]);
  });

  it("ends with what it was told last, whatever is under way", async () => {
    await using engine = await openEngine();
    const { steered, lane } = await steer(engine);
    const { told, halts } = watched(lane);
    await engine.pause("acme");
    await steered.stand(told, undefined);
    await Promise.all([steered.stand(told, destination), steered.stand(told, undefined)]);
    assert.deepEqual(halts, [true, false, true]);
  });
});
