/** How delivering stands is what it was after a restart, whatever the clock did meanwhile. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { describe, it } from "node:test";
import { openEmbeddedEngine } from "../../src/engine/embedded.ts";
import { temporaryFolder } from "../support/folder.ts";
import { appendMany, attempt, cut, dead, drain, idsOf, noon, seal, takeLane } from "./shared.ts";
import { calling } from "./calling.ts";

const hourMs = 3_600_000;

describe("openEmbeddedEngine() of a log that has delivered", () => {
  it("knows its URLs, pauses, halts and versions of keys", async () => {
    await using folder = await temporaryFolder();
    const path = folder.file("log.db");
    const url = { digest: "one", failures: 2, notBefore: Date.now() + 9, failingSince: noon };
    const before = await openEmbeddedEngine({ path });
    await appendMany(before, "acme", 2);
    const lane = await takeLane(before);
    const { id } = await seal(lane, { eventsMax: 1 });
    await lane.settle(id, attempt(1), { as: "gone", destination: "one" }, url);
    await before.clockSet(hourMs, noon);
    await lane.halt(true);
    await before.pause("beta");
    const [standing, counts] = [[await lane.urls(), await lane.halts()], await before.counts()];
    const secrets = await before.secretVersions([{ tenant: "acme", version: 2 }]);
    await before[Symbol.asyncDispose]();
    await using after = await openEmbeddedEngine({ path });
    const again = await takeLane(after);
    assert.deepEqual([await again.urls(), await again.halts()], standing);
    assert.deepEqual(again.waiting(), lane.waiting());
    assert.equal(again.waiting().paused?.destination, "one");
    assert.deepEqual(await after.counts(), counts);
    assert.deepEqual(await after.secretVersions([{ tenant: "acme", version: 2 }]), secrets);
    assert.equal(await after.resume("beta"), true);
    assert.deepEqual((await again.unsettled()).map(({ attempts }) => attempts), [1]);
  });

  it("knows dead letters, and what is sent again", async () => {
    await using folder = await temporaryFolder();
    const path = folder.file("log.db");
    const before = await openEmbeddedEngine({ path });
    await appendMany(before, "acme", 4);
    const lane = await takeLane(before);
    const { id } = await seal(lane, { eventsMax: 3 });
    await lane.settle(id, attempt(1), dead());
    const [letters, story] = [await before.dead({}, 10), await before.story(id)];
    await drain(lane);
    await before.replay({ delivered: true }, false);
    await before[Symbol.asyncDispose]();
    await using after = await openEmbeddedEngine({ path });
    assert.deepEqual([await after.dead({}, 10), await after.story(id)], [letters, story]);
    assert.equal((await after.replay({}, false)).events, 3);
    const again = await takeLane(after);
    const ids = async () => await idsOf(again, await seal(again, { from: "session" }));
    assert.deepEqual([await ids(), await ids()], [["acme4"], ["acme1", "acme2", "acme3"]]);
  });
});

describe("openEmbeddedEngine() of a log whose clock was ahead", () => {
  it("does not wait for what is due in more than a day", async () => {
    await using folder = await temporaryFolder();
    const path = folder.file("log.db");
    const before = await openEmbeddedEngine({ path });
    await appendMany(before, "acme", 2);
    const lane = await takeLane(before);
    const soon = Date.now() + hourMs;
    for (const notBefore of [soon, soon + 25 * hourMs]) {
      const { id } = await seal(lane, { eventsMax: 1 });
      const url = { digest: String(notBefore), failures: 1, notBefore };
      await lane.settle(id, attempt(1), { as: "aside", notBefore }, url);
    }
    await before[Symbol.asyncDispose]();
    await using after = await openEmbeddedEngine({ path });
    const again = await takeLane(after);
    const batch = await seal(again, { from: "session" });
    assert.deepEqual(await idsOf(again, batch), ["acme2"]);
    assert.equal(await again.seal(cut({ from: "session" })), undefined);
    assert.equal(again.waiting().sessionAt, soon);
    assert.ok((await again.urls()).every(({ notBefore }) => notBefore <= soon));
  });

  it("closes a call as late as if it had opened now", async () => {
    await using folder = await temporaryFolder();
    const path = folder.file("log.db");
    const before = await openEmbeddedEngine({ path });
    const { heard } = await calling(before);
    await heard("initiated", 100, "begins a");
    const openFor = (await takeLane(before)).waiting().sessionAt ?? 0;
    await before[Symbol.asyncDispose]();
    const database = new DatabaseSync(path);
    const ahead = 48 * hourMs;
    for (const column of ["opened_at", "closes_at", "due_at", "seen_at"]) {
      database.exec(`UPDATE session SET ${column} = ${column} + ${ahead}`);
    }
    database.close();
    const openedAt = Date.now();
    await using after = await openEmbeddedEngine({ path });
    const { sessionAt = 0 } = (await takeLane(after)).waiting();
    const expected = openFor + 100_000;
    assert.ok(sessionAt >= expected && sessionAt <= expected + Date.now() - openedAt + 1_000);
  });
});
