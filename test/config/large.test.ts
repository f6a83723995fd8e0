/** A large config: read in a thread, so that webhooks are answered meanwhile. */
import assert from "node:assert/strict";
import process from "node:process";
import { describe, it } from "node:test";
import type { Config } from "../../src/config.ts";
import { openLiveConfig } from "../../src/config/live.ts";
import { readConfig } from "../../src/config/reader.ts";
import { diskWith } from "../../src/config/surroundings.ts";
import { eventually, folderWith, publicKey, smallest } from "./fixture.ts";
import { full } from "./full.ts";

const name = "aggregator.yaml";
const state = () => {};
/** More than is read where it is asked for. */
const padding = `# ${"-".repeat(90)}\n`.repeat(1_000);

/** Tenants with ten numbers each, as an operator's program would write them. */
function manyTenants(count: number, path = "", more = ""): string {
  const numberOf = (index: number) => `      - "+1800${1_000_000 + index}"\n`;
  const tenants = Array.from({ length: count }, (_, tenant) => {
    const numbers = Array.from({ length: 10 }, (_, index) => numberOf(tenant * 10 + index));
    return `  tenant-${tenant}:\n    callback_url: https://hooks.example/${tenant}/${path}\n` +
      `    phone_numbers:\n${numbers.join("")}`;
  });
  return `telnyx: { public_keys: [${publicKey}] }\n${more}tenants:\n${tenants.join("")}`;
}

/** The longest time that nothing else could happen, in ms, as long as a task takes. */
async function longestStall(task: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  let last = performance.now();
  const look = () => {
    const now = performance.now();
    [longest, last] = [Math.max(longest, now - last), now];
  };
  const timer = setInterval(look, 1);
  await task().finally(() => clearInterval(timer));
  look();
  return longest;
}

/** All of it that is data. */
const plain = ({ directory: { numbers }, ...rest }: Config) => ({ ...rest, numbers });

describe("a large config", () => {
  it("comes into force without stopping the event loop", async () => {
    await using folder = await folderWith({ [name]: smallest });
    await using live = await openLiveConfig({ path: folder.file(name), env: {}, state });
    await live.keep();
    const text = manyTenants(10_000);
    const from = performance.now();
    const stall = await longestStall(async () => {
      const changed = live.changed(live.current, AbortSignal.timeout(20_000));
      await folder.write(name, text);
      await changed;
    });
    const took = performance.now() - from;
    const { directory, tenants } = live.current;
    assert.deepEqual([tenants.size, directory.numbers], [10_000, 100_000]);
    const found = directory.ofNumber("+18001099999", "voice", undefined, Date.now());
    assert.equal(found?.tenant, "tenant-9999");
    // Parsing alone is more than half of it where it happens on the event loop.
    assert.ok(stall < took / 3, `stopped for ${stall} of ${took} ms`);
  });

  it("is the same in a thread as it would be here", async () => {
    const text = full.text.replace(/^.*# later\n/gm, "");
    await using folder = await folderWith({ ...full.files, [name]: text });
    const disk = diskWith(full.env);
    const here = await readConfig(folder.file(name), disk, folder.path);
    await folder.write(name, text + padding);
    const there = await readConfig(folder.file(name), disk, folder.path);
    assert.ok("config" in here.parsed && "config" in there.parsed);
    assert.deepEqual(plain(there.parsed.config), plain(here.parsed.config));
    assert.deepEqual(there.parsed.places, here.parsed.places);
    assert.deepEqual(there.taken.asked, here.taken.asked);
    assert.notEqual(there.taken.fingerprint, here.taken.fingerprint);
  });

  it("goes to a thread with the process's own environment", () => {
    assert.deepEqual(structuredClone(diskWith(process.env).source), { env: { ...process.env } });
  });

  it("is refused with the places of what is wrong, and of what needs a restart", async () => {
    await using folder = await folderWith({ [name]: manyTenants(300) });
    await using live = await openLiveConfig({ path: folder.file(name), env: {}, state });
    const before = live.current;
    await folder.write(name, manyTenants(300, "", "admin:\n  listen: []\n"));
    const objected = await live.reload();
    assert.deepEqual(objected.is === "refused" && objected.problems, [
      {
        file: name,
        line: 3,
        column: 3,
        field: "admin.listen",
        message: "needs a restart to change",
      },
    ]);
    await folder.write(name, `${manyTenants(300)}    windows: {}\n`);
    const refused = await live.reload();
    const [problem] = refused.is === "refused" ? refused.problems : [];
    assert.deepEqual([problem?.field, problem?.line, problem?.column], [
      "tenants.tenant-299.windows",
      3903,
      5,
    ]);
    assert.equal(live.current, before);
  });

  it("is the last good one for a start with a broken file", async () => {
    await using folder = await folderWith({ [name]: manyTenants(300) });
    const options = { path: folder.file(name), env: {}, state };
    {
      await using live = await openLiveConfig(options);
      await live.keep();
    }
    await folder.write(name, `${manyTenants(300)}  - x\n`);
    await using live = await openLiveConfig(options);
    assert.equal(live.current.tenants.size, 300);
    assert.ok(live.problems.length > 0);
    await folder.write(name, manyTenants(300));
    assert.equal((await live.reload()).is, "unchanged");
    assert.deepEqual(live.problems, []);
  });

  it("counts as refused when its thread ends early", async () => {
    await using folder = await folderWith({ [name]: manyTenants(3_000) });
    const path = folder.file(name);
    const early = AbortSignal.timeout(100);
    const { parsed } = await readConfig(path, diskWith({}), folder.path, early);
    const [problem] = "problems" in parsed ? parsed.problems : [];
    assert.equal(problem?.file, name);
    assert.match(problem?.message ?? "", /^was not read to its end: .*: reload again$/);
  });

  // Deno does not tell of the threads that are started: there is none to kill.
  const itOnNode: typeof it = "Deno" in globalThis ? (async () => {}) as typeof it : it;
  itOnNode("changes nothing when its thread is killed", async () => {
    await using folder = await folderWith({ [name]: smallest });
    await using live = await openLiveConfig({ path: folder.file(name), env: {}, state });
    const before = live.current;
    process.once("worker", (worker) => void worker.terminate());
    await folder.write(name, smallest + padding);
    await eventually(() => live.problems.length > 0);
    assert.match(live.problems[0]?.message ?? "", /^was not read to its end/);
    assert.equal(live.current, before);
    assert.equal((await live.reload()).is, "loaded");
    assert.deepEqual(live.problems, []);
  });
});
