/** What is on its way when the daemon ends goes on after the next start, over a log on disk. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { digestOf } from "../../src/pipeline/urls.ts";
import { eventually } from "../support/eventually.ts";
import { arrive, destination, firstLane, openDurableEngine, windowRule } from "./shared.ts";
import { type Backend, serve, type Times } from "./serving.ts";

const quick = {
  ...destination,
  inFlight: 3,
  retry: { ...destination.retry, firstMs: 10, maxMs: 20 },
};
const rule = { ...windowRule, maxWaitMs: 0, eventsMax: 1 };

/** A start of its own, by the real clock. */
function startedNow(): Times {
  const startedAt = performance.now();
  return {
    now: () => performance.now(),
    set: () => {},
    steadyMs: () => performance.now() - startedAt,
  };
}

describe("a restart", () => {
  it("keeps attempts, ids, bytes, and the order in which they are sent", async () => {
    await using engine = await openDurableEngine();
    for (const id of ["e-1", "e-2", "e-3", "e-4"]) await arrive(engine, id);
    const before = serve(engine, () => ({ status: 503 }), startedNow(), { to: quick, rule });
    await eventually("eight attempts", () => before.sent.length >= 8);
    await before[Symbol.asyncDispose]();
    const last = new Map(before.sent.map((one) => [one.batch.sequence, one]));

    const reopened = await engine.reopen();
    const to = { ...quick, inFlight: 1 };
    await using after = serve(reopened, () => ({ status: 200 }), startedNow(), { to, rule });
    await eventually("all four", () => after.settlements.length === 4);
    assert.deepEqual(after.sent.flatMap(({ ids }) => ids), ["e-1", "e-2", "e-3", "e-4"]);
    assert.deepEqual(after.sent.map(({ batch }) => batch.sequence), [1, 2, 3, 4]);
    for (const { batch, bytes, attempt } of after.sent.slice(0, 3)) {
      const known = last.get(batch.sequence);
      assert.equal(batch.id, known?.batch.id);
      assert.deepEqual(bytes, known?.bytes);
      assert.equal(attempt, 1 + (known?.attempt ?? 0));
    }
  });

  it("keeps how long an answer asked to wait", async () => {
    await using engine = await openDurableEngine();
    await arrive(engine, "e-1");
    const busy: Backend = () => ({ status: 429, retryAfter: "600" });
    const before = serve(engine, busy, startedNow(), { to: quick, rule });
    await eventually("an attempt", () => before.facts.length > 0);
    await before[Symbol.asyncDispose]();

    const reopened = await engine.reopen();
    using lane = await firstLane(reopened);
    const [url] = await lane.urls();
    const waitMs = (url?.notBefore ?? 0) - Date.now();
    assert.ok(waitMs > 590_000 && waitMs <= 600_000, `${waitMs} ms`);
    assert.deepEqual([url?.digest, url?.failures], [digestOf(quick.url), 1]);
    lane[Symbol.dispose]();
    await using after = serve(reopened, () => ({ status: 200 }), startedNow(), { to: quick, rule });
    await eventually("the lane is known", async () => (await reopened.counts()).lanes.length === 1);
    assert.deepEqual(after.sent, []);
    await eventually("a hurry", () => {
      after.steering.hurry("acme");
      return after.settlements.length === 1;
    });
  });

  it("keeps what a split has left, before what came later", async () => {
    await using engine = await openDurableEngine();
    for (const id of ["e-1", "e-2", "e-3", "e-4"]) await arrive(engine, id);
    const many = { ...windowRule, maxWaitMs: 0 };
    const to = { ...quick, inFlight: 1 };
    let asked = 0;
    const picky: Backend = () => ({ status: asked++ === 0 ? 413 : 503, retryAfter: "60" });
    const before = serve(engine, picky, startedNow(), { to, rule: many });
    await eventually("a split", () => before.settlements.length === 1);
    await arrive(engine, "later");
    await before[Symbol.asyncDispose]();

    const reopened = await engine.reopen();
    await using after = serve(reopened, () => ({ status: 200 }), startedNow(), { to, rule: many });
    await eventually("all five", () => {
      after.steering.hurry("acme");
      return after.sent.length === 3;
    });
    assert.deepEqual(after.sent.map(({ ids }) => ids.join()), ["e-1,e-2", "e-3,e-4", "later"]);
    assert.equal(after.sent[1]?.batch.retryOf, before.sent[0]?.batch.id);
  });

  it("keeps when a single event was refused, which is dead when it is again", async () => {
    await using engine = await openDurableEngine();
    const ids = Array.from({ length: 8 }, (_, index) => `e-${index}`);
    for (const id of ids) await arrive(engine, id);
    const to = { ...quick, inFlight: 1 };
    const many = { ...windowRule, maxWaitMs: 0 };
    const picky: Backend = ({ ids }) => {
      if (ids.length > 3) return { status: 413 };
      return { status: ids.includes("e-5") ? 422 : 200 };
    };
    const before = serve(engine, picky, startedNow(), { to, rule: many });
    await eventually("it is alone", () => before.settlements.some(({ as }) => as === "aside"));
    await before[Symbol.asyncDispose]();

    const reopened = await engine.reopen();
    await using after = serve(reopened, picky, startedNow(), { to, rule: many });
    const sentAll = () => [...before.sent, ...after.sent];
    await eventually("the others", () => sentAll().some(({ ids }) => ids.at(-1) === "e-7"));
    await arrive(reopened, "later");
    const dead = await eventually("a dead letter", async () => {
      const [letter] = await reopened.dead({}, 1);
      return letter;
    });
    assert.deepEqual([dead.event.id, dead.reason], ["e-5", "refused while others were accepted"]);
    const taken = () =>
      sentAll().filter((one) => picky(one).status === 200).flatMap(({ ids }) => ids);
    await eventually("the last", () => taken().includes("later"));
    assert.deepEqual(taken(), [...ids.filter((id) => id !== "e-5"), "later"]);
  });

  it("keeps a pause by a 410", async () => {
    await using engine = await openDurableEngine();
    await arrive(engine, "e-1");
    const before = serve(engine, () => ({ status: 410 }), startedNow(), { to: quick, rule });
    await eventually("a pause", async () => (await engine.counts()).lanes[0]?.paused !== undefined);
    await before[Symbol.asyncDispose]();

    const reopened = await engine.reopen();
    await using after = serve(reopened, () => ({ status: 200 }), startedNow(), { to: quick, rule });
    const { lanes: [lane] } = await reopened.counts();
    assert.deepEqual([lane?.paused?.by, lane?.sealed, after.sent.length], ["gone", 1, 0]);
    await reopened.resume("acme");
    await eventually("the batch", () => after.settlements.length === 1);
    assert.equal(after.sent[0]?.batch.id, before.sent[0]?.batch.id);
  });
});
