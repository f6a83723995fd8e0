/** What goes past a window: what is fresh after an outage, sessions, and what came back. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Engine } from "../../src/engine.ts";
import { window, type WindowOptions } from "../../src/pipeline/window.ts";
import type { WindowRule } from "../../src/tenant.ts";
import type { Told } from "../engine/shared.ts";
import { stopClock, turns, until } from "../support/clock.ts";
import { firstLane, windowRule } from "./shared.ts";
import { accepted, arrive, idsOf, open, openEngine, session } from "./windowing.ts";

/** A rule that nothing changes. */
const still = (more: Partial<WindowRule>, signal: AbortSignal): WindowOptions => ({
  rule: () => ({ ...windowRule, ...more }),
  reconfigured: () => new Promise<void>(() => {}),
  flushedAt: () => 0,
  flushed: () => new Promise<void>(() => {}),
  stand: () => Promise.resolve(),
  signal,
});

describe("window() of what is fresh", () => {
  const callOf = (call: string): Told => ({ subject: { about: `call_leg_id:${call}` } });

  /** Six events of an hour ago, then a hangup, and one more of the call it ends. */
  async function afterOutage(engine: Engine, pass: (ms: number) => Promise<void>) {
    for (let count = 1; count <= 6; count++) await arrive(engine, `old-${count}`);
    await pass(3_600_000);
    await arrive(engine, "ringing", "call.x", "", callOf("a"));
    await arrive(engine, "hangup", "call.hangup", "", callOf("a"));
  }

  it("sends it past a backlog, in turns with that", async () => {
    using clock = stopClock();
    await using engine = await openEngine();
    await afterOutage(engine, clock.pass);
    const lane = await firstLane(engine);
    await using gathering = open(lane, { ...windowRule, eventsMax: 2 });
    await until("all is sealed", () => lane.waiting().count === 0);
    await until("all is told", () => gathering.batches.length === 4);
    assert.deepEqual(gathering.reasons(), ["immediate", "backlog", "backlog", "backlog"]);
    const ids = await idsOf(lane, gathering.batches);
    assert.deepEqual(ids.slice(0, 2), [["ringing", "hangup"], ["old-1", "old-2"]]);
  });

  it("takes turns as long as something fresh comes", async () => {
    using clock = stopClock();
    await using engine = await openEngine();
    await afterOutage(engine, clock.pass);
    const lane = await firstLane(engine);
    const stop = new AbortController();
    const reasons: string[] = [];
    for await (const { reason } of window(lane, still({ eventsMax: 2 }, stop.signal))) {
      reasons.push(reason);
      if (reasons.length === 5) stop.abort();
      await arrive(engine, `fresh-${reasons.length}`, "call.hangup");
    }
    assert.deepEqual(reasons, ["immediate", "backlog", "immediate", "backlog", "immediate"]);
  });

  it("keeps to the order where the rule says so", async () => {
    using clock = stopClock();
    await using engine = await openEngine();
    await afterOutage(engine, clock.pass);
    const lane = await firstLane(engine);
    await using gathering = open(lane, { ...windowRule, eventsMax: 4, catchUp: "oldest_first" });
    await until("all is told", () => gathering.batches.length === 2);
    assert.deepEqual((await idsOf(lane, gathering.batches))[1]?.slice(2), ["ringing", "hangup"]);
    assert.deepEqual(gathering.reasons(), ["backlog", "backlog"]);
  });

  it("takes what was immediate long ago for a part of the backlog", async () => {
    using clock = stopClock();
    await using engine = await openEngine();
    await arrive(engine, "e-1");
    await arrive(engine, "e-2", "call.hangup");
    await clock.pass(60_000);
    const lane = await firstLane(engine);
    await using gathering = open(lane, { ...windowRule, eventsMax: 1 });
    await until("all is told", () => gathering.batches.length === 2);
    assert.deepEqual(await idsOf(lane, gathering.batches), [["e-1"], ["e-2"]]);
  });
});

