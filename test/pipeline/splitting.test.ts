/** Batches that end without being accepted whole, over a real log. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Engine } from "../../src/engine.ts";
import type { Fact } from "../../src/telemetry.ts";
import { stopClock } from "../support/clock.ts";
import { arrive, openEngine } from "./shared.ts";
import { type Backend, live, type Request, serve, settableClock } from "./serving.ts";

const minute = 60_000;

async function arriveMany(engine: Engine, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, (_, index) => `e-${index}`);
  for (const id of ids) await arrive(engine, id);
  return ids;
}

/** Wraps a backend, to know what it accepted, in that order. */
function remembering(backend: Backend) {
  const accepted: string[] = [];
  return {
    accepted,
    backend: (request: Request) => {
      const answered = backend(request);
      if (answered.status === 200) accepted.push(...request.ids);
      return answered;
    },
  };
}

const counts = async (engine: Engine) => {
  const { lanes: [lane] } = await engine.counts();
  return { waiting: lane?.waiting, sealed: lane?.sealed, dead: lane?.dead };
};

describe("a backend that takes no more than three events", () => {
  it("gets them in smaller batches, in order, which name the batch they were in", async () => {
    using clock = stopClock();
    using times = settableClock();
    await using engine = await openEngine();
    const ids = await arriveMany(engine, 8);
    const { accepted, backend } = remembering(({ ids }) => ({
      status: ids.length > 3 ? 413 : 200,
    }));
    await using running = serve(engine, backend, times);
    await live(clock, 10_000);
    assert.deepEqual(accepted, ids);
    const [whole, ...parts] = running.sent;
    assert.equal(whole?.batch.count, 8);
    assert.ok(parts.every(({ batch }) => batch.reason === "retry" && batch.retryOf !== undefined));
    assert.equal(parts[0]?.batch.retryOf, whole?.batch.id);
    assert.equal(new Set(running.sent.map(({ batch }) => batch.id)).size, running.sent.length);
    assert.deepEqual(await counts(engine), { waiting: 0, sealed: 0, dead: 0 });
  });

  it("does not let one that is too large alone hold up the others", async () => {
    using clock = stopClock();
    using times = settableClock();
    await using engine = await openEngine();
    const ids = await arriveMany(engine, 8);
    const { accepted, backend } = remembering(({ ids }) => ({
      status: ids.includes("e-2") ? 413 : 200,
    }));
    await using running = serve(engine, backend, times);
    await live(clock, 2 * minute);
    assert.deepEqual(accepted, ids.filter((id) => id !== "e-2"));
    const alone = running.sent.filter(({ ids: [first, ...more] }) =>
      first === "e-2" && !more.length
    );
    assert.ok(alone.length > 3 && alone.length < 10, `it was tried ${alone.length} times`);
    for (const [at, { batch }] of alone.slice(1).entries()) {
      assert.equal(batch.retryOf, alone[at]?.batch.id);
      assert.equal(batch.returned?.refusedAt, undefined);
    }
    running.answer(backendOfAll);
    await live(clock, 2 * minute);
    assert.deepEqual(await counts(engine), { waiting: 0, sealed: 0, dead: 0 });
  });
});

const backendOfAll: Backend = () => ({ status: 200 });

/** What was stated of the tenant and its circuit. */
const statedOf = (facts: readonly Fact[]) =>
  facts.map(({ is }) => is).filter((is) => /^(tenant|circuit)/.test(is)).toSorted();

/** Accepts everything, and remembers it. */
const takingInto = (accepted: string[]): Backend => ({ ids }) => {
  accepted.push(...ids);
  return { status: 200 };
};

describe("a backend that takes nothing at all, however small", () => {
  it("gets a few of them at times, and an operator is told", async () => {
    using clock = stopClock();
    using times = settableClock();
    await using engine = await openEngine();
    const ids = await arriveMany(engine, 120);
    const { accepted, backend } = remembering(() => ({ status: 413 }));
    await using running = serve(engine, backend, times);
    await live(clock, 60 * minute, 5_000);
    const recent = running.sent.filter(({ at }) => at > times.now() - 10 * minute).length;
    assert.ok(recent < 60, `${recent} requests in ten minutes`);
    assert.deepEqual(statedOf(running.facts), ["circuit.opened", "tenant.failing"]);
    running.answer(takingInto(accepted));
    await live(clock, 10 * minute);
    assert.deepEqual(accepted.toSorted(), ids.toSorted());
  });
});

describe("a backend that refuses one event", () => {
  const poisoned: Backend = ({ ids }) => ({ status: ids.includes("e-5") ? 422 : 200 });

  it("gets all others in order; the one is dead when it is refused again", async () => {
    using clock = stopClock();
    using times = settableClock();
    await using engine = await openEngine();
    const ids = await arriveMany(engine, 8);
    const { accepted, backend } = remembering(poisoned);
    await using running = serve(engine, backend, times);
    await live(clock, minute);
    assert.deepEqual(accepted, ids.filter((id) => id !== "e-5"));
    await arrive(engine, "later");
    await live(clock, 2 * minute);
    assert.equal(accepted.at(-1), "later");
    assert.deepEqual(await counts(engine), { waiting: 0, sealed: 0, dead: 1 });
    const dead = running.facts.filter(({ is }) => is === "events.dead");
    const reason = "refused while others were accepted";
    assert.deepEqual(dead, [{ is: "events.dead", tenant: "acme", count: 1, reason }]);
    const [letter] = await engine.dead({ tenant: "acme" }, 10);
    assert.deepEqual([letter?.event.id, letter?.reason], ["e-5", reason]);
  });

  it("keeps it as long as no other is accepted", async () => {
    using clock = stopClock();
    using times = settableClock();
    await using engine = await openEngine();
    await arrive(engine, "e-5");
    await using running = serve(engine, poisoned, times);
    await live(clock, 10 * minute);
    assert.deepEqual(await counts(engine), { waiting: 1, sealed: 0, dead: 0 });
    await arrive(engine, "e-6");
    await live(clock, 2 * minute);
    assert.deepEqual(await counts(engine), { waiting: 0, sealed: 0, dead: 1 });
    assert.ok(running.sent.length < 30);
  });
});

