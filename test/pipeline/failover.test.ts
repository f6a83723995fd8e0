/** Two URLs, rates and several batches at once, over a real log. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Destination } from "../../src/tenant.ts";
import { stopClock } from "../support/clock.ts";
import { arrive, destination, openEngine, windowRule } from "./shared.ts";
import { type Backend, live, serve, settableClock } from "./serving.ts";

const minute = 60_000;
const spare = "https://spare.acme.example/telnyx";
const both: Destination = { ...destination, failoverUrl: spare };
const one = { ...windowRule, eventsMax: 1, maxWaitMs: 0 };

describe("a destination with a failover", () => {
  it("gets the same batch there after two failures, and then goes back", async () => {
    using clock = stopClock();
    using times = settableClock();
    await using engine = await openEngine();
    let isUp = false;
    const backend: Backend = ({ url }) => ({ status: url === spare || isUp ? 200 : 503 });
    await using running = serve(engine, backend, times, { to: both });
    await arrive(engine, "e-1", "call.hangup");
    await live(clock, 10_000);
    assert.deepEqual(running.sent.map(({ url }) => url), [both.url, both.url, spare]);
    assert.equal(new Set(running.sent.map(({ batch }) => batch.id)).size, 1);
    for (const { bytes } of running.sent) assert.deepEqual(bytes, running.sent[0]?.bytes);
    for (let event = 2; event < 12; event++) {
      await arrive(engine, `e-${event}`);
      await live(clock, minute, 5_000);
    }
    const { length } = running.sent.filter(({ url }) => url === both.url);
    assert.ok(length === 3 || length === 4, `${length} attempts at the first`);
    isUp = true;
    for (let event = 12; event < 20; event++) {
      await arrive(engine, `e-${event}`);
      await live(clock, minute, 5_000);
    }
    const switches = running.facts.filter((fact) => fact.is === "destination.switched");
    assert.deepEqual(switches.map(({ failover }) => failover), [true, false]);
    assert.equal(running.sent.at(-1)?.url, both.url);
    const accepted = running.settlements.filter(({ as }) => as === "accepted").length;
    assert.equal(accepted, 19);
    assert.ok(running.facts.every(({ is }) => is !== "tenant.failing"));
  });

  it("waits when both are dead, says so, and goes on with the one that comes back", async () => {
    using clock = stopClock();
    using times = settableClock();
    await using engine = await openEngine();
    let up = "";
    const backend: Backend = ({ url }) => url === up ? { status: 204 } : { error: "ECONNREFUSED" };
    await using running = serve(engine, backend, times, { to: both });
    await arrive(engine, "e-1");
    await live(clock, 20 * minute, 5_000);
    const tried = running.sent.length;
    assert.ok(tried > 20 && tried < 60, `${tried} attempts in twenty minutes`);
    const told = running.facts.filter(({ is }) => is !== "batch.attempted").map(({ is }) => is);
    assert.deepEqual(told, ["circuit.opened", "circuit.opened", "tenant.failing"].toSorted());
    up = spare;
    await live(clock, 3 * minute, 5_000);
    assert.deepEqual(running.settlements, [{ as: "accepted" }]);
    assert.ok(running.facts.some(({ is }) => is === "tenant.recovered"));
  });
});

describe("a destination that takes several batches at once", () => {
  it("gets one at a time, the oldest, while it fails", async () => {
    using clock = stopClock();
    using times = settableClock();
    await using engine = await openEngine();
    for (let event = 0; event < 6; event++) await arrive(engine, `e-${event}`);
    let isUp = false;
    const backend: Backend = () => ({ status: isUp ? 200 : 500 });
    const to = { ...destination, inFlight: 3 };
    await using running = serve(engine, backend, times, { to, rule: one });
    await live(clock, 10 * minute);
    const [, , , ...later] = running.sent.map(({ batch }) => batch.sequence);
    assert.ok(later.length > 8);
    assert.deepEqual(new Set(later.slice(4)), new Set([1]));
    isUp = true;
    await live(clock, 2 * minute);
    assert.equal(running.settlements.length, 6);
    assert.ok(running.sent.length < 40);
  });

  it("gets no more requests, and no more events, than it wants", async () => {
    using clock = stopClock();
    using times = settableClock();
    await using engine = await openEngine();
    for (let event = 0; event < 60; event++) await arrive(engine, `e-${event}`);
    const rate = { requests: { count: 2, perMs: 1_000 }, events: { count: 4, perMs: 1_000 } };
    const to = { ...destination, inFlight: 3, rate };
    const rule = { ...one, eventsMax: 4 };
    await using running = serve(engine, () => ({ status: 200 }), times, { to, rule });
    await live(clock, 20_000, 50);
    assert.equal(running.settlements.length, 15);
    for (const { at } of running.sent) {
      const within = running.sent.filter((other) => other.at >= at && other.at < at + 3_000);
      assert.ok(within.flatMap(({ ids }) => ids).length <= 16);
    }
    assert.deepEqual(running.sent.flatMap(({ ids }) => ids).length, 60);
  });
});
