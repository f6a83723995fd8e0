/** The contract's part about what is written down beside batches: URLs, pauses, halts, versions. */
import assert from "node:assert/strict";
import type { UrlState } from "../../src/delivery.ts";
import type { Promised } from "./contract.ts";
import { append, appendMany, attempt, noon, owner, seal, takeLane, takeLanes } from "./shared.ts";

const url = (digest: string, more: Partial<UrlState> = {}): UrlState => ({
  digest,
  failures: 0,
  notBefore: 0,
  ...more,
});

const again = { as: "again" } as const;

function describeUrls(promised: Promised): void {
  promised("remembers how the URLs of a lane had done, the last one first", async (engine) => {
    await appendMany(engine, "acme", 1);
    await appendMany(engine, "beta", 1);
    const lanes = await takeLanes(engine, 2);
    const [acme, beta] = [lanes.get("acme"), lanes.get("beta")];
    assert.ok(acme && beta);
    const { id } = await seal(acme);
    const first = url("one", { failures: 3, notBefore: noon + 9, failingSince: noon });
    await acme.settle(id, attempt(1), again, first);
    assert.deepEqual(await acme.urls(), [first]);
    assert.deepEqual(await beta.urls(), []);
    await acme.settle(id, attempt(2), again);
    assert.deepEqual(await acme.urls(), [first]);
    await acme.settle(id, attempt(3), { as: "accepted" }, url("one"));
    assert.deepEqual(await acme.urls(), [url("one")]);
  });

  promised("remembers four of them, the last one among them", async (engine) => {
    await appendMany(engine, "acme", 1);
    const lane = await takeLane(engine);
    const { id } = await seal(lane);
    for (const [index, digest] of ["a", "b", "c", "d", "e", "f"].entries()) {
      await lane.settle(id, attempt(index + 1), again, url(digest));
      const digests = (await lane.urls()).map((one) => one.digest);
      assert.equal(digests.length, Math.min(index + 1, 4));
      assert.ok(digests.includes(digest));
    }
  });

  promised("forgets nothing of a URL when an attempt is told twice", async (engine) => {
    await appendMany(engine, "acme", 1);
    const lane = await takeLane(engine);
    const { id } = await seal(lane);
    await lane.settle(id, attempt(2), again, url("one", { failures: 2 }));
    await lane.settle(id, attempt(1), again, url("one", { failures: 1 }));
    await lane.settle(id, attempt(2), again, url("two"));
    assert.deepEqual(await lane.urls(), [url("one", { failures: 2 })]);
  });
}

function describePauses(promised: Promised): void {
  promised("pauses a tenant until it is resumed, though it has no lane yet", async (engine) => {
    assert.equal(await engine.resume("acme"), false);
    const before = Date.now();
    await engine.pause("acme");
    await append(engine, { owners: [owner("acme")] });
    const lane = await takeLane(engine);
    const { paused } = lane.waiting();
    assert.ok(paused && paused.at >= before && paused.at <= Date.now());
    assert.equal(paused.by, "operator");
    assert.deepEqual((await engine.counts()).lanes[0]?.paused, paused);
    assert.equal(await engine.resume("acme"), true);
    assert.equal(lane.waiting().paused, undefined);
    assert.equal((await engine.counts()).lanes[0]?.paused, undefined);
    assert.equal(await engine.resume("acme"), false);
  });

  promised("wakes whoever has the lane", async (engine) => {
    await appendMany(engine, "acme", 1);
    const lane = await takeLane(engine);
    const { signal } = new AbortController();
    const paused = lane.changed(signal);
    await engine.pause("acme");
    await paused;
    const resumed = lane.changed(signal);
    await lane.resume();
    await resumed;
    await lane.resume();
    assert.equal(lane.waiting().paused, undefined);
  });

  promised("pauses a tenant whose destination is gone, and keeps the batch", async (engine) => {
    await appendMany(engine, "acme", 2);
    const lane = await takeLane(engine);
    const batch = await seal(lane);
    await lane.settle(batch.id, attempt(1), { as: "gone", destination: "one" });
    assert.deepEqual(await lane.unsettled(), [{ ...batch, attempts: 1 }]);
    const { paused } = lane.waiting();
    assert.deepEqual([paused?.by, paused?.destination], ["gone", "one"]);
    await lane.resume();
    await lane.settle(batch.id, attempt(1), { as: "gone", destination: "one" });
    assert.equal(lane.waiting().paused, undefined);
    await lane.settle(batch.id, attempt(2), { as: "accepted" });
  });

  promised("keeps an operator's pause, whatever the destination says", async (engine) => {
    await appendMany(engine, "acme", 1);
    const lane = await takeLane(engine);
    const batch = await seal(lane);
    await lane.settle(batch.id, attempt(1), { as: "gone", destination: "one" });
    await engine.pause("acme");
    const { paused } = lane.waiting();
    assert.deepEqual([paused?.by, paused?.destination], ["operator", undefined]);
    await lane.settle(batch.id, attempt(2), { as: "gone", destination: "one" });
    await engine.pause("acme");
    assert.deepEqual(lane.waiting().paused, paused);
  });
}

