/** Backends in lasting trouble, over hours: who is given up, who is not, and who else notices. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Engine } from "../../src/engine.ts";
import { stopClock } from "../support/clock.ts";
import { both, first, minute, second } from "./circuits.ts";
import { type Backend, live, serve, settableClock } from "./serving.ts";
import { arrive, destination, openEngine } from "./shared.ts";

const hour = 60 * minute;

async function arriveMany(engine: Engine, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, (_, index) => `e-${index}`);
  for (const id of ids) await arrive(engine, id);
  return ids;
}

const deadIn = async (engine: Engine) =>
  (await engine.dead({}, 1_000)).map(({ event }) => event.id);

const failing = (ids: readonly string[]) => JSON.stringify({ failures: ids.map((id) => ({ id })) });

const allFail: Backend = ({ ids }) => ({ status: 200, body: failing(ids) });

describe("what never is accepted", () => {
  const hopeless: readonly (readonly [string, Backend])[] = [
    ["is answered with failures", allFail],
    ["is too large", () => ({ status: 413 })],
    ["is refused", () => ({ status: 422 })],
    ["fails", () => ({ status: 503 })],
  ];
  for (const [how, backend] of hopeless) {
    it(`is given up after \`for\` where it ${how}, and an operator was told`, async () => {
      using clock = stopClock();
      using times = settableClock();
      await using engine = await openEngine();
      await arriveMany(engine, 1);
      const to = { ...destination, retry: { ...destination.retry, forMs: hour } };
      await using running = serve(engine, backend, times, { to });
      await live(clock, hour - minute, 5_000);
      assert.deepEqual(await deadIn(engine), []);
      await live(clock, 10 * minute, 5_000);
      assert.deepEqual(await deadIn(engine), ["e-0"]);
      assert.equal(running.facts.filter(({ is }) => is === "tenant.failing").length, 1);
    });
  }
});

describe("many events that are poison", () => {
  it("keep the others for minutes only, and are no failures of the URL", async () => {
    using clock = stopClock();
    using times = settableClock();
    await using engine = await openEngine();
    const ids = await arriveMany(engine, 120);
    const isPoison = (id: string) => Number(id.slice(2)) % 2 === 1;
    const accepted = new Set<string>();
    await using running = serve(engine, ({ ids: sent }) => {
      if (sent.some(isPoison)) return { status: 422 };
      for (const id of sent) accepted.add(id);
      return { status: 200 };
    }, times);
    await live(clock, 5 * minute);
    assert.equal(accepted.size, 60);
    await arrive(engine, "e-120");
    await live(clock, 10 * minute, 5_000);
    assert.deepEqual((await deadIn(engine)).toSorted(), ids.filter(isPoison).toSorted());
    assert.ok(running.facts.every(({ is }) => is !== "circuit.opened"));
  });
});

describe("an outage in which pings are answered", () => {
  it("makes no dead letters, although the URL comes and goes when it is over", async () => {
    using clock = stopClock();
    using times = settableClock();
    await using engine = await openEngine();
    await arriveMany(engine, 40);
    let count = 0;
    await using running = serve(engine, () => ({ status: 500 }), times, { pings: true });
    await live(clock, 3 * hour, 5_000);
    running.answer(() => ({ status: count++ % 3 === 0 ? 503 : 200 }));
    await live(clock, 5 * minute);
    running.answer(() => ({ status: 200 }));
    await live(clock, 20 * minute, 5_000);
    assert.deepEqual(await deadIn(engine), []);
    const { lanes: [lane] } = await engine.counts();
    assert.deepEqual([lane?.waiting, lane?.sealed], [0, 0]);
  });
});

describe("a URL that takes nothing of all that it answers", () => {
  it("gets one attempt at a time, however much waits beside the lane", async () => {
    using clock = stopClock();
    using times = settableClock();
    await using engine = await openEngine();
    await arriveMany(engine, 300);
    await using running = serve(engine, allFail, times);
    await live(clock, hour, 5_000);
    assert.ok(running.sent.length < 120, `${running.sent.length} requests in an hour`);
    const told = running.facts.map(({ is }) => is);
    assert.ok(told.includes("tenant.failing") && told.includes("circuit.opened"));
  });
});

describe("a failover URL that is gone", () => {
  it("pauses nobody, and the first goes on when it works again", async () => {
    using clock = stopClock();
    using times = settableClock();
    await using engine = await openEngine();
    await arriveMany(engine, 1);
    const gone: Backend = ({ url }) => ({ status: url === second ? 410 : 503 });
    await using running = serve(engine, gone, times, { to: both });
    await live(clock, 2 * minute);
    assert.ok(running.sent.some(({ url }) => url === second));
    running.answer(({ url }) => ({ status: url === first ? 200 : 410 }));
    await live(clock, 2 * minute);
    assert.deepEqual(running.settlements, [{ as: "accepted" }]);
  });
});

describe("a first URL that asks to be left alone for long", () => {
  it("does not keep the other one from being used", async () => {
    using clock = stopClock();
    using times = settableClock();
    await using engine = await openEngine();
    await arriveMany(engine, 1);
    const away: Backend = ({ url }) =>
      url === first ? { status: 429, retryAfter: "3600" } : { status: 200 };
    await using running = serve(engine, away, times, { to: both });
    await live(clock, minute);
    assert.deepEqual(running.sent.map(({ url }) => url), [first, second]);
    assert.deepEqual(running.settlements, [{ as: "accepted" }]);
  });
});
