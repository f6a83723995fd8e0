/** What a start goes by when the file is broken: the last config that a daemon did start with. */
import assert from "node:assert/strict";
import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { describe, it } from "node:test";
import type { LiveConfig } from "../../src/config.ts";
import { openLiveConfig } from "../../src/config/live.ts";
import type { Fact } from "../../src/telemetry.ts";
import { type Folder, folderWith, smallest, tenantWith, withTenants } from "./fixture.ts";

const name = "aggregator.yaml";
const keptName = "data/last-good.json";
const broken = "tenants: [";
const ids = (live: LiveConfig) => [...live.current.tenants.keys()].join();

async function startOn(folder: Folder, env: Record<string, string> = {}, strict = false) {
  const facts: Fact[] = [];
  const state = (fact: Fact) => void facts.push(fact);
  const live = await openLiveConfig({ path: folder.file(name), env, state, strict });
  return { live, facts };
}

/** A start that succeeds, and a stop. */
async function startAndStop(folder: Folder, env: Record<string, string> = {}): Promise<void> {
  const { live } = await startOn(folder, env);
  await live.keep();
  await live[Symbol.asyncDispose]();
}

const text = `${tenantWith("headers: { a: env:A, b: file:b }")}include: [d/*.yaml]\n`;
const files = {
  [name]: text,
  b: "2",
  "d/x.yaml": "tenants: { x: { callback_url: https://x.example } }\n",
};

const losses: Readonly<Record<string, (folder: Folder) => Promise<unknown>>> = {
  "a broken file": (folder) => folder.write(name, broken),
  "no file": (folder) => rm(folder.file(name)),
  "a missing secret file": (folder) => rm(folder.file("b")),
  "a broken include": (folder) => folder.write("d/x.yaml", broken),
  "a missing variable": () => Promise.resolve(),
};

describe("the last good config", () => {
  for (const [loss, lose] of Object.entries(losses)) {
    it(`is what a start with ${loss} falls back to, unless strict`, async () => {
      await using folder = await folderWith(files);
      await startAndStop(folder, { A: "1" });
      await lose(folder);
      const env: Record<string, string> = loss === "a missing variable" ? {} : { A: "1" };
      await assert.rejects(startOn(folder, env, true), /Cannot use/);
      const before = await stat(folder.file(keptName));
      const { facts, live } = await startOn(folder, env);
      await using _closing = live;
      await live.keep();
      assert.equal((await stat(folder.file(keptName))).ino, before.ino);
      assert.deepEqual(facts.map(({ is }) => is), ["config.fell_back"]);
      assert.ok(live.problems.length > 0);
      assert.equal(ids(live), "acme,x");
      assert.deepEqual(live.current.tenants.get("acme")?.destination.headers, { a: "1", b: "2" });
      assert.equal((await live.reload()).is, "refused");
      assert.deepEqual(facts.map(({ is }) => is), ["config.fell_back", "config.refused"]);
      await folder.write(name, smallest);
      assert.equal((await live.reload()).is, "loaded");
      assert.deepEqual(live.problems, []);
    });
  }

  it("is of no use when damaged, or of another file", async () => {
    await using folder = await folderWith(files);
    await startAndStop(folder, { A: "1" });
    await rename(folder.file(name), folder.file("other.yaml"));
    const moved = openLiveConfig({ path: folder.file("moved.yaml"), env: {}, state: () => {} });
    await assert.rejects(moved, /moved\.yaml: does not exist/);
    const kept = folder.file(keptName);
    const whole = await readFile(kept, "utf8");
    for (const damaged of ["", "{}", "null", whole.slice(0, 99), whole.replace(/tenants/g, "x")]) {
      await writeFile(kept, damaged);
      await assert.rejects(startOn(folder), /does not exist/);
    }
  });

  it("is not touched before the start has succeeded, nor by reloads until then", async () => {
    await using folder = await folderWith({ [name]: smallest });
    await startAndStop(folder);
    const before = await readFile(folder.file(keptName), "utf8");
    await folder.write(name, withTenants("b"));
    const { live } = await startOn(folder);
    await using _closing = live;
    await folder.write(name, withTenants("c"));
    assert.equal((await live.reload()).is, "loaded");
    assert.equal(await readFile(folder.file(keptName), "utf8"), before);
    await live.keep();
    assert.match(await readFile(folder.file(keptName), "utf8"), /c\.example/);
    await folder.write(name, withTenants("d"));
    assert.equal((await live.reload()).is, "loaded");
    assert.match(await readFile(folder.file(keptName), "utf8"), /d\.example/);
  });

  it("is not written again when it is the same", async () => {
    await using folder = await folderWith({ [name]: smallest });
    await startAndStop(folder);
    const before = await stat(folder.file(keptName));
    await startAndStop(folder);
    assert.equal((await stat(folder.file(keptName))).ino, before.ino);
  });

  it("that cannot be written is a problem until it can, and stops nothing", async () => {
    await using folder = await folderWith({ [name]: smallest, data: "a file" });
    const { live } = await startOn(folder);
    await using _closing = live;
    assert.deepEqual(live.problems, []);
    await live.keep();
    assert.match(live.problems.map(({ message }) => message).join(), /^cannot be written/);
    await folder.write(name, withTenants("b"));
    assert.equal((await live.reload()).is, "loaded");
    assert.match(live.problems.map(({ message }) => message).join(), /^cannot be written/);
    await rm(folder.file("data"));
    await mkdir(folder.file("data"));
    assert.equal((await live.reload()).is, "unchanged");
    assert.deepEqual(live.problems, []);
  });
});
