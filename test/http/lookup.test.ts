/** Names are resolved by a real server, which is silent about those that hang. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { lookup as systemLookup } from "node:dns/promises";
import type { LookupAddress, LookupOptions } from "node:dns";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { createLookup, type Lookup } from "../../src/http/lookup.ts";
import { collect, endOf } from "../support/daemon.ts";
import { childEnv, executable, runArguments } from "../support/runtime.ts";
import { openZone, type Said } from "./name-server.ts";

const here = [{ address: "127.0.0.1", family: 4 }];
const both = ["127.0.0.1", "::1"];
const codeOf = (asked: Promise<unknown>) =>
  asked.then(() => "resolved", ({ code }) => String(code));

/** What `silent.*` and `unknown.*` are called after; all others are here. */
function say(name: string): Said {
  if (name.startsWith("silent")) return "silent";
  return name.startsWith("unknown") ? "unknown" : ["127.0.0.1"];
}

/** A system that knows some names, and counts how many it is asked about at once. */
function openSystem(known: Readonly<Record<string, string>> = {}) {
  const asked: string[] = [];
  let atOnce = 0;
  let most = 0;
  async function system(name: string): Promise<LookupAddress[]> {
    asked.push(name);
    most = Math.max(most, ++atOnce);
    const found = await systemLookup(known[name] ?? "127.0.0.1", { all: true });
    atOnce -= 1;
    return found;
  }
  return { asked, system, most: () => most };
}

/** Deno's resolver reads the hosts file itself, and does not tell a closed port from silence. */
const isDenos = "Deno" in globalThis;

/** As `net.connect` asks. */
function called(names: Lookup, name: string, options: LookupOptions): Promise<readonly unknown[]> {
  const { promise, resolve } = Promise.withResolvers<readonly unknown[]>();
  names.lookup(name, options, (...given) => resolve(given));
  return promise;
}

describe("createLookup()", () => {
  it("resolves while other names hang", async () => {
    using server = await openZone(say);
    using names = createLookup({ servers: [server.at] });
    let hanging = 0;
    const silent = Array.from({ length: 30 }, (_, index) => {
      hanging += 1;
      return codeOf(names.addressesOf(`silent${index}.test`)).finally(() => hanging -= 1);
    });
    for (const name of ["good.test", "better.test", "good.test"]) {
      assert.deepEqual(await names.addressesOf(name), here);
    }
    assert.equal(hanging, 30);
    names[Symbol.dispose]();
    assert.deepEqual(new Set(await Promise.all(silent)), new Set(["ECANCELLED"]));
  });

  it("asks for a name once at a time, and keeps nothing", async () => {
    using server = await openZone(say);
    using names = createLookup({ servers: [server.at] });
    const ask = () => names.addressesOf("good.test");
    assert.deepEqual(await Promise.all([ask(), ask(), ask()]), [here, here, here]);
    assert.equal(server.asked("good.test"), 1);
    await ask();
    assert.equal(server.asked("good.test"), 2);
  });

  it("gives addresses of both families, as many as are asked for", async () => {
    using server = await openZone(() => both);
    using names = createLookup({ servers: [server.at] });
    const [v4, v6] = both.map((address, index) => ({ address, family: index === 0 ? 4 : 6 }));
    assert.deepEqual(await called(names, "a.test", { all: true }), [null, [v4, v6]]);
    assert.deepEqual(await called(names, "a.test", { all: true, family: 6 }), [null, [v6]]);
    assert.deepEqual(await called(names, "a.test", { family: "IPv6" }), [null, "::1", 6]);
    assert.deepEqual(await called(names, "a.test", {}), [null, "127.0.0.1", 4]);
  });

  for (const family of [4, 6] as const) {
    it(`takes what IPv${family} answers where the other family hangs`, async () => {
      using server = await openZone((_name, _turn, asked) => asked === family ? both : "silent");
      using names = createLookup({ servers: [server.at], tryMs: 60_000 });
      const found = await names.addressesOf("a.test");
      assert.deepEqual(found, [{ address: family === 4 ? "127.0.0.1" : "::1", family }]);
    });
  }

  it("fails where there is no address of the family that is asked for", async () => {
    using server = await openZone(say);
    using names = createLookup({ servers: [server.at] });
    const [error] = await called(names, "good.test", { all: true, family: 6 });
    assert.equal(await codeOf(Promise.reject(error)), "ENOTFOUND");
  });

  it("says that the DNS is silent, and does not ask the system then", async () => {
    using server = await openZone(say);
    const { asked, system } = openSystem();
    using names = createLookup({ servers: [server.at], tryMs: 300, system });
    assert.equal(await codeOf(names.addressesOf("silent.test")), "ETIMEOUT");
    assert.deepEqual(asked, []);
  });

  it("knows this machine's own names without asking", async () => {
    using server = await openZone(say);
    using names = createLookup({ servers: [server.at] });
    for (const name of ["localhost", "LOCALHOST", "localhost.", "a.localhost", "a.b.LocalHost."]) {
      const found = await names.addressesOf(name);
      assert.deepEqual(found.map(({ address }) => address), both, name);
    }
    let isLater = false;
    const given = called(names, "localhost", { all: true }).then(() => assert.ok(isLater));
    isLater = true;
    await given;
    assert.equal(server.asked(), 0);
    assert.deepEqual(await names.addressesOf("localhost.test"), here);
  });
});

