import assert from "node:assert/strict";
import { rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { describe, it } from "node:test";
import type { LiveConfig } from "../../src/config.ts";
import { openLiveConfig } from "../../src/config/live.ts";
import type { Fact } from "../../src/telemetry.ts";
import {
  eventually,
  type Folder,
  folderWith,
  smallest,
  tenantWith,
  withTenants,
} from "./fixture.ts";

const name = "aggregator.yaml";
const broken = "tenants: [";
const ids = (live: LiveConfig) => [...live.current.tenants.keys()].join();

interface Opened extends AsyncDisposable {
  readonly folder: Folder;
  readonly live: LiveConfig;
  readonly facts: Fact[];
  count(is: Fact["is"]): number;
}

async function open(
  files: Readonly<Record<string, string>>,
  { env = {}, path = name }: { env?: Record<string, string>; path?: string } = {},
): Promise<Opened> {
  const folder = await folderWith(files);
  const facts: Fact[] = [];
  const live = await openLiveConfig({
    path: folder.file(path),
    env,
    state: (fact) => void facts.push(fact),
  });
  return {
    folder,
    live,
    facts,
    count: (is) => facts.filter((fact) => fact.is === is).length,
    async [Symbol.asyncDispose]() {
      await live[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

describe("openLiveConfig()", () => {
  it("loads, and keeps what it loaded where nobody else reads it", async () => {
    await using opened = await open({ [name]: smallest });
    const { facts, folder, live } = opened;
    assert.deepEqual(facts, [{ is: "config.loaded", tenants: 1, numbers: 1 }]);
    await live.keep();
    assert.deepEqual(live.problems, []);
    assert.equal((await stat(folder.file("data"))).mode & 0o777, 0o700);
    assert.equal((await stat(folder.file("data/last-good.json"))).mode & 0o777, 0o600);
  });

  it("tells every problem where there was never a good file", async () => {
    await using folder = await folderWith({ [name]: tenantWith("x: 1\ny: 2") });
    const opening = openLiveConfig({ path: folder.file(name), env: {}, state: () => {} });
    await assert.rejects(opening, (error: Error & { code?: string }) => {
      assert.equal(error.code, "config");
      assert.match(
        error.message,
        /^Cannot use .*:\n {2}aggregator.yaml:5:5 .*\n {2}aggregator.yaml:6:5/,
      );
      return true;
    });
  });
});

describe("reload", () => {
  const ways: Readonly<Record<string, (folder: Folder) => Promise<void>>> = {
    "a save in place": (folder) => folder.write(name, withTenants("acme", "b")),
    "a rename": async (folder) => {
      await folder.write("new", withTenants("acme", "b"));
      await rename(folder.file("new"), folder.file(name));
    },
    "truncating, then writing": async (folder) => {
      await writeFile(folder.file(name), "");
      await new Promise((resolve) => setTimeout(resolve, 100));
      await writeFile(folder.file(name), withTenants("acme", "b"));
    },
  };
  for (const [way, save] of Object.entries(ways)) {
    it(`follows ${way}`, async () => {
      await using opened = await open({ [name]: withTenants("acme") });
      const { live, folder, count } = opened;
      const before = live.current;
      const changed = live.changed(before, new AbortController().signal);
      await save(folder);
      await changed;
      assert.equal(ids(live), "acme,b");
      assert.equal(count("config.refused"), 0);
    });
  }

  it("follows two symlink swaps as Kubernetes makes them", async () => {
    await using folder = await folderWith({
      [`v1/${name}`]: withTenants("acme"),
      [`v2/${name}`]: withTenants("acme", "b"),
      [`v3/${name}`]: withTenants("acme", "c"),
    });
    const swap = async (version: string) => {
      await symlink(version, folder.file("..data_tmp"));
      await rename(folder.file("..data_tmp"), folder.file("..data"));
    };
    await swap("v1");
    await symlink(`..data/${name}`, folder.file(name));
    await using live = await openLiveConfig({
      path: folder.file(name),
      env: {},
      state: () => {},
    });
    await swap("v2");
    await eventually(() => ids(live) === "acme,b");
    await swap("v3");
    await eventually(() => ids(live) === "acme,c");
  });

  it("follows files that are included, referred to, and .env", async () => {
    const text = `${tenantWith("headers: { a: file:s/a, b: env:B }")}include: d/*.yaml\n`;
    await using opened = await open({ [name]: text, "s/a": "1\n", ".env": "B=1\n", "d/x": "" });
    const { live, folder } = opened;
    const header = (key: string) => live.current.tenants.get("acme")?.destination.headers[key];
    await folder.write("s/a", "2\n");
    await eventually(() => header("a") === "2");
    await folder.write(".env", "B=2\n");
    await eventually(() => header("b") === "2");
    await folder.write("d/b.yaml", "tenants: { b: { callback_url: https://b.example } }\n");
    await eventually(() => ids(live) === "acme,b");
    await rm(folder.file("d/b.yaml"));
    await eventually(() => ids(live) === "acme");
  });

  it("keeps the old config for a broken file, tells it, and clears it", async () => {
    await using opened = await open({ [name]: smallest });
    const { count, folder, live } = opened;
    const before = live.current;
    await folder.write(name, broken);
    await eventually(() => live.problems.length > 0);
    assert.equal(live.current, before);
    const [first, second] = [await live.reload(), await live.reload()];
    assert.deepEqual([first.is, second.is], ["refused", "refused"]);
    assert.equal(count("config.refused"), 3);
    await folder.write(name, smallest);
    await eventually(() => live.problems.length === 0);
    assert.equal(live.current, before);
    assert.equal(count("config.unchanged"), 1);
    await folder.write(name, broken);
    await eventually(() => count("config.refused") === 4);
  });

  it("is not moved by files that mean nothing", async () => {
    const text = `${smallest}include: d/*.yaml\n`;
    await using opened = await open({ [name]: text, "d/x.yaml": "tenants: {}\n" });
    const { count, folder, live } = opened;
    for (const other of ["d/.x.yaml.swp", "d/x.yaml~", "notes.txt"]) await folder.write(other, "x");
    await folder.write(name, text);
    assert.deepEqual(await live.reload(), { is: "unchanged" });
    assert.equal(count("config.loaded"), 1);
  });

  it("answers a reload on demand at once", async () => {
    await using opened = await open({ [name]: smallest });
    const { facts, folder, live } = opened;
    assert.deepEqual(await live.reload(), { is: "unchanged" });
    assert.deepEqual(facts.at(-1), { is: "config.unchanged" });
    await folder.write(name, withTenants("b"));
    const outcome = await live.reload();
    assert.equal(outcome.is === "loaded" && outcome.config, live.current);
    assert.equal(ids(live), "b");
  });

  it("refuses what needs a restart, with its place", async () => {
    await using opened = await open({ [name]: smallest });
    const { folder, live } = opened;
    const key = `signing: { key: ${btoa("s".repeat(32))} }\n`;
    await folder.write(
      name,
      `${smallest}listen: 1\nstore: { path: x }\nadmin: { listen: [] }\n${key}`,
    );
    const outcome = await live.reload();
    assert.ok(outcome.is === "refused");
    const told = outcome.problems.map(({ field, line, message }) => [field, line, message]);
    assert.deepEqual(told, [
      ["listen", 7, "needs a restart to change"],
      ["admin.listen", 9, "needs a restart to change"],
      ["store.path", 8, "needs a restart to change"],
      ["signing.key", 10, "needs a restart to change"],
    ]);
  });

  it("refuses to lose more than half of four tenants", async () => {
    await using opened = await open({ [name]: withTenants("a", "b", "c", "d") });
    const { folder, live } = opened;
    await folder.write(name, withTenants("a", "x", "y", "z"));
    const outcome = await live.reload();
    assert.match(outcome.is === "refused" ? outcome.problems[0]?.message ?? "" : "", /3 of 4/);
    await folder.write(name, withTenants("a", "b"));
    assert.equal((await live.reload()).is, "loaded");
  });

  it("resolves changed() at the next config only, or on abort", async () => {
    await using opened = await open({ [name]: smallest });
    const { folder, live } = opened;
    const end = new AbortController();
    const waiting = live.changed(live.current, end.signal);
    const before = live.current;
    await folder.write(name, broken);
    await live.reload();
    end.abort();
    await waiting;
    assert.equal(live.current, before);
  });
});
