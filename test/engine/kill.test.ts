/** What was acknowledged survives a process that is killed while it writes. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { spawn } from "node:child_process";
import { hash } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { openEmbeddedEngine } from "../../src/engine/embedded.ts";
import type { Lane } from "../../src/lane.ts";
import { temporaryFolder } from "../support/folder.ts";
import { childEnv, executable, runArguments } from "../support/runtime.ts";
import { drain, idsOf, takeLane } from "./shared.ts";

const script = fileURLToPath(new URL("../support/appender.ts", import.meta.url));

/** Runs the appender until it has acknowledged so much, and kills it. */
async function killedAfter(path: string, linesMin: number): Promise<string[]> {
  const child = spawn(executable, [...runArguments, script, path], {
    stdio: ["ignore", "pipe", "inherit"],
    env: childEnv(),
  });
  const exited = once(child, "exit");
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (lines.length === linesMin) child.kill("SIGKILL");
  }
  const [, signal] = await exited;
  assert.equal(signal, "SIGKILL");
  return lines;
}

/** Every id in a lane, sealed or waiting, in order. */
async function everything(lane: Lane): Promise<string[]> {
  const sealed: string[] = [];
  for (const batch of await lane.unsettled()) sealed.push(...await idsOf(lane, batch));
  return [...sealed, ...await drain(lane)];
}

describe("a process that is killed while it records", () => {
  it("loses nothing that it acknowledged", async () => {
    await using folder = await temporaryFolder();
    const path = folder.file("log.db");
    const lines = await killedAfter(path, 400);
    const told = lines.map((line) => line.split(" "));
    await using engine = await openEmbeddedEngine({ path });
    const lane = await takeLane(engine);
    for (const [kind, id = "", digest] of told) {
      if (kind !== "batch") continue;
      assert.equal(hash("sha256", Buffer.from(await lane.bytes(id))), digest);
    }
    const ids = await everything(lane);
    const found = new Set(ids);
    assert.equal(found.size, ids.length, "nothing is there twice");
    const acknowledged = told.filter(([kind]) => kind === "event").map(([, id = ""]) => id);
    assert.ok(acknowledged.length > 100);
    assert.deepEqual(acknowledged.filter((id) => !found.has(id)), []);
  });
});