describe("window() of sessions", () => {
  const ofCall = (stage?: "begins" | "ends"): Told => ({
    subject: {
      call: "call_session_id:one",
      ...(stage === undefined ? {} : { stage }),
    },
    legs: ["call_leg_id:a"],
  });

  it("seals one when it has closed, beside the window", async () => {
    using clock = stopClock();
    await using engine = await openEngine({ session, immediate: [] });
    await arrive(engine, "initiated", "call.x", "", ofCall("begins"));
    const lane = await firstLane(engine);
    await using gathering = open(lane);
    await clock.pass(60_000);
    await arrive(engine, "other");
    await clock.pass(5_000);
    await until("the window closed", () => gathering.batches.length === 1);
    await arrive(engine, "hangup", "call.x", "", ofCall("ends"));
    await clock.pass(29_999);
    assert.deepEqual(gathering.reasons(), ["max_wait"]);
    await clock.pass(1);
    await until("the session closed", () => gathering.batches.length === 2);
    assert.deepEqual(gathering.reasons(), ["max_wait", "session"]);
    assert.deepEqual(await idsOf(lane, gathering.batches), [["other"], ["initiated", "hangup"]]);
    for (const { id } of gathering.batches) await lane.settle(id, accepted(), { as: "accepted" });
    await gathering.done;
  });

  it("stays as long as a session is open, and seals it at its greatest age", async () => {
    using clock = stopClock();
    await using engine = await openEngine({ session, immediate: [] });
    await arrive(engine, "initiated", "call.x", "", ofCall("begins"));
    await using gathering = open(await firstLane(engine));
    await clock.pass(session.maxAgeMs - 1);
    assert.deepEqual([gathering.ended(), gathering.batches], [false, []]);
    await clock.pass(1);
    await until("it closed", () => gathering.batches.length === 1);
    assert.deepEqual(gathering.reasons(), ["session"]);
  });

  it("seals one that is full or urgent at once", async () => {
    using _ = stopClock();
    await using engine = await openEngine({ session });
    await arrive(engine, "initiated", "call.x", "x".repeat(2_000), ofCall("begins"));
    const lane = await firstLane(engine);
    await using gathering = open(lane, { ...windowRule, bytesMax: 4_096 });
    await turns();
    assert.equal(gathering.batches.length, 0);
    await arrive(engine, "e-2", "call.x", "x".repeat(2_000), ofCall());
    await until("it is full", () => gathering.batches.length === 1);
    await arrive(engine, "hangup", "call.hangup", "", ofCall("ends"));
    await until("it is urgent", () => gathering.batches.length === 2);
    assert.deepEqual(gathering.reasons(), ["max_bytes", "immediate"]);
    const [first, second] = gathering.batches;
    assert.equal(second?.continues, first?.id);
  });

  it("lets neither sessions nor the window starve", async () => {
    using clock = stopClock();
    await using engine = await openEngine({ session });
    for (const call of ["one", "two", "three"]) {
      const subject = { call: `call_session_id:${call}`, stage: "ends" } as const;
      await arrive(engine, `${call}-ends`, "call.x", "", { subject });
      await arrive(engine, `beside-${call}`);
    }
    await clock.pass(60_000);
    await using gathering = open(await firstLane(engine), { ...windowRule, eventsMax: 1 });
    await until("all is told", () => gathering.batches.length === 6);
    const turn = ["session", "backlog"];
    assert.deepEqual(gathering.reasons(), [...turn, ...turn, ...turn]);
  });

  it("leaves out replaced states of messages where the rule says so", async () => {
    using clock = stopClock();
    await using engine = await openEngine({ compact: true });
    const subject = { about: "message_id:m", state: "m to them" } as const;
    await arrive(engine, "sent", "message.sent", "", { subject });
    await arrive(engine, "finalized", "message.finalized", "", { subject });
    const lane = await firstLane(engine);
    await using gathering = open(lane, { ...windowRule, compact: true });
    await clock.pass(5_000);
    await until("a batch", () => gathering.batches.length === 1);
    assert.deepEqual(await idsOf(lane, gathering.batches), [["finalized"]]);
  });
});

