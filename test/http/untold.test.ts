import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { AlarmState } from "../../src/http/alerts/sentences.ts";
import { createUntold, type Edge } from "../../src/http/alerts/untold.ts";
import { stopClock } from "../support/clock.ts";

function open() {
  let time = 0;
  const untold = createUntold(() => time);
  return {
    untold,
    skip: (ms: number) => time += ms,
    add: (state: AlarmState, tenant = "a") => untold.add(state, "tenant_failing", tenant),
    /** `raised a` for each that waits. */
    waiting: () => untold.take(1_000).map(({ state, tenant }) => `${state} ${tenant}`),
  };
}

describe("createUntold()", () => {
  it("tells an alarm, then its end, with the times of both", async () => {
    using clock = stopClock(10_000);
    const { untold, add } = open();
    add("raised");
    const first = untold.take(10);
    untold.told(first);
    assert.equal(untold.size, 0);
    await clock.pass(5_000);
    add("cleared");
    const about = { alarm: "tenant_failing", tenant: "a", waitsSince: 0 };
    assert.deepEqual(first, [{ ...about, state: "raised", since: 10_000 }]);
    assert.deepEqual(untold.take(10), [
      { ...about, state: "cleared", since: 10_000, until: 15_000 },
    ]);
  });

  it("tells nothing of what is over before it was told", () => {
    const { untold, add } = open();
    add("raised");
    add("raised", "b");
    add("cleared");
    assert.deepEqual(untold.take(10).map(({ tenant }) => tenant), ["b"]);
  });

  it("tells nothing of an end that is over before it was told", () => {
    const { untold, add } = open();
    add("raised");
    untold.told(untold.take(10));
    add("cleared");
    add("raised");
    assert.equal(untold.size, 0);
  });

  it("tells what is the case now where it is not known what was read", () => {
    const { add, waiting } = open();
    add("raised");
    waiting();
    add("cleared");
    assert.deepEqual(waiting(), ["cleared a"]);
    add("raised");
    assert.deepEqual(waiting(), ["raised a"]);
  });

  it("keeps what happened while it was being told", () => {
    const { untold, add, waiting } = open();
    add("raised");
    const sent = untold.take(10);
    add("cleared");
    untold.told(sent);
    assert.deepEqual(waiting(), ["cleared a"]);
  });

  it("drops what came back meanwhile to what was told", () => {
    const { untold, add } = open();
    add("raised");
    const sent = untold.take(10);
    add("cleared");
    add("raised");
    untold.told(sent);
    assert.equal(untold.size, 0);
  });

  it("takes so many at once, the oldest first, and has room for 20,000", () => {
    const { untold, add } = open();
    const gaveWay: (Edge | undefined)[] = [];
    for (let count = 0; count < 20_002; count++) gaveWay.push(add("raised", `t${count}`));
    assert.equal(untold.size, 20_000);
    assert.deepEqual(gaveWay.slice(20_000).map((edge) => edge?.tenant), ["t0", "t1"]);
    assert.deepEqual(untold.take(2).map(({ tenant }) => tenant), ["t2", "t3"]);
    add("cleared", "t0");
    assert.equal(untold.size, 20_000, "nobody was told of its beginning");
  });

  it("gives up what waited too long", () => {
    const { untold, add, skip, waiting } = open();
    add("raised");
    waiting();
    skip(1_000);
    add("raised", "b");
    assert.deepEqual(untold.giveUp(999).map(({ tenant }) => tenant), ["a"]);
    add("cleared");
    assert.deepEqual(waiting(), ["raised b"]);
  });

  it("forgets everything when told to", () => {
    const { untold, add } = open();
    add("raised");
    untold.told(untold.take(1));
    add("raised", "b");
    untold.clear();
    add("cleared");
    assert.equal(untold.size, 0);
  });

  it("leaves the receiver with what is the case, however often nothing is heard of it", () => {
    const steps = fc.array(fc.constantFrom("edge a", "edge b", "lost", "unread", "read"), {
      maxLength: 60,
      size: "max",
    });
    fc.assert(fc.property(steps, (all) => {
      const { untold, add } = open();
      const actual = new Map<string, AlarmState>([["a", "cleared"], ["b", "cleared"]]);
      const received = new Map(actual);
      const send = (isRead: boolean, isAnswered: boolean) => {
        const edges = untold.take(10);
        if (isRead) { for (const { tenant = "", state } of edges) received.set(tenant, state); }
        if (isAnswered) untold.told(edges);
      };
      for (const step of all) {
        if (step.startsWith("edge")) {
          const tenant = step.slice(-1);
          const next = actual.get(tenant) === "raised" ? "cleared" : "raised";
          actual.set(tenant, next);
          add(next, tenant);
        } else send(step !== "lost", step === "read");
      }
      send(true, true);
      assert.deepEqual(received, actual);
      assert.equal(untold.size, 0);
    }));
  });
});
