/** The contract's part about sessions: one call, one payload, and what comes after it. */
import assert from "node:assert/strict";
import {
  calling,
  fromSession,
  lingerMs,
  maxAgeMs,
  owners,
  sealSession,
  session,
} from "./calling.ts";
import type { Promised } from "./contract.ts";
import {
  append,
  attempt,
  cut,
  dead,
  drain,
  idsOf,
  payloadOf,
  rule,
  rules,
  seal,
  takeLane,
} from "./shared.ts";

function describeClosing(promised: Promised): void {
  promised(
    "makes one payload of a call's events when it has ended and lingered",
    async (engine) => {
      const { heard, start } = await calling(engine);
      await heard("initiated", 100, "begins a");
      await append(engine, { id: "other", owners, at: start });
      await heard("answered", 90);
      await heard("hangup", 60, "ends a");
      const lane = await takeLane(engine);
      assert.equal(lane.waiting().count, 1);
      assert.equal(lane.waiting().sessionAt, start - 30_000);
      const batch = await sealSession(lane);
      assert.equal(batch.reason, "session");
      assert.equal(batch.openedAt, start - 100_000);
      assert.deepEqual(await idsOf(lane, batch), ["initiated", "answered", "hangup"]);
      assert.deepEqual(await lane.unsettled(), [batch]);
      assert.equal(await lane.seal(cut(fromSession)), undefined);
      assert.deepEqual(await drain(lane), ["other"]);
    },
  );

  promised("waits for a call that goes on, and keeps its lane at work", async (engine) => {
    const { heard, start } = await calling(engine);
    await heard("a", 100, "begins a");
    await heard("b", 99, "begins b");
    await heard("a-ends", 60, "ends a");
    const lane = await takeLane(engine);
    assert.equal(lane.waiting().sessionAt, start - 100_000 + maxAgeMs);
    assert.equal(lane.waiting().count, 0);
    assert.equal(await lane.seal(cut(fromSession)), undefined);
    lane[Symbol.dispose]();
    const again = await takeLane(engine);
    await heard("b-ends", 50, "ends b");
    assert.equal(again.waiting().sessionAt, start - 20_000);
    assert.equal((await sealSession(again)).count, 4);
  });

  promised("bears legs that end before they begin, and begin again in time", async (engine) => {
    const { heard, start } = await calling(engine);
    await heard("hangup", 100, "ends a");
    await heard("initiated", 99, "begins a");
    const lane = await takeLane(engine);
    assert.equal(lane.waiting().sessionAt, start - 70_000);
    await heard("transferred", 75, "begins b");
    assert.equal(lane.waiting().sessionAt, start - 100_000 + maxAgeMs);
    await heard("transfer-ends", 40, "ends b");
    await heard("again", 39, "ends a");
    assert.equal(lane.waiting().sessionAt, start - 9_000);
  });

  promised("closes at its greatest age, whatever goes on", async (engine) => {
    const { heard } = await calling(engine);
    await heard("initiated", 3_601, "begins a");
    await heard("late", 10);
    const lane = await takeLane(engine);
    assert.equal((await sealSession(lane)).count, 2);
  });

  promised("takes the session first that closed first", async (engine) => {
    const { heard } = await calling(engine);
    await heard("two", 100, "ends b", "two");
    await heard("one", 120, "ends a", "one");
    await heard("three", 1, "ends c", "three");
    const lane = await takeLane(engine);
    assert.deepEqual(await idsOf(lane, await sealSession(lane)), ["one"]);
    assert.deepEqual(await idsOf(lane, await sealSession(lane)), ["two"]);
    assert.equal(await lane.seal(cut(fromSession)), undefined);
  });
}

function describeContinuing(promised: Promised): void {
  promised("continues a call with what comes after it", async (engine) => {
    const { heard, start } = await calling(engine);
    await heard("hangup", 200, "ends a");
    const lane = await takeLane(engine);
    const first = await sealSession(lane);
    assert.equal(first.continues, undefined);
    await heard("recording", 60);
    assert.equal(lane.waiting().sessionAt, start - 30_000);
    await heard("cost", 50);
    const second = await sealSession(lane);
    assert.equal(second.continues, first.id);
    assert.deepEqual(await idsOf(lane, second), ["recording", "cost"]);
    await heard("insights", 40);
    const third = await sealSession(lane);
    const { continues, previous_id } = await payloadOf(lane, third);
    assert.deepEqual({ continues, previous_id }, { continues: first.id, previous_id: second.id });
    assert.deepEqual(await lane.unsettled(), [first, second, third]);
  });
}

function describeBeside(promised: Promised): void {
  promised("follows the rule under which an event came", async (engine) => {
    const { heard } = await calling(engine);
    await heard("gathered", 100, "ends a");
    await engine.configure(rules(rule("acme")));
    await heard("plain", 90);
    const lane = await takeLane(engine);
    assert.equal(lane.waiting().count, 1);
    assert.deepEqual(await idsOf(lane, await sealSession(lane)), ["gathered"]);
    assert.deepEqual(await drain(lane), ["plain"]);
  });

  promised("gathers messages, which end without legs", async (engine) => {
    const start = Date.now();
    await engine.configure(rules(rule("acme", { session: { ...session, by: "message" } })));
    const about = "message_id:m" as const;
    for (const [index, stage] of (["ends", "begins"] as const).entries()) {
      await append(engine, { id: stage, owners, at: start - index, subject: { about, stage } });
    }
    const lane = await takeLane(engine);
    assert.equal(lane.waiting().sessionAt, start + lingerMs);
  });

  promised("leaves out replaced states of a message, where told to", async (engine) => {
    const at = Date.now() - 60_000;
    const gathered = { session: { ...session, by: "message" }, compact: true } as const;
    await engine.configure(rules(rule("acme", gathered)));
    const about = "message_id:m" as const;
    for (const to of ["you", "you", "them"]) {
      const subject = { about, stage: "ends", state: `m ${to}` } as const;
      const id = `${to}-${(await engine.counts()).lanes[0]?.waiting ?? 0}`;
      await append(engine, { id, owners, at, subject });
    }
    const lane = await takeLane(engine);
    const batch = await sealSession(lane, { compact: true });
    assert.deepEqual(await idsOf(lane, batch), ["you-1", "them-2"]);
    assert.equal(lane.waiting().sessionAt, undefined);
  });

  promised("buries what is old in sessions, too, and prunes none that waits", async (engine) => {
    const { heard, start } = await calling(engine);
    await heard("one", 100, "begins a", "one");
    await heard("two", 50, "begins b", "two");
    await heard("two-old", 90, "", "two");
    await append(engine, { id: "main", owners, at: start - 99_000 });
    const lane = await takeLane(engine);
    const batch = await seal(lane);
    assert.equal((await engine.prune(start + 1, 10)).events, 0);
    await lane.settle(batch.id, attempt(1), dead(start - 70_000));
    const { waiting, dead: died } = (await engine.counts()).lanes[0] ?? {};
    assert.deepEqual({ waiting, died }, { waiting: 1, died: 3 });
    assert.equal(lane.waiting().sessionAt, start - 50_000 + maxAgeMs);
    await heard("two-ends", 40, "ends b", "two");
    assert.deepEqual(await idsOf(lane, await sealSession(lane)), ["two", "two-ends"]);
  });
}

/** Says how the events of one call or message are gathered. */
export function describeSessions(promised: Promised): void {
  describeClosing(promised);
  describeContinuing(promised);
  describeBeside(promised);
}
