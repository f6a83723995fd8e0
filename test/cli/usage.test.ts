import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { describe, it } from "node:test";
import { readVersion } from "../../src/version.ts";
import { runCli, runHere } from "../support/cli.ts";

const cwd = tmpdir();
const names =
  ("run init check schema demo send status tenants explain unassigned release batches dead " +
    "replay flush ping key token verify").split(" ");
const later = "top tail events reload fsck export backup";

describe("--help", () => {
  it("lists every command, those to come and the exit codes", async () => {
    const { code, stdout } = await runCli(["--help"], { cwd });
    assert.equal(code, 0);
    for (const name of names) assert.match(stdout, new RegExp(`^  ${name} `, "m"));
    for (const name of later.split(" ")) assert.match(stdout, new RegExp(`\\b${name}\\b`));
    assert.match(stdout, /78 config/);
    for (const line of stdout.split("\n")) assert.ok(line.length <= 100, line);
  });

  for (const name of names) {
    it(`explains ${name} with examples`, async () => {
      const { code, stdout, stderr } = await runHere(name, "-h");
      assert.equal(code, 0, stderr);
      assert.match(stdout, new RegExp(`^Usage: aggregator ${name}`));
      assert.match(stdout, /^Examples:\n {2}aggregator/m);
      for (const line of stdout.split("\n")) assert.ok(line.length <= 100, line);
    });
  }

  it("wins over whatever else is wrong", async () => {
    const { code, stdout } = await runCli(["ping", "--help"], { cwd });
    assert.equal(code, 0);
    assert.match(stdout, /ping TENANT/);
  });
});

describe("--version", () => {
  it("prints the version alone", async () => {
    const { code, stdout } = await runCli(["--version"], { cwd });
    assert.equal(code, 0);
    assert.equal(stdout, `${readVersion()}\n`);
  });
});

describe("a command line that is wrong", () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["statsu", /no command "statsu"; did you mean "status"\?/],
    ["xyzzyplugh", /no command "xyzzyplugh"; aggregator --help/],
    ["check --jsno", /no option "--jsno"; did you mean "json"\?/],
    ["check --config", /"--config" needs a value/],
    ["check --config --json", /"--config" needs a value/],
    ["check --json=yes", /"--json" takes no value/],
    ["check a.yaml b.yaml", /"b.yaml" is one too many/],
    ["ping", /TENANT is missing/],
    ["key", /TENANT is missing/],
    ["key --new acme", /takes no tenant/],
    ["demo --for 20", /"--for" needs a unit/],
    ["demo --for 60d", /"--for" must be at most a day/],
    ["demo --port 70000", /"--port" must be a whole number from 0 to 65535/],
    ["send --type callin --url http://127.0.0.1:1/ --number +18005550100", /mean "callIn"/],
    ["send --url ftp://x/ --number +18005550100", /Cannot send to/],
    ["send --url http://127.0.0.1:1/ --number 8005550100", /no country code/],
    ["verify", /A key is missing/],
    ["verify --secret x", /must be whsec_/],
    ["verify --secret whsec_MTIzNA==", /webhook-id is missing/],
    ["status --state /a:/b", /"--state" must be one folder/],
    ["status --state", /"--state" needs a value/],
    ["status --admin http://", /Cannot use the admin address/],
    ["explain", /FILE is missing/],
    ["explain a.json --id x", /either FILE or --id/],
    ["explain nowhere.json", /Cannot read "nowhere.json": ENOENT/],
    ["release --to acme", /NUMBER\|KEY\|ID is missing/],
    ["release number:INFO", /The tenant is missing: --to TENANT/],
    ["release 8005550100 --to acme", /"8005550100" has no country code/],
    ["tenants stop acme", /"stop" must be pause or resume/],
    ["tenants pause", /ID is missing: aggregator tenants pause ID/],
    ["batches", /ID is missing/],
    ["dead --since yesterday", /"--since" must be a moment with an offset, .* as "2h"/],
    ["dead --since 2026-11-20", /"--since" needs a time and an offset/],
    ["dead --since 1h --until 2h", /"--until" must be later than "--since"/],
    ["dead --limit 0", /"--limit" must be a whole number from 1 to 10000/],
    ["dead acme --batch bat_1", /One batch needs no TENANT/],
    ["replay bat_1 --tenant acme", /BATCH selects alone/],
    ["replay --delivered", /"--delivered" needs "--since TIME"/],
    ["flush acme globex", /"globex" is one too many/],
    ["tail", /Not yet: "tail"/],
    ["reload", /Not yet: "reload"/],
  ];
  for (const [line, message] of cases) {
    it(`exits with 2: ${line}`, async () => {
      const { code, stdout, stderr } = await runHere(...line.split(" "));
      assert.equal(code, 2, stderr);
      assert.equal(stdout, "");
      assert.match(stderr, message);
    });
  }

  it("is told by a process as it is here", async () => {
    const args = ["flush", "acme", "globex"];
    assert.deepEqual(await runCli(args, { cwd }), await runHere(...args));
  });

  it("prints nothing of it that could move the cursor", async () => {
    const { code, stderr } = await runCli(["\u001b[2J\u202e"], { cwd });
    assert.equal(code, 2);
    assert.doesNotMatch(stderr.trimEnd(), /[\p{Cc}\p{Cf}]/u);
  });
});
