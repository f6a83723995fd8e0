import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Cut } from "../../src/lane.ts";
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

  it("asks so for everything that a lane does", async () => {
    await using engine = await openEngine();
    await arrive(engine, "e-1");
    const lane = await firstLane(engine);
    const batch = await lane.seal(cut);
    const id = batch?.id ?? "";
    const attempt = { number: 1, startedAt: 0, tookMs: 0, origin: "" };
    const url = { digest: "d", failures: 1, notBefore: 0 };
    using clock = stopClock();
    const { facts, state } = collectFacts();
    const failing = new Set<string>();
    /** Fails once at everything. */
    const broken = new Proxy(lane, {
      get(target, name: keyof typeof lane & string) {
        const work = target[name];
        if (typeof work !== "function" || ["waiting", "changed"].includes(name)) return work;
        if (failing.has(name)) return work;
        failing.add(name);
        return () => Promise.reject(new Error("disk full"));
      },
    });
    const held = insistent(broken, new AbortController().signal, state);
    const asked = Promise.all([
      ...[held.unsettled(), held.bytes(id), held.members(id), held.halts(), held.halt(true)],
      ...[held.resume(), held.settle(id, attempt, { as: "again" }, url)],
    ]);
    await clock.pass(1_000);
    const [unsettled, bytes, members] = await asked;
    assert.deepEqual([unsettled, members], [[batch], await lane.members(id)]);
    assert.deepEqual(bytes, await lane.bytes(id));
    const urls = held.urls();
    await clock.pass(1_000);
    assert.deepEqual(await urls, [url]);
    assert.equal((await lane.halts()).at(-1)?.until, undefined);
    assert.equal(facts.at(0)?.is, "store.broken");
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
