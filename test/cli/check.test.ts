import assert from "node:assert/strict";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { publicKey, smallest } from "../config/fixture.ts";
import { runCli } from "../support/cli.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/folder.ts";

async function openFolder(files: Readonly<Record<string, string>> = {}): Promise<TemporaryFolder> {
  const folder = await temporaryFolder();
  for (const [name, text] of Object.entries(files)) await folder.write(name, text);
  return folder;
}

const head = `telnyx: { public_keys: [${publicKey}] }\n`;

/** A broken file, and every line that must be told, with what is said of it. */
const broken: Readonly<Record<string, readonly [string, readonly RegExp[]]>> = {
  "is not YAML": ["telnyx: [1, 2\ntenants: {\n", [/aggregator\.yaml:\d+:\d+: /]],
  "is empty": ["", [/aggregator\.yaml: is empty: it needs telnyx\.public_keys and tenants/]],
  "has misspelt keys": [
    `${head}tenants:
  acme:
    phone_number: ["+18005559876"]
    callback_ulr: https://a.example/
`,
    [/:4:\d+ tenants\.acme\..*phone_numbers"\?/, /:5:\d+ tenants\.acme\..*callback_url"\?/],
  ],
  "gives one number to two tenants": [
    `${head}tenants:
  acme: { phone_numbers: ["+18005559876"], callback_url: "https://a.example/" }
  globex:
    phone_numbers: ["+1 (800) 555-9876"]
    callback_url: https://b.example/
`,
    [/:5:\d+ tenants\.globex\.phone_numbers.*tenant "acme" \(.*:3:\d+\)/],
  ],
  "has a private callback": [
    smallest.replace("https://hooks.acme.example/telnyx", "https://10.0.0.1/telnyx"),
    [/:6:\d+ tenants\.acme\.callback_url: must be a public https URL/],
  ],
  "misses a secret": [
    smallest.replace(publicKey, "env:NO_SUCH_VARIABLE"),
    [/:2:\d+ telnyx\.public_keys.*NO_SUCH_VARIABLE/],
  ],
};

for (const command of ["check", "run"]) {
  describe(command, () => {
    for (const [what, [text, expected]] of Object.entries(broken)) {
      it(`exits with 78 and tells every line when the file ${what}`, async () => {
        await using folder = await openFolder({ "aggregator.yaml": text });
        const { code, stdout, stderr } = await runCli([command], { cwd: folder.path });
        assert.equal(code, 78, stderr);
        for (const line of expected) assert.match(command === "run" ? stderr : stdout, line);
      });
    }

    it("exits with 78 without a file", async () => {
      await using folder = await openFolder();
      const { code, stdout, stderr } = await runCli([command], { cwd: folder.path });
      assert.equal(code, 78);
      assert.match(stdout + stderr, /aggregator\.yaml: does not exist/);
    });
  });
}

describe("check of a good file", () => {
  it("sums it up", async () => {
    await using folder = await openFolder({ "other.yaml": smallest });
    const { code, stdout } = await runCli(["check", "other.yaml"], { cwd: folder.path });
    assert.equal(code, 0);
    assert.match(stdout, /is good: 1 tenant, 1 number$/m);
    assert.match(stdout, /webhooks {2}http:\/\/0\.0\.0\.0:8080/);
  });

  it("gives JSON to programs, problems too", async () => {
    await using folder = await openFolder({ "good.yaml": smallest, "bad.yaml": "a: 1\n" });
    const { path: cwd } = folder;
    const good = await runCli(["check", "good.yaml", "--json"], { cwd });
    assert.equal(JSON.parse(good.stdout).tenants, 1);
    const bad = await runCli(["--json", "check", "bad.yaml"], { cwd });
    assert.equal(bad.code, 78);
    const { ok, problems } = JSON.parse(bad.stdout);
    assert.equal(ok, false);
    assert.ok(problems.some((one: { line?: number }) => one.line === 1));
  });
});

describe("schema", () => {
  it("is the JSON Schema of the file", async () => {
    await using folder = await openFolder();
    const { code, stdout } = await runCli(["schema"], { cwd: folder.path });
    assert.equal(code, 0);
    const schema = JSON.parse(stdout);
    assert.match(schema.$schema, /json-schema\.org/);
    assert.ok("tenants" in schema.properties);
  });
});

describe("init", () => {
  it("writes a file in which only the public key is missing", async () => {
    await using folder = await openFolder();
    const { path: cwd } = folder;
    const written = await runCli(["init"], { cwd });
    assert.equal(written.code, 0, written.stderr);
    const checked = await runCli(["check", "--json"], { cwd });
    assert.equal(checked.code, 78);
    const fields = JSON.parse(checked.stdout).problems.map((one: { field: string }) => one.field);
    assert.deepEqual(fields.map((field: string) => field.split("[")[0]), ["telnyx.public_keys"]);
    await folder.write(".env", `TELNYX_PUBLIC_KEY=${publicKey}\n`);
    assert.equal((await runCli(["check"], { cwd })).code, 0);
  });

  it("names a schema that is there, and an example of the environment", async () => {
    await using folder = await openFolder();
    await runCli(["init"], { cwd: folder.path });
    const text = await readFile(join(folder.path, "aggregator.yaml"), "utf8");
    const schema = /\$schema=(\S+)/.exec(text)?.[1] ?? "";
    assert.ok((await stat(new URL(schema))).isFile());
    assert.match(await readFile(join(folder.path, ".env.example"), "utf8"), /TELNYX_PUBLIC_KEY=/);
  });

  it("lets the user of a service read them", async () => {
    await using folder = await openFolder();
    await runCli(["init"], { cwd: folder.path });
    for (const name of ["aggregator.yaml", ".env.example"]) {
      assert.equal((await stat(folder.file(name))).mode & 0o777, 0o644);
    }
  });

  it("says why it cannot write", async () => {
    await using folder = await openFolder();
    const args = ["init", "--config", "none/aggregator.yaml"];
    const { code, stdout, stderr } = await runCli(args, { cwd: folder.path });
    assert.equal(code, 1);
    assert.equal(stdout, "");
    assert.match(stderr, /^Cannot write ".*none\/aggregator\.yaml": the folder does not exist\n$/);
  });

  it("overwrites nothing", async () => {
    await using folder = await openFolder({ "aggregator.yaml": "mine\n", ".env.example": "too\n" });
    const { code, stderr } = await runCli(["init"], { cwd: folder.path });
    assert.equal(code, 1);
    assert.match(stderr, /it exists, and is left as it is/);
    assert.equal(await readFile(join(folder.path, "aggregator.yaml"), "utf8"), "mine\n");
  });
});