describe("createLookup() and the system", () => {
  it("asks it about names that the DNS does not know, and about no others", async () => {
    using server = await openZone((name) => name.startsWith("empty") ? [] : say(name));
    const known = { "unknown.test": "127.0.0.2", "empty.test": "127.0.0.3" };
    const { asked, system } = openSystem(known);
    using names = createLookup({ servers: [server.at], system });
    assert.deepEqual(await names.addressesOf("good.test"), here);
    assert.deepEqual(asked, []);
    for (const [name, address] of Object.entries(known)) {
      assert.deepEqual(await names.addressesOf(name), [{ address, family: 4 }]);
    }
    assert.deepEqual(asked, Object.keys(known));
  });

  it("asks it about one name at a time, and lets only so many wait", async () => {
    using server = await openZone(say);
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    const { asked, system, most } = openSystem();
    const slow = (name: string) => held.then(() => system(name));
    using names = createLookup({ servers: [server.at], system: slow });
    let refused = 0;
    const ask = async (_: unknown, index: number) => {
      const code = await codeOf(names.addressesOf(`unknown${index}.test`));
      // One is asked about and 64 wait.
      if (code === "ENOTFOUND" && ++refused === 15) release();
      return code;
    };
    const codes = await Promise.all(Array.from({ length: 80 }, ask));
    assert.equal(codes.filter((code) => code === "resolved").length, 65);
    assert.equal(refused, 15);
    assert.equal(asked.length, 65);
    assert.equal(most(), 1);
  });

  // On Deno that is no answer, like any other.
  const itOnNode = isDenos ? () => {} : it;
  itOnNode("asks it where there is no name server", async () => {
    const server = await openZone(say);
    server[Symbol.dispose]();
    const { asked, system } = openSystem();
    using names = createLookup({ servers: [server.at], system });
    assert.deepEqual(await names.addressesOf("good.test"), here);
    assert.deepEqual(asked, ["good.test"]);
  });

  it("asks it about a name once, however often that is wanted meanwhile", async () => {
    using server = await openZone(say);
    const { asked, system } = openSystem();
    using names = createLookup({ servers: [server.at], system });
    const ask = () => names.addressesOf("unknown.test");
    assert.deepEqual(await Promise.all([ask(), ask()]), [here, here]);
    assert.deepEqual(asked, ["unknown.test"]);
  });
});

describe("createLookup() when it ends", () => {
  it("keeps no process alive", async () => {
    using server = await openZone(say);
    const script = fileURLToPath(new URL("lookup-end.ts", import.meta.url));
    const args = [...runArguments, script, server.at];
    const child = spawn(executable, args, { env: childEnv(), stdio: ["ignore", "pipe", "pipe"] });
    const printed = collect(child.stdout);
    const startedAt = performance.now();
    assert.equal(await endOf(child), 0);
    assert.equal(printed().trim(), "ECANCELLED");
    // Left alone, the question would be open for two minutes.
    assert.ok(performance.now() - startedAt < 30_000);
  });
});
