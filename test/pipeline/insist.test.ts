import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Cut } from "../../src/engine.ts";
import { insistent } from "../../src/pipeline/insist.ts";
import { stopClock } from "../support/clock.ts";
import { arrive, collectFacts, firstLane, openEngine } from "./shared.ts";

const cut: Cut = {
  eventsMax: 9,
  bytesMax: 9_999,
  reason: "flush",
  layout: "envelope/1",
  from: "head",
  compact: false,
};

describe("insistent()", () => {
  it("asks again until the log can be written, and says so once", async () => {
    await using engine = await openEngine();
    await arrive(engine, "e-1");
    const lane = await firstLane(engine);
    using clock = stopClock();
    const { facts, state } = collectFacts();
    let left = 3;
    const seal: typeof lane.seal = (asked) =>
      left-- > 0 ? Promise.reject(new Error("disk full")) : lane.seal(asked);
    const full = Object.assign(Object.create(lane), { seal });
    const sealed = insistent(full, new AbortController().signal, state).seal(cut);
    for (let second = 0; second < 3; second++) await clock.pass(1_000);
    assert.equal((await sealed)?.count, 1);
    assert.deepEqual(facts, [{ is: "store.broken", why: "disk full" }]);
  });

  it("gives up when the daemon stops", async () => {
    await using engine = await openEngine();
    await arrive(engine, "e-1");
    const lane = await firstLane(engine);
    const stop = new AbortController();
    const broken = { ...lane, settle: () => Promise.reject(new Error("disk full")) };
    const { state } = collectFacts();
    const attempt = { number: 1, startedAt: 0, tookMs: 0, origin: "" };
    const settled = insistent(broken, stop.signal, state).settle("b", attempt, { as: "again" });
    stop.abort();
    await assert.rejects(settled, /disk full/);
  });
});