describe("a backend that refuses everything", () => {
  it("gets a few of them at times, and makes none of them dead", async () => {
    using clock = stopClock();
    using times = settableClock();
    await using engine = await openEngine();
    const ids = await arriveMany(engine, 40);
    const { accepted, backend } = remembering(() => ({ status: 422 }));
    await using running = serve(engine, backend, times);
    await live(clock, 60 * minute, 5_000);
    assert.deepEqual([await counts(engine)].map(({ dead }) => dead), [0]);
    const recent = running.sent.filter(({ at }) => at > times.now() - 10 * minute).length;
    assert.ok(recent < 400, `${recent} requests in ten minutes`);
    assert.deepEqual(statedOf(running.facts), ["circuit.opened", "tenant.failing"]);
    running.answer(takingInto(accepted));
    await live(clock, 10 * minute);
    assert.deepEqual(accepted.toSorted(), ids.toSorted());
    assert.deepEqual(await counts(engine), { waiting: 0, sealed: 0, dead: 0 });
  });
});

describe("a backend that fails at one event for ever", () => {
  it("gets all others after ten minutes, when its pings are answered", async () => {
    using clock = stopClock();
    using times = settableClock();
    await using engine = await openEngine();
    const ids = await arriveMany(engine, 8);
    const { accepted, backend } = remembering(({ ids }) => ({
      status: ids.includes("e-5") ? 500 : 200,
    }));
    await using running = serve(engine, backend, times, { pings: true });
    await live(clock, 10 * minute - 1_000, 5_000);
    assert.deepEqual([accepted, running.settlements], [[], []]);
    await live(clock, 10 * minute, 5_000);
    assert.deepEqual(accepted, ids.filter((id) => id !== "e-5"));
    assert.equal((await counts(engine)).dead, 0);
    await arrive(engine, "later");
    await live(clock, minute);
    assert.equal(accepted.at(-1), "later", "it holds nobody up any more");
  });

  it("keeps it whole where other answers come in between", async () => {
    using clock = stopClock();
    using times = settableClock();
    await using engine = await openEngine();
    await arriveMany(engine, 8);
    let asked = 0;
    const backend: Backend = () => ({ status: asked++ % 6 === 5 ? 404 : 500 });
    await using running = serve(engine, backend, times, { pings: true });
    await live(clock, 30 * minute, 5_000);
    assert.deepEqual(running.settlements, []);
  });

  it("keeps the order where the URL answers nobody else", async () => {
    using clock = stopClock();
    using times = settableClock();
    await using engine = await openEngine();
    await arriveMany(engine, 8);
    await using running = serve(engine, () => ({ status: 500 }), times);
    await live(clock, 30 * minute, 5_000);
    assert.deepEqual(running.settlements, []);
    assert.equal(new Set(running.sent.map(({ batch }) => batch.id)).size, 1);
  });
});

describe("a backend that names failures", () => {
  const failures = (list: readonly object[]) => ({
    status: 200,
    body: JSON.stringify({ failures: list }),
  });

  it("gets those again, but for those that it never wants", async () => {
    using clock = stopClock();
    using times = settableClock();
    await using engine = await openEngine();
    await arriveMany(engine, 4);
    let asked = 0;
    const backend: Backend = () =>
      asked++ === 0
        ? failures([{ id: "e-1" }, { id: "e-2", retry: false }, { id: "e-3", retry: true }])
        : { status: 200 };
    await using running = serve(engine, backend, times);
    await live(clock, 10_000);
    assert.deepEqual(running.sent.map(({ ids }) => ids.join()), ["e-0,e-1,e-2,e-3", "e-1,e-3"]);
    const [whole, rest] = running.sent;
    assert.deepEqual([rest?.batch.retryOf, rest?.batch.reason], [whole?.batch.id, "retry"]);
    const [letter] = await engine.dead({}, 10);
    assert.deepEqual([letter?.event.id, letter?.batch], ["e-2", whole?.batch.id]);
    const { dead } = Object.assign({ dead: -1 }, await counts(engine));
    assert.equal(dead, 1);
  });

  it("gets the same batch again when it names what it was not sent", async () => {
    using clock = stopClock();
    using times = settableClock();
    await using engine = await openEngine();
    await arriveMany(engine, 2);
    let asked = 0;
    const backend: Backend = () => asked++ === 0 ? failures([{ id: "e-9" }]) : { status: 200 };
    await using running = serve(engine, backend, times);
    await live(clock, 10_000);
    const [first, second] = running.sent;
    assert.equal(second?.batch.id, first?.batch.id);
    assert.deepEqual(second?.bytes, first?.bytes);
    assert.deepEqual(running.settlements, [{ as: "accepted" }]);
  });
});