function describeHalts(promised: Promised): void {
  promised("remembers when a lane stood still", async (engine) => {
    await appendMany(engine, "acme", 1);
    await appendMany(engine, "beta", 1);
    const lanes = await takeLanes(engine, 2);
    const [acme, beta] = [lanes.get("acme"), lanes.get("beta")];
    assert.ok(acme && beta);
    await acme.halt(false);
    assert.deepEqual(await acme.halts(), []);
    const before = Date.now();
    await acme.halt(true);
    const open = await acme.halts();
    assert.deepEqual(open.map(({ until }) => until), [undefined]);
    assert.ok((open[0]?.from ?? 0) >= before);
    await acme.halt(true);
    assert.deepEqual(await acme.halts(), open);
    assert.deepEqual(await beta.halts(), []);
    await acme.halt(false);
    await acme.halt(false);
    const halts = await acme.halts();
    assert.ok(halts.every(({ until = 0 }) => until >= before && until <= Date.now()));
  });
}

function describeSecrets(promised: Promised): void {
  promised("knows which keys were in force before, and since when others are", async (engine) => {
    const wanted = (acme: number) => [
      { tenant: "acme", version: acme },
      { tenant: "beta", version: 7 },
    ];
    const before = Date.now();
    const [first, other] = await engine.secretVersions(wanted(1));
    assert.deepEqual({ ...first, since: 0 }, { tenant: "acme", version: 1, since: 0 });
    assert.ok(first && first.since >= before && first.since <= Date.now());
    assert.deepEqual(await engine.secretVersions(wanted(1)), [first, other]);
    const [second, same] = await engine.secretVersions(wanted(3));
    assert.deepEqual([second?.version, second?.previous, same], [3, 1, other]);
    assert.ok(second && second.since >= first.since);
    assert.deepEqual(await engine.secretVersions(wanted(3)), [second, other]);
    assert.deepEqual(await engine.secretVersions([]), []);
  });
}

function describeSecretsBefore(promised: Promised): void {
  promised(
    "takes a tenant that has got batches for one that knows the first keys",
    async (engine) => {
      await appendMany(engine, "acme", 1);
      await appendMany(engine, "beta", 1);
      const { acme } = Object.fromEntries(await takeLanes(engine, 2));
      assert.ok(acme);
      const { id } = await seal(acme);
      await acme.settle(id, attempt(1), { as: "accepted" });
      const wanted = ["acme", "beta"].map((tenant) => ({ tenant, version: 3 }));
      const versions = await engine.secretVersions(wanted);
      assert.deepEqual(versions.map(({ previous }) => previous), [1, undefined]);
      assert.deepEqual(await engine.secretVersions(wanted), versions);
    },
  );

  promised("does not make the first keys another's", async (engine) => {
    await appendMany(engine, "acme", 1);
    await seal(await takeLane(engine));
    const [first] = await engine.secretVersions([{ tenant: "acme", version: 1 }]);
    assert.ok(first && !("previous" in first));
  });
}

function describeMembers(promised: Promised): void {
  promised("tells the events of a batch in the order of its payload", async (engine) => {
    await appendMany(engine, "acme", 3);
    const lane = await takeLane(engine);
    const batch = await seal(lane);
    assert.deepEqual(await lane.members(batch.id), [
      { id: "acme1", since: noon },
      { id: "acme2", since: noon + 1 },
      { id: "acme3", since: noon + 2 },
    ]);
    await assert.rejects(lane.members("bat_x"), /No batch of/);
  });
}

/** Declares the promises about how delivering stands. */
export function describeStanding(promised: Promised): void {
  describeUrls(promised);
  describePauses(promised);
  describeHalts(promised);
  describeSecrets(promised);
  describeSecretsBefore(promised);
  describeMembers(promised);
}
