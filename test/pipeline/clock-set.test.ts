/** A wall clock that is set by days while batches are on their way, over a real log. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Engine } from "../../src/engine.ts";
import { stopClock } from "../support/clock.ts";
import { arrive, destination, openEngine } from "./shared.ts";
import { type Backend, live, serve, settableClock, type Times } from "./serving.ts";

const minute = 60_000;
const day = 24 * 60 * minute;

/** Sets the clock, which is noticed a second later. */
async function leap(engine: Engine, times: Times, byMs: number, pass: () => Promise<void>) {
  times.set(byMs);
  await pass();
  await engine.clockSet(byMs, Date.now());
}

/** Fails at some, refuses one alone, and lets the rest pass when it is told to. */
function moody() {
  let isUp = false;
  const backend: Backend = ({ ids }) => {
    if (!isUp) return { status: 503 };
    return { status: ids.includes("poison") ? 422 : ids.includes("large") ? 413 : 200 };
  };
  return { backend, rise: () => isUp = true };
}

const deadIn = async (engine: Engine) => (await engine.dead({}, 100)).map(({ event }) => event.id);

describe("a clock that is set by five days", () => {
  for (const byMs of [5 * day, -5 * day]) {
    const way = byMs > 0 ? "forward" : "back";
    const retry = { ...destination.retry, forMs: 3 * day };

    it(`${way}: makes nothing dead, and holds nothing up`, async () => {
      using clock = stopClock();
      using times = settableClock();
      await using engine = await openEngine();
      for (const id of ["e-1", "e-2", "large", "e-3"]) await arrive(engine, id);
      const { backend, rise } = moody();
      await using running = serve(engine, backend, times, { to: { ...destination, retry } });
      await live(clock, 15 * minute, 5_000);
      await leap(engine, times, byMs, () => clock.pass(1_000));
      const before = running.sent.length;
      await live(clock, 30 * minute, 5_000);
      const tried = running.sent.length - before;
      assert.ok(tried >= 29 && tried <= 40, `${tried} attempts in half an hour`);
      assert.deepEqual(running.settlements, []);
      rise();
      await live(clock, 3 * minute, 1_000);
      const accepted = running.sent.filter(({ ids }) => ids.length < 4 && !ids.includes("large"));
      assert.deepEqual(accepted.flatMap(({ ids }) => ids).slice(0, 3), ["e-1", "e-2", "e-3"]);
      assert.deepEqual(await deadIn(engine), []);
    });

    it(`${way}: keeps what waits beside the lane due as far from now as it was`, async () => {
      using clock = stopClock();
      using times = settableClock();
      await using engine = await openEngine();
      await arrive(engine, "large");
      const { backend, rise } = moody();
      rise();
      const running = serve(engine, backend, times, { to: { ...destination, retry } });
      await live(clock, 10 * minute, 5_000);
      await leap(engine, times, byMs, () => clock.pass(1_000));
      const before = running.sent.length;
      await live(clock, 30 * minute, 5_000);
      const tried = running.sent.length - before;
      assert.ok(tried >= 25 && tried <= 40, `${tried} attempts in half an hour`);
      await running[Symbol.asyncDispose]();
      assert.deepEqual(await deadIn(engine), []);
    });

    it(`${way}: makes no poison of what was refused after others were accepted`, async () => {
      using clock = stopClock();
      using times = settableClock();
      await using engine = await openEngine();
      const { backend, rise } = moody();
      rise();
      await using running = serve(engine, backend, times);
      await arrive(engine, "e-1");
      await live(clock, minute);
      await arrive(engine, "poison");
      await live(clock, 2 * minute);
      await leap(engine, times, byMs, () => clock.pass(1_000));
      await live(clock, 10 * minute, 5_000);
      assert.deepEqual(await deadIn(engine), []);
      await arrive(engine, "e-2");
      await live(clock, 2 * minute);
      assert.deepEqual(await deadIn(engine), ["poison"], "others are accepted since");
      assert.ok(running.sent.length < 40);
    });

    it(`${way}: finds what fails for ever as soon as without it`, async () => {
      using clock = stopClock();
      using times = settableClock();
      await using engine = await openEngine();
      await arrive(engine, "e-1");
      await arrive(engine, "bad");
      const backend: Backend = ({ ids }) => ({ status: ids.includes("bad") ? 500 : 200 });
      await using running = serve(engine, backend, times, { pings: true });
      await live(clock, 2 * minute);
      await leap(engine, times, byMs, () => clock.pass(1_000));
      await live(clock, 7 * minute, 5_000);
      assert.deepEqual(running.settlements, [], "ten minutes are not over");
      await live(clock, 4 * minute, 5_000);
      assert.ok(running.settlements.some(({ as }) => as === "accepted"));
      assert.deepEqual(await deadIn(engine), []);
    });

    it(`${way}: keeps a flush from closing what comes later`, async () => {
      using clock = stopClock();
      using times = settableClock();
      await using engine = await openEngine();
      await using running = serve(engine, () => ({ status: 200 }), times);
      await arrive(engine, "e-1");
      await clock.pass(0);
      running.steering.flush("acme");
      await clock.pass(1);
      await leap(engine, times, byMs, () => clock.pass(1_000));
      await arrive(engine, "e-2");
      await live(clock, 4_000);
      assert.deepEqual(running.sent.map(({ batch }) => batch.reason), ["flush"]);
      await live(clock, 2_000);
      assert.deepEqual(running.sent.map(({ batch }) => batch.reason), ["flush", "max_wait"]);
    });
  }
});
