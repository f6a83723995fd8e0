/** What came back of batches, in a log that is opened again, and in one whose commit failed. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { describe, it } from "node:test";
import type { Lane } from "../../src/lane.ts";
import { openEmbeddedEngine } from "../../src/engine/embedded.ts";
import { openLanes } from "../../src/engine/embedded/lanes.ts";
import { besideQueries } from "../../src/engine/embedded/sessions.ts";
import type { Beside } from "../../src/engine/returning.ts";
import { temporaryFolder } from "../support/folder.ts";
import { aside, beside, idsFrom, next, settle, split } from "./back.ts";
import { openTables } from "./driving.ts";
import { append, appendMany, cut, drain, idsOf, noon, owner, seal, takeLane } from "./shared.ts";

/** Splits, retries and refuses: each of it waits beside the lane then, or is sealed. */
async function troubled(lane: Lane): Promise<void> {
  await settle(lane, await seal(lane, { eventsMax: 8 }), split);
  await settle(lane, await beside(lane), split);
  await settle(lane, await beside(lane), aside());
  await settle(lane, await seal(lane, { eventsMax: 1 }), aside(Date.now() + 60_000, true));
}

describe("a log that is opened again", () => {
  it("knows what came back of batches, in its order, and its limit", async () => {
    await using folder = await temporaryFolder();
    const path = folder.file("log.db");
    const before = await openEmbeddedEngine({ path });
    await appendMany(before, "acme", 12);
    const lane = await takeLane(before);
    await troubled(lane);
    const sealed = await beside(lane, { eventsMax: 1 });
    const [waiting, counts] = [lane.waiting(), await before.counts()];
    assert.deepEqual([waiting.split, waiting.refused, sealed.returned?.times], [5, 1, 2]);
    await before[Symbol.asyncDispose]();

    await using after = await openEmbeddedEngine({ path });
    const again = await takeLane(after);
    assert.deepEqual([again.waiting(), await after.counts()], [waiting, counts]);
    assert.deepEqual(await again.unsettled(), [sealed]);
    await settle(again, sealed, { as: "again" });
    const batches: string[][] = [];
    for (let batch = await next(again); batch !== undefined; batch = await next(again)) {
      batches.push(await idsOf(again, batch));
    }
    assert.deepEqual(batches, [
      ["acme4"],
      ["acme5", "acme6"],
      ["acme7", "acme8"],
      ["acme1", "acme2"],
      ["acme10", "acme11"],
      ["acme12"],
    ]);
    assert.deepEqual([again.waiting().refused, again.waiting().split], [1, 0]);
  });

  it("knows since when its events are the tenant's, and when it last delivered", async () => {
    await using folder = await temporaryFolder();
    const path = folder.file("log.db");
    const before = await openEmbeddedEngine({ path });
    await append(before, { id: "held" });
    await append(before, { id: "own", owners: [owner("acme")] });
    await before.release({ id: "held" }, "acme", 1);
    const lane = await takeLane(before);
    const batch = await seal(lane);
    await append(before, { id: "other", owners: [owner("acme")] });
    await drain(lane);
    const { deliveredAt } = lane.waiting();
    await before[Symbol.asyncDispose]();

    await using after = await openEmbeddedEngine({ path });
    const again = await takeLane(after);
    assert.ok(deliveredAt !== undefined && again.waiting().deliveredAt === deliveredAt);
    await settle(again, batch, split);
    const [own, held] = [await beside(again), await beside(again)];
    assert.deepEqual([own.oldestAt, held.oldestAt], [noon, batch.youngestAt]);
  });

  it("retries nothing twice when a settlement shares a commit that failed", async () => {
    await using folder = await temporaryFolder();
    await using engine = await openEmbeddedEngine({ path: folder.file("log.db") });
    await appendMany(engine, "acme", 4);
    const lane = await takeLane(engine);
    const batch = await seal(lane);
    const results = await Promise.allSettled([
      append(engine, { id: "first", owners: [owner("acme")] }),
      settle(lane, batch, split),
      lane.bytes("bat_0"),
      settle(lane, batch, split),
    ]);
    assert.deepEqual(results.map(({ status }) => status), [
      "fulfilled",
      "fulfilled",
      "rejected",
      "fulfilled",
    ]);
    assert.deepEqual([lane.waiting().split, lane.waiting().count], [4, 1]);
    assert.deepEqual(await idsOf(lane, await beside(lane)), idsFrom(1, 2));
  });
});

/** A lane of the log without an engine, and events that may come back to it. */
function tables() {
  const database: DatabaseSync = openTables();
  const lanes = openLanes(database);
  const lane = lanes.laneOf("acme");
  const back = (...events: readonly number[]) =>
    events.map((event) => ({ event, since: noon, bytes: 100 }));
  const group = (source: Beside["source"], dueAt: number): Beside => (
    { source, dueAt, returned: 1 }
  );
  const statesOf = () => lanes.states().map(({ waiting }) => waiting);
  return { database, lanes, lane, back, group, statesOf };
}

describe("openLanes() and what came back", () => {
  it("counts anew what was rolled back, and forgets a group with its last event", () => {
    const { database, lanes, lane, back, group, statesOf } = tables();
    lanes.beside(lane, back(1, 2), group("split", 1));
    lanes.beside(lane, back(3), { ...group("retry", 2), refusedAt: noon });
    const before = statesOf();
    database.exec("BEGIN");
    lanes.beside(lane, back(4), group("split", 1));
    lanes.remove(lane, lanes.olderThan(lane, noon + 1, 10));
    lanes.tooLarge(lane, 10);
    assert.deepEqual(statesOf().map(({ split: waits, refused }) => [waits, refused]), [[0, 0]]);
    assert.equal(database.prepare("SELECT count(*) AS n FROM session").get()?.["n"], 0);
    database.exec("ROLLBACK");
    lanes.recover();
    assert.deepEqual(statesOf(), before);
    const picked = lanes.pick(lane, cut({ from: "session", eventsMax: 20 }));
    assert.deepEqual([picked?.rows.length, picked?.cut.eventsMax], [2, 20]);
    database.close();
  });

  it("takes the fullest session, not a group that is not due", () => {
    const { database, lanes, lane, back, group } = tables();
    const due = Date.now() + 60_000;
    lanes.beside(lane, back(1, 2, 3), group("replay", due));
    const session = { key: "call_session_id:a", lingerMs: 60_000, maxAgeMs: 60_000 } as const;
    const copy = { event: 4, since: Date.now(), occurredAt: noon, bytes: 10, subject: {} };
    lanes.add({ ...copy, owner: { ...owner("acme"), immediate: false, dropped: false }, session });
    const [{ waiting } = assert.fail()] = lanes.states();
    assert.deepEqual([waiting.sessionAt, waiting.sessionBytes], [due, 10]);
    assert.equal(lanes.pick(lane, cut({ from: "session", bytesMax: 11 })), undefined);
    const picked = lanes.pick(lane, cut({ from: "session", bytesMax: 10 }));
    assert.deepEqual(picked?.rows.map(({ event }) => event), [4]);
    database.close();
  });

  it("looks at no more rows than it takes", () => {
    const { database } = tables();
    for (const where of Object.values(besideQueries)) {
      const plan = database.prepare(`EXPLAIN QUERY PLAN SELECT * FROM session WHERE ${where}`)
        .all();
      assert.equal(plan.length, 1);
      assert.match(String(plan[0]?.["detail"]), /SEARCH session USING .*INDEX/);
    }
    database.close();
  });
});
