import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";
import { createInterface } from "node:readline";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { smallest } from "../config/fixture.ts";
import { endOf } from "../support/daemon.ts";
import { temporaryFolder } from "../support/folder.ts";
import { childEnv, executable, runArguments } from "../support/runtime.ts";

const text = `listen: 127.0.0.1:0\nadmin: { listen: [unix:admin.sock] }\n${smallest}`;
const early = fileURLToPath(new URL("early.ts", import.meta.url));
const cli = new URL("../../src/cli.ts", import.meta.url);

describe("a SIGHUP", () => {
  it("is heard before the program is loaded, which takes the longest", () => {
    const imported = readFileSync(cli, "utf8").matchAll(/^import .* from "(.*)";$/gm);
    assert.deepEqual([...imported].map(([, name]) => name), ["node:process", "./signals.ts"]);
  });

  it("does not end a daemon that is not open yet", async () => {
    await using folder = await temporaryFolder();
    await folder.write("aggregator.yaml", text);
    const child = spawn(executable, [...runArguments, early, "run"], {
      cwd: folder.path,
      env: childEnv(),
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = endOf(child);
    const facts: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      const { fact } = JSON.parse(line);
      facts.push(fact);
      if (fact === "daemon.ready") process.kill(child.pid ?? 0, "SIGTERM");
    }
    assert.equal(await ended, 0);
    assert.ok(facts.includes("daemon.ready"));
  });
});
