/** What the log knows of the calls in its lanes, and what goes past a backlog because of it. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Engine } from "../../src/engine.ts";
import { openEmbeddedEngine } from "../../src/engine/embedded.ts";
import { openStories } from "../../src/engine/embedded/stories.ts";
import { temporaryFolder } from "../support/folder.ts";
import { addAll, driven, openTables } from "./driving.ts";
import { live, record, told } from "./live.ts";
import { attempt, dead, drain, entry, idsOf, noon, seal, takeLane } from "./shared.ts";

describe("openStories()", () => {
  it("knows the row before, until it is gone", () => {
    const database = openTables();
    const stories = openStories(database, 2);
    const row = (position: number, about: number | null) => ({ position, about });
    const follow = (position: number, about: number | null, lane = 1) =>
      stories.follow(lane, row(position, about));
    assert.deepEqual([follow(1, 7), follow(2, 7), follow(3, null)], [null, 1, null]);
    stories.leave(1, [row(1, 7)], 2);
    assert.equal(follow(4, 7), 2);
    stories.leave(1, [row(2, 7), row(3, null), row(4, 7)], undefined);
    assert.deepEqual([follow(5, 7), follow(6, 7, 2)], [null, null]);
    assert.deepEqual([follow(7, 8), follow(8, 8), follow(9, 7)], [null, -1, 5]);
    stories.leave(1, [row(5, 7)], 7);
    assert.deepEqual([follow(10, 9), follow(11, 7, 2)], [-1, 6]);
    stories.leave(1, [row(7, 8), row(8, 8), row(9, 7)], 10);
    assert.deepEqual([follow(12, 7), follow(13, 9)], [-1, -1]);
    stories.leave(1, [row(10, 9), row(12, 7), row(13, 9)], undefined);
    assert.deepEqual([follow(14, 9), follow(15, 9)], [null, 14]);
    database.close();
  });
});

describe("what is fresh, in the log", () => {
  it("overtakes as far as is known, in a lane of more calls than are remembered", () => {
    driven(2, (lane) => {
      addAll(lane, 1, "a", "b", "c", "d", "a!", "c!", "e!", "b!");
      assert.deepEqual(lane.take(5, 10).taken, [1, 2, 5, 8]);
      assert.deepEqual(lane.take(5, 10).taken, []);
      addAll(lane, 9, "c!", "f!");
      assert.deepEqual(lane.take(5, 10).taken, []);
      lane.reopen();
      addAll(lane, 11, "f!", "f!");
      assert.deepEqual(lane.take("head", 10).taken, [3, 4, 6, 7, 9, 10, 11, 12]);
      addAll(lane, 13, "x", "c", "g", "c!", "x!");
      assert.deepEqual(lane.take(15, 10).taken, [13, 14, 16, 17]);
    });
  });

  it("remembers the latest calls where more wait than it remembers", () => {
    driven(2, (lane) => {
      addAll(lane, 1, "a", "b", "c", "b");
      lane.reopen();
      addAll(lane, 5, "c!", "a!", "b!");
      assert.deepEqual(lane.take(5, 10).taken, [2, 3, 4, 5, 7]);
      assert.deepEqual(lane.take("head", 10).taken, [1, 6]);
    });
  });

  it("is not followed without end", () => {
    driven(undefined, (lane) => {
      addAll(lane, 1, ...Array<string>(10_002).fill("a"), "a!", "b!", "a!");
      assert.deepEqual(lane.take(10_003, 5).taken, [10_004]);
      assert.equal(lane.take("head", 10).taken.length, 10);
      assert.deepEqual(lane.take(10_003, 5).taken, [11, 12, 13, 14, 15]);
    });
  });

  it("does not overtake over a gap that a clock set back has left", () => {
    driven(undefined, (lane) => {
      const calls = ["a", "a", "a", "b", "b"];
      for (const [index, call] of calls.entries()) {
        lane.add({ event: index + 1, since: [9, 1, 9, 9, 1][index] ?? 0, call, immediate: false });
      }
      lane.bury(5);
      addAll(lane, 20, "a!", "b!", "c!");
      assert.deepEqual(lane.take(20, 10).taken, []);
      assert.deepEqual(lane.take("head", 1).taken, [1]);
      lane.reopen();
      addAll(lane, 30, "b!");
      assert.deepEqual(lane.take(20, 10).taken, []);
      assert.deepEqual(lane.take("head", 9).taken, [3, 4, 20, 21, 22, 30]);
    });
  });
});

/** The same log, opened again for each of these. */
async function over(...lives: readonly ((engine: Engine) => Promise<void>)[]): Promise<void> {
  await using folder = await temporaryFolder();
  for (const life of lives) {
    await using engine = await openEmbeddedEngine({ path: folder.file("log.db") });
    await life(engine);
  }
}

describe("what is fresh, over restarts and failures", () => {
  it("goes past a backlog from before a restart, with what that has of its call", async () => {
    await over(
      (engine) => record(engine, "1 of a", "2 of b", "3 of c", "4 of a", "5 of d"),
      async (engine) => {
        const lane = await takeLane(engine);
        assert.deepEqual(await idsOf(lane, await seal(lane, { eventsMax: 2 })), ["1", "2"]);
        await record(engine, "6+! of a");
      },
      async (engine) => {
        await record(engine, "7+! of c", "8+! of b", "9+! of a");
        const lane = await takeLane(engine);
        const ids = await idsOf(lane, await seal(lane, live));
        assert.deepEqual(ids, ["3", "4", "6+!", "7+!", "8+!", "9+!"]);
        assert.deepEqual(await drain(lane), ["5"]);
      },
    );
  });

  it("goes past a backlog after a commit that failed, as if that had not been", async () => {
    await over(async (engine) => {
      await record(engine, "1 of a", "2 of b", "3 of b");
      const broken = entry({ ...told("broken"), at: Number.NaN });
      const lost = ["lost of a", "lost of c"].map((name) => {
        const [id, call] = name.split(" of ");
        return entry(told(`${id} ${call}`, call));
      });
      const results = await Promise.allSettled([
        engine.append([entry(told("4", "c"))]),
        engine.append([...lost, broken]),
        engine.append([entry(told("5+!", "a")), entry(told("6+!", "c"))]),
      ]);
      assert.deepEqual(results.map(({ status }) => status), ["fulfilled", "rejected", "fulfilled"]);
      const lane = await takeLane(engine);
      assert.deepEqual(await idsOf(lane, await seal(lane, live)), ["1", "4", "5+!", "6+!"]);
      const batch = await seal(lane, { eventsMax: 1 });
      await lane.settle(batch.id, attempt(1), dead(noon + 1));
      await record(engine, "7 of d", "8+! of b");
      assert.deepEqual(await idsOf(lane, await seal(lane, live)), ["8+!"]);
    });
  });
});
