import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { describe, it } from "node:test";
import { runCli } from "../support/cli.ts";
import { temporaryFolder } from "../support/folder.ts";

const shown = [
  "a window closed by time",
  "a window closed by an immediate event",
  "a retry after a failing backend, with the same batch id",
  "a duplicate dropped",
  "a forged webhook refused",
  "a tenant added while it runs",
];

describe("demo", () => {
  it("shows every moment, ends by itself, and leaves nothing behind", async () => {
    await using folder = await temporaryFolder();
    const { path: cwd } = folder;
    // What a developer's machine may have set must not get into it.
    const env = { TMPDIR: cwd, PORT: "1", HOST: "nowhere", BATCH_INTERVAL_SECONDS: "900" };
    const { code, stdout, stderr } = await runCli(["demo", "--for", "4s"], { cwd, env });
    assert.equal(code, 0, stdout + stderr);
    for (const moment of shown) assert.ok(stdout.includes(`  ✓ ${moment}\n`), moment);
    assert.match(stdout, /admin +http:\/\/127\.0\.0\.1:\d+ +token \S{16,}/);
    const [, accepted, arrived] = /(\d+) events accepted, (\d+) arrived/.exec(stdout) ?? [];
    assert.ok(Number(accepted) > 10);
    assert.equal(accepted, arrived);
    const retries = [...stdout.matchAll(/(bat_\S+) .* attempt 3 /g)].map(([, id]) => id);
    assert.ok(
      retries.some((id) => stdout.split(String(id)).length === 4),
      "one id, three attempts",
    );
    assert.ok(!stdout.includes("\u001b"), "colours only on a terminal");
    for (const line of stdout.split("\n")) assert.ok([...line].length <= 100, line);
    assert.deepEqual(await readdir(cwd), []);
  });

  it("ends in good order at Ctrl-C", async () => {
    await using folder = await temporaryFolder();
    const { path: cwd } = folder;
    const watch = (stdout: string) => stdout.includes("attempt 1") ? "SIGINT" as const : undefined;
    const run = await runCli(["demo"], { cwd, env: { TMPDIR: cwd }, watch });
    assert.equal(run.code, 0, run.stdout + run.stderr);
    assert.deepEqual(await readdir(cwd), []);
  });
});
