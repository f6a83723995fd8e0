/** The embedded engine: the contract, over a real file and a real thread, and what is its own. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { chmod, mkdir, readdir, rm, stat, symlink } from "node:fs/promises";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, it } from "node:test";
import { openEmbeddedEngine } from "../../src/engine/embedded.ts";
import { openDatabase } from "../../src/engine/embedded/file.ts";
import type { Engine } from "../../src/engine.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/folder.ts";
import { describeEngine } from "./contract.ts";
import {
  append,
  appendMany,
  attempt,
  dead,
  drain,
  owner,
  payloadOf,
  seal,
  takeLane,
} from "./shared.ts";

/** An engine whose folder goes away with it. */
async function openTemporary(): Promise<Engine> {
  const folder = await temporaryFolder();
  const engine = await openEmbeddedEngine({ path: folder.file("log.db") });
  return {
    ...engine,
    async [Symbol.asyncDispose]() {
      await engine[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

describeEngine("embedded", openTemporary);

describe("openEmbeddedEngine() of a log that exists", () => {
  it("goes on with what waits and what is sealed, under the same ids and bytes", async () => {
    await using folder = await temporaryFolder();
    const path = folder.file("log.db");
    const before = await openEmbeddedEngine({ path });
    await appendMany(before, "acme", 9);
    const lane = await takeLane(before);
    const given = await seal(lane, { eventsMax: 1 });
    await lane.settle(given.id, attempt(1), { as: "accepted" });
    const lost = await seal(lane, { eventsMax: 1 });
    await lane.settle(lost.id, attempt(1), dead());
    const sealed = [await seal(lane, { eventsMax: 3 }), await seal(lane, { eventsMax: 2 })];
    const [first] = sealed;
    assert.ok(first);
    await lane.settle(first.id, attempt(1), { as: "again" });
    const bytes = await Promise.all(sealed.map(({ id }) => lane.bytes(id)));
    const counts = await before.counts();
    const waiting = lane.waiting();
    await before[Symbol.asyncDispose]();

    await using after = await openEmbeddedEngine({ path });
    assert.equal(after.stream, before.stream);
    assert.deepEqual(await after.counts(), counts);
    const again = await takeLane(after);
    assert.deepEqual(again.waiting(), waiting);
    const found = await again.unsettled();
    assert.deepEqual(found, [{ ...first, attempts: 1 }, sealed[1]]);
    const same = await Promise.all(found.map(({ id }) => again.bytes(id)));
    assert.deepEqual(same.map((each) => Buffer.from(each)), bytes.map((each) => Buffer.from(each)));
    assert.equal((await append(after, { id: "acme1" })).status, "duplicate");
    const next = await seal(again, { eventsMax: 1 });
    assert.equal(next.sequence, 5);
    assert.equal((await payloadOf(again, next)).previous_id, sealed[1]?.id);
    assert.deepEqual(await drain(again), ["acme9"]);
  });

  it("does what was asked before it was closed", async () => {
    await using folder = await temporaryFolder();
    const path = folder.file("log.db");
    const engine = await openEmbeddedEngine({ path });
    const ids = Array.from({ length: 50 }, (_, index) => `e${index}`);
    const calls = ids.map((id) => append(engine, { id, owners: [owner("acme")] }));
    await Promise.all([engine[Symbol.asyncDispose](), engine[Symbol.asyncDispose]()]);
    const recorded = await Promise.all(calls);
    assert.ok(recorded.every(({ status }) => status === "queued"));
    assert.equal(engine.broken.aborted, false);
    await using again = await openEmbeddedEngine({ path });
    assert.deepEqual(await drain(await takeLane(again)), ids);
  });

  it("refuses a log that another one has open", async () => {
    await using folder = await temporaryFolder();
    const path = folder.file("log.db");
    await using first = await openEmbeddedEngine({ path });
    const second = openEmbeddedEngine({ path });
    await assert.rejects(second, { code: "store_in_use", message: /another aggregator/ });
    assert.equal((await append(first, { owners: [owner("acme")] })).status, "queued");
  });

  it("refuses a log of a newer version", async () => {
    await using folder = await temporaryFolder();
    const path = folder.file("log.db");
    await (await openEmbeddedEngine({ path }))[Symbol.asyncDispose]();
    const database = new DatabaseSync(path);
    database.exec("PRAGMA user_version = 99");
    database.close();
    const message = /written by a newer version \(schema 99, this program knows 3\)/;
    await assert.rejects(openEmbeddedEngine({ path }), { code: "store", message });
  });

  it("refuses what is not a log", async () => {
    await using folder = await temporaryFolder();
    await folder.write("log.db", "This is not a database. ".repeat(100));
    const path = folder.file("log.db");
    await assert.rejects(openEmbeddedEngine({ path }), { code: "store", message: /log\.db/ });
    await mkdir(folder.file("folder"));
    await assert.rejects(openEmbeddedEngine({ path: folder.file("folder") }), { code: "store" });
  });

  it("keeps to the seed it has delivered under", async () => {
    await using folder = await temporaryFolder();
    const path = folder.file("log.db");
    for (const signingFingerprint of ["one", "two"]) {
      await (await openEmbeddedEngine({ path, signingFingerprint }))[Symbol.asyncDispose]();
    }
    const engine = await openEmbeddedEngine({ path, signingFingerprint: "two" });
    await appendMany(engine, "acme", 1);
    await drain(await takeLane(engine));
    await engine[Symbol.asyncDispose]();
    const other = openEmbeddedEngine({ path, signingFingerprint: "three" });
    await assert.rejects(other, { code: "signing_key", message: /restore the signing key/ });
    await (await openEmbeddedEngine({ path, signingFingerprint: "two" }))[Symbol.asyncDispose]();
  });
});

describe("the log's files", () => {
  it("are their owner's only, in a folder that is made for them", async () => {
    await using folder = await temporaryFolder();
    const path = folder.file("state/deep/log.db");
    await using engine = await openEmbeddedEngine({ path });
    await appendMany(engine, "acme", 1);
    for (const made of [folder.file("state"), dirname(path)]) {
      assert.equal((await stat(made)).mode & 0o777, 0o700);
    }
    const names = await readdir(dirname(path));
    assert.ok(names.includes("log.db-wal") && names.includes("log.db.lock"));
    for (const name of names) {
      assert.equal((await stat(`${dirname(path)}/${name}`)).mode & 0o777, 0o600, name);
    }
  });

  it("leave the mode of a folder that exists alone", async () => {
    await using folder = await temporaryFolder();
    await chmod(folder.path, 0o750);
    await using _engine = await openEmbeddedEngine({ path: folder.file("log.db") });
    assert.equal((await stat(folder.path)).mode & 0o777, 0o750);
  });

  it("are synced at every commit", async () => {
    await using folder = await temporaryFolder();
    const database = openDatabase(folder.file("log.db"));
    assert.equal(database.prepare("PRAGMA journal_mode").get()?.["journal_mode"], "wal");
    assert.equal(database.prepare("PRAGMA synchronous").get()?.["synchronous"], 2);
    database.close();
  });
});

describe("a log that breaks", () => {
  it("refuses what it cannot do, and says that it is broken when it cannot go on", async () => {
    await using folder = await temporaryFolder();
    const path = folder.file("log.db");
    const engine = await openEmbeddedEngine({ path });
    await appendMany(engine, "acme", 1);
    const database = new DatabaseSync(path);
    database.exec("DROP TABLE waiting");
    database.close();
    const ids = ["e1", "e2", "e3"];
    const calls = ids.map((id) => append(engine, { id, owners: [owner("acme")] }));
    for (const result of await Promise.allSettled(calls)) assert.equal(result.status, "rejected");
    assert.equal(engine.broken.aborted, true);
    assert.match(String(engine.broken.reason), /log's thread ended/);
    await assert.rejects(append(engine, {}), { code: "store" });
    await engine[Symbol.asyncDispose]();
    await assert.rejects(openEmbeddedEngine({ path }), { code: "store" });
  });
});

describe("openEmbeddedEngine() and its file", () => {
  it("knows a store by what it is, not by its name", async () => {
    await using folder = await temporaryFolder();
    await using _first = await openEmbeddedEngine({ path: folder.file("log.db") });
    await symlink(folder.file("log.db"), folder.file("other.db"));
    await assert.rejects(openEmbeddedEngine({ path: folder.file("other.db") }), {
      code: "store_in_use",
    });
  });

  it("records nothing more in a file that was removed", async () => {
    await using folder = await temporaryFolder();
    await using engine = await openEmbeddedEngine({ path: folder.file("log.db") });
    await append(engine, { id: "e-0", owners: [owner("acme")] });
    await rm(folder.file("log.db"));
    let count = 0;
    await eventually("the engine breaks", async () => {
      await append(engine, { id: `f-${count++}`, owners: [owner("acme")] }).catch(() => undefined);
      return engine.broken.aborted;
    });
    assert.match(String(engine.broken.reason), /was removed or replaced/);
  });
});
