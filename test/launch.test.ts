/** The way in, with the Node that the machine had before us. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import process from "node:process";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { collect, configText, endOf } from "./support/daemon.ts";
import { eventually } from "./support/eventually.ts";
import { temporaryFolder } from "./support/folder.ts";
import { childEnv } from "./support/runtime.ts";
import { createTelnyx } from "./support/telnyx.ts";

const launcher = fileURLToPath(new URL("../src/launch.js", import.meta.url));

/** The PATH as it is without npm, which puts our own Node first. */
const PATH = (process.env["PATH"] ?? "").split(":")
  .filter((folder) => !folder.includes("node_modules")).join(":");

/** Whatever `node` the machine had before us. */
const node = (args: readonly string[]) =>
  spawn("node", args, { env: childEnv({ PATH }), stdio: ["ignore", "pipe", "pipe"] });

const launch = (args: readonly string[]) => node([launcher, ...args]);

const isRunning = (pid: number) => {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
};

describe("launch.js", () => {
  it("runs commands whatever Node was found, and ends as they end", async () => {
    const version = launch(["--version"]);
    const out = collect(version.stdout);
    assert.equal(await endOf(version), 0);
    assert.match(out(), /^\d+\.\d+\.\d+\n$/);
    assert.equal(await endOf(launch(["no-such-command"])), 2);
  });

  it("takes the daemon along when it ends, even by kill -9", async () => {
    await using folder = await temporaryFolder();
    using telnyx = createTelnyx();
    const tenant = { id: "acme", number: "+18005550108", url: "https://hooks.acme.example/" };
    await folder.write("aggregator.yaml", configText(telnyx.publicKey, [tenant]));
    const child = launch(["run", "--config", folder.file("aggregator.yaml")]);
    const facts: { readonly fact: string }[] = [];
    createInterface({ input: child.stdout }).on("line", (line) => facts.push(JSON.parse(line)));
    const has = (name: string) => facts.some(({ fact }) => fact === name);
    await eventually("the daemon is ready", () => has("daemon.ready"));
    const pid = child.pid ?? 0;
    process.kill(pid, "SIGKILL");
    await eventually("the launcher is gone", () => !isRunning(pid));
    const isDirect = Number(/^v(\d+)/.exec(await versionOfNode())?.[1]) >= 24;
    if (!isDirect) await eventually("the daemon stops in good order", () => has("daemon.stopped"));
  });
});

async function versionOfNode(): Promise<string> {
  const child = spawn("node", ["--version"], {
    env: childEnv(),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const out = collect(child.stdout);
  await endOf(child);
  return out();
}
