import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { createRequests } from "../../src/pipeline/requests.ts";
import { type Clock, stopClock, turns } from "../support/clock.ts";
import { type Asked, desk, mib, sum } from "./desk.ts";

const lateMs = 1_000;
const numbered = (name: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${name}-${index}`);

describe("requests that run for over a second", () => {
  it("lets a good tenant go on at once beside a 40 MiB body that hangs", () => {
    const { ask } = desk(1_024);
    assert.equal(ask("hog", 40 * mib).state, "under way");
    assert.equal(ask("healthy", 2_000).state, "under way");
  });

  it("lets one go on after a second beside tenants that begin to hang", async () => {
    using clock = stopClock();
    const { ask } = desk(1_024);
    const hogs = numbered("hog", 300).map((tenant) => ask(tenant, mib / 4));
    const healthy = ask("healthy", 2_000);
    assert.deepEqual([hogs[255]?.state, hogs[256]?.state], ["under way", "waiting"]);
    assert.equal(healthy.state, "waiting");
    await clock.pass(lateMs - 1);
    assert.equal(healthy.state, "waiting");
    await clock.pass(1);
    assert.equal(healthy.state, "under way");
    assert.ok(hogs.every(({ state }) => state === "under way"));
  });

  it("has no more than 128 MiB under way, whoever begins to hang", async () => {
    using clock = stopClock();
    const { asks, underWay, drain } = desk(60_000);
    asks("hog", 300, mib);
    const underWayAfter: number[] = [];
    for (let second = 0; second < 5; second++) {
      underWayAfter.push(sum(underWay()) / mib);
      await clock.pass(lateMs);
    }
    assert.deepEqual(underWayAfter, [64, 96, 128, 128, 128]);
    await drain();
  });

  it("leaves fewer slots to suspects, and always one", async () => {
    using clock = stopClock();
    const { suspects, ask, asks } = desk(8);
    suspects.add("s");
    asks("hog", 3);
    await clock.pass(lateMs);
    const [first, second] = asks("s", 2);
    assert.deepEqual([first?.state, second?.state], ["under way", "waiting"]);
    asks("hog", 2);
    await clock.pass(lateMs);
    first?.end();
    await turns(1);
    assert.equal(second?.state, "under way");
    assert.equal(ask("good").state, "under way");
  });

  it("lets a large body of a suspect go, whoever else is late", async () => {
    using clock = stopClock();
    const { ask, asks } = desk(100);
    asks("hog", 10, mib);
    await clock.pass(lateMs);
    assert.equal(ask("large", 60 * mib).state, "under way");
  });

  it("gives back what a late one had when it ends", async () => {
    using clock = stopClock();
    const { suspects, asks, ask, underWay, requests, drain } = desk(4);
    suspects.add("s");
    const [hog] = asks("hog", 2, 16 * mib);
    await clock.pass(lateMs);
    assert.equal(ask("s", mib).state, "under way");
    const waits = ask("s", mib);
    assert.equal(waits.state, "waiting");
    hog?.end();
    await turns(1);
    assert.equal(waits.state, "waiting", "half of the slots are held");
    underWay()[0]?.end();
    await turns(1);
    assert.equal(waits.state, "under way");
    await drain();
    assert.equal(requests.pending, 0);
    const [all] = asks("hog", 4, 16 * mib);
    assert.equal(underWay().length, 4);
    assert.equal(all?.state, "under way");
  });

  it("leaves no timer behind", async () => {
    using clock = stopClock();
    let looked = 0;
    const requests = createRequests({ limit: () => ++looked });
    await requests.run("a", 1, () => false, () => Promise.resolve());
    const before = looked;
    await clock.pass(lateMs);
    assert.equal(looked, before);
  });

  it("makes what has no body wait, too, while suspects have no room", async () => {
    using clock = stopClock();
    const { suspects, ask, asks } = desk(1_000);
    suspects.add("s").add("ping");
    asks("s", 32, mib);
    asks("hog", 32, mib);
    await clock.pass(lateMs);
    const ping = ask("ping", 0);
    assert.equal(ping.state, "waiting");
  });
});

const tenant = fc.integer({ min: 0, max: 5 }).map((n) => `t-${n}`);
const step = fc.oneof(
  { weight: 2, arbitrary: fc.record({ ask: tenant, mib: fc.integer({ min: 1, max: 70 }) }) },
  { weight: 9, arbitrary: fc.record({ ask: tenant, mib: fc.integer({ min: 1, max: 16 }) }) },
  { weight: 4, arbitrary: fc.record({ end: fc.nat(20), fails: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ turns: tenant }) },
  { weight: 3, arbitrary: fc.record({ ticks: fc.integer({ min: 1, max: 15 }) }) },
  { weight: 1, arbitrary: fc.record({ limit: fc.integer({ min: 1, max: 20 }) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** What is wrong with what is under way right after one has begun. */
function wrongWith(one: Asked, underWay: readonly Asked[], slots: number): string[] {
  // Of those that are late in this very moment some may not be noted yet.
  const held = underWay.filter(({ suspect, begunAt }) => suspect || Date.now() - begunAt > lateMs);
  const isGood = ({ suspect, begunAt }: Asked) => !suspect && Date.now() - begunAt < lateMs;
  const goodBytes = sum(underWay.filter(isGood));
  const beyond = Math.max(0, ...held.map(({ bytes }) => bytes - 64 * mib));
  const leftBytes = Math.max(32 * mib, 64 * mib - sum(held));
  const isOnlySuspect = underWay.filter(({ suspect }) => suspect).length === 1;
  const checks = {
    "slots": underWay.length <= slots,
    "all bytes": sum(underWay) <= 128 * mib + beyond,
    "good bytes": one.suspect || goodBytes <= leftBytes,
    "held bytes": !one.suspect || isOnlySuspect || sum(held) <= 32 * mib,
    "held slots": !one.suspect || isOnlySuspect || held.length <= slots / 2,
  };
  return Object.entries(checks).flatMap(([what, holds]) => holds ? [] : [what]);
}

/** A history of requests, whose bounds are looked at whenever one begins. */
function history() {
  const asked: Asked[] = [];
  const wrong: string[] = [];
  let slots = 4;
  const its = desk(slots, (one, underWay) => wrong.push(...wrongWith(one, underWay, slots)));
  async function take(one: Step, clock: Clock): Promise<void> {
    const { suspects, underWay, ask, limit } = its;
    if ("ask" in one) {
      const its = ask(one.ask, one.mib * mib);
      its.result.catch(() => {});
      asked.push(its);
    } else if ("limit" in one) limit(slots = one.limit);
    else if ("ticks" in one) {
      // A stopped clock tells all timers of a tick the time of its end.
      for (let tick = 0; tick < one.ticks; tick++) await clock.pass(lateMs / 10);
    } else if ("turns" in one) {
      if (!suspects.delete(one.turns)) suspects.add(one.turns);
    } else underWay()[one.end % underWay().length]?.end(one.fails ? new Error() : undefined);
    await turns(1);
  }
  return { ...its, asked, wrong, take };
}

describe("createRequests()", () => {
  it("keeps its bounds over any history, and forgets nobody", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80, size: "max" }), async (steps) => {
        using clock = stopClock();
        const { asked, begun, wrong, take, drain } = history();
        for (const one of steps) await take(one, clock);
        await drain();
        assert.deepEqual(wrong, []);
        assert.ok(asked.every(({ state }) => state === "ended"));
        assert.equal(begun.length, asked.length);
        for (let n = 0; n <= 5; n++) {
          const own = (all: readonly Asked[]) => all.filter((other) => other.tenant === `t-${n}`);
          assert.deepEqual(own(begun), own(asked));
        }
      }),
      { numRuns: 200 },
    );
  });
});