describe("window() of what came back", () => {
  it("seals what a split has left before everything else, in order", async () => {
    using clock = stopClock();
    await using engine = await openEngine();
    for (const id of ["e-1", "e-2", "e-3", "e-4"]) await arrive(engine, id);
    await clock.pass(60_000);
    const lane = await firstLane(engine);
    await using gathering = open(lane, { ...windowRule, eventsMax: 4 });
    await until("the first", () => gathering.batches.length === 1);
    await arrive(engine, "fresh", "call.hangup");
    await until("the second", () => gathering.batches.length === 2);
    const [first] = gathering.batches;
    await lane.settle(first?.id ?? "", accepted(), { as: "split" });
    await until("its parts", () => gathering.batches.length === 4);
    assert.deepEqual(gathering.reasons(), ["backlog", "immediate", "retry", "retry"]);
    const ids = await idsOf(lane, gathering.batches.slice(2));
    assert.deepEqual(ids, [["e-1", "e-2"], ["e-3", "e-4"]]);
    assert.ok(gathering.batches.slice(2).every(({ retryOf }) => retryOf === first?.id));
  });

  it("takes no turns with it", async () => {
    using clock = stopClock();
    await using engine = await openEngine();
    for (let count = 0; count < 8; count++) await arrive(engine, `e-${count}`);
    await clock.pass(60_000);
    const lane = await firstLane(engine);
    const stop = new AbortController();
    const reasons: string[] = [];
    for await (const { id, reason } of window(lane, still({ eventsMax: 4 }, stop.signal))) {
      reasons.push(reason);
      if (reasons.length === 4) stop.abort();
      const as = reasons.length === 1 ? "split" : "accepted";
      await arrive(engine, `fresh-${reasons.length}`, "call.hangup");
      await lane.settle(id, accepted(), { as });
    }
    assert.deepEqual(reasons, ["backlog", "retry", "retry", "backlog"]);
  });

  it("seals nothing of it while the tenant is paused", async () => {
    using clock = stopClock();
    await using engine = await openEngine();
    for (const id of ["e-1", "e-2", "e-3"]) await arrive(engine, id);
    const lane = await firstLane(engine);
    await using gathering = open(lane, { ...windowRule, maxWaitMs: 0, eventsMax: 3 });
    await until("the first", () => gathering.batches.length === 1);
    gathering.reload(undefined);
    await turns();
    await lane.settle(gathering.batches[0]?.id ?? "", accepted(), { as: "split" });
    await clock.pass(60_000);
    assert.equal(gathering.batches.length, 1);
    assert.equal(lane.waiting().split, 3);
    gathering.reload(windowRule);
    await until("its parts", () => gathering.batches.length > 1);
  });

  it("seals what went aside when it is due, and no sooner", async () => {
    using clock = stopClock();
    await using engine = await openEngine();
    await arrive(engine, "e-1");
    const lane = await firstLane(engine);
    await using gathering = open(lane, { ...windowRule, maxWaitMs: 0 });
    await until("the first", () => gathering.batches.length === 1);
    const notBefore = Date.now() + 10_000;
    const [first] = gathering.batches;
    await lane.settle(first?.id ?? "", accepted(), { as: "aside", notBefore });
    await clock.pass(9_999);
    assert.equal(gathering.batches.length, 1);
    await clock.pass(1);
    await until("it is back", () => gathering.batches.length === 2);
    const [, again] = gathering.batches;
    assert.deepEqual([again?.reason, again?.retryOf], ["retry", first?.id]);
    assert.equal(gathering.ended(), false);
  });

  it("seals a session one by one in a layout that holds only one", async () => {
    using clock = stopClock();
    await using engine = await openEngine({ session, immediate: [] });
    const told: Told = { subject: { call: "call_session_id:one" } };
    for (const id of ["e-1", "e-2", "e-3"]) await arrive(engine, id, "call.x", "", told);
    await using gathering = open(await firstLane(engine), { ...windowRule, layout: "single/1" });
    await clock.pass(session.maxAgeMs);
    await until("all are sealed", () => gathering.batches.length === 3);
    assert.deepEqual(gathering.counts(), [1, 1, 1]);
  });
});
