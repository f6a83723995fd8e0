import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Destination } from "../../src/tenant.ts";
import { stopClock, until } from "../support/clock.ts";
import { cut, laneWith, start } from "./delivering.ts";
import { arrive, destination, firstLane, openDurableEngine, openEngine } from "./shared.ts";

describe("deliver()", () => {
  it("settles what was accepted", async () => {
    await using engine = await openEngine();
    const { lane, batches } = await laneWith(engine, 1);
    await using running = start(lane, batches);
    await running.answer(0, { status: 204 });
    await running.done;
    assert.deepEqual(running.settlements, [{ as: "accepted" }]);
    assert.equal(lane.waiting().sealed, 0);
    const [fact] = running.attempted();
    assert.ok(fact?.is === "batch.attempted");
    const { attempt, verdict, origin, status, nextMs } = fact;
    assert.deepEqual({ attempt, verdict, origin, status, nextMs }, {
      attempt: 1,
      verdict: "accepted",
      origin: "https://hooks.acme.example",
      status: 204,
      nextMs: undefined,
    });
  });

  it("tries again with the same id and the same bytes", async () => {
    using clock = stopClock();
    await using engine = await openEngine();
    const { lane, batches } = await laneWith(engine, 1);
    await using running = start(lane, batches);
    await running.answer(0, { status: 500, text: "no" });
    await until("the fact", () => running.attempted().length === 1);
    await clock.pass(1_999);
    assert.equal(running.sent.length, 1);
    await clock.pass(1);
    await running.answer(1, { error: "timeout" });
    await until("the fact", () => running.attempted().length === 2);
    await clock.pass(4_000);
    await running.answer(2, { status: 200 });
    await running.done;
    const [first, ...others] = running.sent;
    for (const other of others) {
      assert.equal(other.batch.id, first?.batch.id);
      assert.deepEqual(other.bytes, first?.bytes);
    }
    assert.deepEqual(running.sent.map(({ attempt }) => attempt), [1, 2, 3]);
    const nexts = running.attempted().map((fact) => fact.is === "batch.attempted" && fact.nextMs);
    assert.deepEqual(nexts, [2_000, 4_000, undefined]);
  });

  it("counts attempts over restarts, and sends the same bytes", async () => {
    await using engine = await openDurableEngine();
    const { lane, batches } = await laneWith(engine, 1);
    const before = start(lane, batches);
    await before.answer(0, { status: 503 });
    await until("the fact", () => before.attempted().length === 1);
    await before[Symbol.asyncDispose]();
    assert.deepEqual(before.settlements, []);

    const reopened = await engine.reopen();
    const again = await firstLane(reopened);
    await using running = start(again, [...await again.unsettled()]);
    await running.answer(0, { status: 200 });
    await running.done;
    assert.equal(running.sent[0]?.attempt, 2);
    assert.equal(running.sent[0]?.batch.id, before.sent[0]?.batch.id);
    assert.deepEqual(running.sent[0]?.bytes, before.sent[0]?.bytes);
  });

  it("waits as long as the answer asks", async () => {
    using clock = stopClock();
    await using engine = await openEngine();
    const { lane, batches } = await laneWith(engine, 1);
    await using running = start(lane, batches);
    running.roll(0);
    await running.answer(0, { status: 429, retryAfter: "90" });
    await until("the fact", () => running.attempted().length === 1);
    await clock.pass(89_999);
    assert.equal(running.sent.length, 1);
    await clock.pass(1);
    await running.answer(1, { status: 200 });
    await running.done;
  });

  it("tries a changed destination at once", async () => {
    using _ = stopClock();
    await using engine = await openEngine();
    const { lane, batches } = await laneWith(engine, 1);
    await using running = start(lane, batches);
    await running.fail(0);
    running.reload({ ...destination });
    const changes: Partial<Destination>[] = [
      { url: "https://new.acme.example/" },
      { headers: { a: "b" } },
      { secrets: [new Uint8Array(24)] },
    ];
    for (const [index, change] of changes.entries()) {
      running.reload({ ...destination, ...change });
      await running.answer(index + 1, { status: 500 });
      await until("the fact", () => running.attempted().length === index + 2);
      assert.deepEqual(running.sent[index + 1]?.destination, { ...destination, ...change });
    }
    assert.equal(running.sent.length, 4, "what did not change does not count");
  });

  it("notices a destination that changed during the attempt", async () => {
    using _ = stopClock();
    await using engine = await openEngine();
    const { lane, batches } = await laneWith(engine, 1);
    await using running = start(lane, batches);
    await until("an attempt", () => running.sent.length === 1);
    running.reload({ ...destination, url: "https://new.acme.example/" });
    await running.answer(0, { status: 500 });
    await running.answer(1, { status: 200 });
    await running.done;
  });

  it("sends nothing while the tenant is paused or gone, and goes on when it is back", async () => {
    using clock = stopClock();
    await using engine = await openEngine();
    const { lane, batches } = await laneWith(engine, 1);
    await using running = start(lane, batches);
    await until("an attempt", () => running.sent.length === 1);
    running.reload(undefined);
    await running.fail(0);
    await clock.pass(3_600_000);
    assert.equal(running.sent.length, 1);
    running.reload(destination);
    await running.answer(1, { status: 200 });
    await running.done;
  });

  it("gives up what is older than `for`, after ten attempts and ten minutes", async () => {
    using clock = stopClock();
    await using engine = await openEngine();
    const { lane, batches } = await laneWith(engine, 1);
    await arrive(engine, "later");
    const retry = { firstMs: 1_000, maxMs: 1_000, forMs: 3_600_000 };
    await using running = start(lane, batches, { to: { ...destination, retry } });
    await clock.pass(2 * 3_600_000);
    running.elapse(10 * 60_000);
    for (let attempt = 0; attempt < 10; attempt++) {
      assert.equal(running.settlements.length, 0);
      await running.fail(attempt);
      await clock.pass(1_000);
    }
    await running.done;
    const [settlement] = running.settlements;
    assert.ok(settlement?.as === "dead");
    assert.equal(settlement.reason, "not accepted within 3600 s");
    const { lanes: [counted] } = await engine.counts();
    assert.deepEqual([counted?.dead, counted?.waiting, counted?.sealed], [2, 0, 0]);
  });

  it("gives nothing up within ten minutes of the start", async () => {
    using clock = stopClock();
    await using engine = await openEngine();
    const { lane, batches } = await laneWith(engine, 1);
    const retry = { firstMs: 1_000, maxMs: 1_000, forMs: 1_000 };
    const to = { ...destination, retry };
    await using running = start(lane, batches, { to });
    running.elapse(9 * 60_000);
    for (let attempt = 0; attempt < 12; attempt++) {
      await running.fail(attempt);
      await clock.pass(1_000);
    }
    assert.deepEqual(running.settlements, []);
  });

  it("gives nothing up within ten minutes of a pause", async () => {
    using clock = stopClock();
    await using engine = await openEngine();
    const { lane, batches } = await laneWith(engine, 1);
    const retry = { firstMs: 1_000, maxMs: 1_000, forMs: 1_000 };
    const to = { ...destination, retry };
    await using running = start(lane, batches, { to });
    await running.fail(0);
    running.elapse(3_600_000);
    running.reload(undefined);
    await clock.pass(1_000);
    running.reload(to);
    for (let attempt = 1; attempt < 12; attempt++) {
      await running.fail(attempt);
      await clock.pass(1_000);
    }
    assert.deepEqual(running.settlements, []);
  });

  it("counts only the time in which it was not paused", async () => {
    using clock = stopClock();
    await using engine = await openEngine();
    const { lane, batches } = await laneWith(engine, 1);
    const retry = { firstMs: 1_000, maxMs: 1_000, forMs: 3_600_000 };
    const to = { ...destination, retry };
    await lane.halt(true);
    await clock.pass(50 * 60_000);
    await lane.halt(false);
    await using running = start(lane, batches, { to });
    for (let attempt = 0; attempt < 12; attempt++) {
      await running.fail(attempt);
      await clock.pass(5 * 60_000);
    }
    assert.deepEqual(running.settlements, [], "it is older than that, and was halted");
    await clock.pass(1);
    await running.fail(12);
    await running.done;
    assert.deepEqual(running.settlements.map(({ as }) => as), ["dead"]);
  });

  it("has at most `in_flight` batches on their way", async () => {
    await using engine = await openEngine();
    const { lane, batches } = await laneWith(engine, 4);
    await using running = start(lane, batches, { to: { ...destination, inFlight: 2 } });
    await until("two", () => running.sent.length === 2);
    await running.answer(1, { status: 200 });
    await until("a third", () => running.sent.length === 3);
    assert.equal(running.underWay(), 2);
    for (const index of [0, 2, 3]) await running.answer(index, { status: 200 });
    await running.done;
    assert.equal(running.settlements.length, 4);
  });

  it("has so many requests on their way over all tenants, and rests hold none", async () => {
    using clock = stopClock();
    await using engine = await openEngine();
    const { lane, batches } = await laneWith(engine, 3);
    const to = { ...destination, inFlight: 3 };
    await using running = start(lane, batches, { to, requestsMax: 1 });
    await until("one", () => running.sent.length === 1);
    assert.equal(running.requests.pending, 1);
    await running.answer(0, { status: 500 });
    await until("the next while the first rests", () => running.sent.length === 2);
    assert.equal(running.underWay(), 1);
    await running.answer(1, { status: 200 });
    await running.answer(2, { status: 200 });
    await until("two facts more", () => running.attempted().length === 3);
    await clock.pass(2_000);
    await running.answer(3, { status: 200 });
    await running.done;
  });

  it("lets a large batch go that its rate holds up, whatever follows it", async () => {
    using clock = stopClock();
    await using engine = await openEngine();
    const { lane, batches } = await laneWith(engine, 1);
    for (let event = 0; event < 5; event++) await arrive(engine, `large-${event}`);
    const large = await lane.seal({ ...cut, eventsMax: 5 });
    const small = [];
    for (let event = 0; event < 30; event++) {
      await arrive(engine, `small-${event}`);
      small.push(await lane.seal(cut));
    }
    const all = [...batches, large, ...small].filter((batch) => batch !== undefined);
    const rate = { events: { count: 5, perMs: 1_000 } };
    await using running = start(lane, all, { to: { ...destination, inFlight: 3, rate } });
    for (let passed = 0; passed < 9_000; passed += 100) {
      for (const one of running.sent) one.answer({ status: 200 });
      await clock.pass(100);
    }
    const counts = running.sent.map(({ batch }) => batch.count);
    assert.equal(counts.indexOf(5), 1);
    assert.equal(running.settlements.length, 32);
  });

  it("lets the attempt under way end at an abort, and settles nothing else", async () => {
    using _ = stopClock();
    await using engine = await openEngine();
    const { lane, batches } = await laneWith(engine, 3);
    await using running = start(lane, batches, { to: { ...destination, inFlight: 2 } });
    await until("two", () => running.sent.length === 2);
    await running.fail(0);
    running.abort();
    await running.answer(1, { status: 200 });
    await running.done;
    assert.equal(running.sent.length, 2);
    assert.deepEqual(running.settlements, [{ as: "accepted" }]);
    assert.equal(lane.waiting().sealed, 2);
  });
});
