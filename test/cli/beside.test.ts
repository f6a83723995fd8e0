/** The command line beside a service: what the daemon's unit knows is not in the shell. */
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { publicKey } from "../config/fixture.ts";
import { type CliResult, runCli } from "../support/cli.ts";
import { configText, spawnDaemon, type SpawnedDaemon } from "../support/daemon.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/folder.ts";
import { openTenant } from "../support/tenant.ts";

const number = "+18005559876";
const unitEnv = { TELNYX_PUBLIC_KEY: publicKey };

/** On a socket the commands find it by the config alone, though its port is not fixed. */
function configWith(admin: string, url: string): string {
  return configText("env:TELNYX_PUBLIC_KEY", [{ id: "acme", number, url }])
    .replace('admin: { listen: ["127.0.0.1:0"] }', `admin: { ${admin} }`);
}

describe("the commands beside a service", () => {
  const stack = new AsyncDisposableStack();
  let etc: TemporaryFolder;
  let state: TemporaryFolder;
  let elsewhere: TemporaryFolder;
  let daemon: SpawnedDaemon;
  const cli = (line: string, env: Readonly<Record<string, string>> = {}): Promise<CliResult> =>
    runCli(line.split(" "), { cwd: elsewhere.path, env });
  const config = () => `--config ${etc.file("aggregator.yaml")}`;

  before(async () => {
    etc = stack.use(await temporaryFolder());
    state = stack.use(await temporaryFolder());
    elsewhere = stack.use(await temporaryFolder());
    const backend = stack.use(await openTenant());
    const admin = `listen: ["unix:${etc.file("admin.sock")}", "127.0.0.1:0"]`;
    await etc.write("aggregator.yaml", configWith(admin, backend.url));
    const env = { ...unitEnv, STATE_DIRECTORY: state.path };
    daemon = stack.use(await spawnDaemon({ config: etc.file("aggregator.yaml"), env }));
  });
  after(() => stack.disposeAsync());

  const tcp = () => {
    const [ready] = daemon.facts.filter(({ fact }) => fact === "daemon.ready");
    const addresses: readonly unknown[] = Array.isArray(ready?.["admin"]) ? ready["admin"] : [];
    return String(addresses[1]);
  };

  it("find it by the part of the config that can be read", async () => {
    for (const command of ["status", "ping acme", "key acme"]) {
      const { code, stderr } = await cli(`${command} ${config()}`);
      assert.equal(code, 0, command + stderr);
      assert.equal(stderr, "");
    }
  });

  it("find its token by --state and by $STATE_DIRECTORY", async () => {
    const named = await cli(`token ${config()} --state ${state.path}`);
    assert.equal(named.code, 0, named.stderr);
    const alone = await cli(`token --state ${state.path}`);
    assert.equal(alone.stdout, named.stdout, alone.stderr);
    const fromEnv = await cli("token", { STATE_DIRECTORY: state.path });
    assert.equal(fromEnv.stdout, named.stdout);
    const asked = await cli(`status --admin ${tcp()} --state ${state.path}`);
    assert.equal(asked.code, 0, asked.stderr);
  });

  it("need no config with an address and a token", async () => {
    const { stdout } = await cli(`token --state ${state.path}`);
    const AGGREGATOR_TOKEN = stdout.trim();
    for (const command of ["status", "ping acme", "key acme"]) {
      const { code, stderr } = await cli(`${command} --admin ${tcp()}`, { AGGREGATOR_TOKEN });
      assert.equal(code, 0, command + stderr);
    }
    const env = { AGGREGATOR_TOKEN, AGGREGATOR_ADMIN: tcp() };
    assert.equal((await cli("status", env)).code, 0);
  });

  it("say where no token was found, and what is not known of the config", async () => {
    const { code, stderr } = await cli(`status ${config()} --admin ${tcp()}`);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /no token was found in ".*data": set \$AGGREGATOR_TOKEN, or name .*--state/,
    );
    assert.match(
      stderr,
      /\nOf .*aggregator\.yaml only a part is known here:\n {2}aggregator\.yaml:/,
    );
    assert.match(stderr, /TELNYX_PUBLIC_KEY/);
  });

  it("send for the numbers that the config has", async () => {
    const url = `${daemon.address}/webhooks/ingest`;
    const { code, stdout } = await cli(`send ${config()} --count 2 --url ${url}`);
    assert.equal(code, 1);
    assert.match(stdout, /^401 invalid signature +2$/m);
  });

  it("write nothing where they looked", async () => {
    assert.deepEqual((await readdir(etc.path)).sort(), ["admin.sock", "aggregator.yaml", "data"]);
    assert.deepEqual(await readdir(etc.file("data")), ["telnyx-test.key"]);
    assert.deepEqual(await readdir(elsewhere.path), []);
  });
});

describe("the commands where there is no daemon", () => {
  const url = "https://hooks.acme.example/telnyx";

  async function openFolder(admin: string): Promise<TemporaryFolder> {
    const folder = await temporaryFolder();
    await folder.write("aggregator.yaml", configWith(admin, url));
    return folder;
  }

  it("token and key make nothing, and say which folder lacks it", async () => {
    await using folder = await openFolder("listen: [unix:admin.sock]");
    const { path: cwd } = folder;
    const token = await runCli(["token"], { cwd, env: unitEnv });
    assert.equal(token.code, 1);
    assert.match(
      token.stderr,
      /there is none in ".*data": start the daemon once, or name its state/,
    );
    const key = await runCli(["key", "acme"], { cwd, env: unitEnv });
    assert.equal(key.code, 1);
    assert.match(
      key.stderr,
      /no signing\.key in ".*data": start the daemon once, or name its state/,
    );
    assert.deepEqual(await readdir(cwd), ["aggregator.yaml"]);
  });

  it("key derives nothing from half a config", async () => {
    await using folder = await openFolder("listen: [unix:admin.sock]");
    await folder.write("aggregator.yaml", `${configWith("", url)}signing: { key: env:NO_SEED }\n`);
    const { code, stderr } = await runCli(["key", "acme", "--state", "."], { cwd: folder.path });
    assert.equal(code, 1);
    assert.match(stderr, /Cannot reach the daemon at .*\n.*only a part is known here:/);
    assert.match(stderr, /signing\.key/);
  });

  it("token is never another one than the config means", async () => {
    await using folder = await openFolder("token: env:NO_TOKEN");
    await folder.write("admin.token", "made-by-a-start-before-it\n");
    const { code, stdout, stderr } = await runCli(["token", "--state", "."], { cwd: folder.path });
    assert.equal(code, 78);
    assert.equal(stdout, "");
    assert.match(stderr, /Cannot tell admin\.token\n(.*\n)*.*"NO_TOKEN" is not set/);
  });

  it("token refuses one that the daemon would refuse", async () => {
    await using folder = await openFolder("listen: [unix:admin.sock]");
    await folder.write("admin.token", "short\n");
    const { code, stderr } = await runCli(["token", "--state", "."], { cwd: folder.path });
    assert.equal(code, 1);
    assert.match(stderr, /a token has at least 16 characters/);
  });

  it("status without a config looks where a daemon listens by default", async () => {
    await using folder = await temporaryFolder();
    const { path: cwd } = folder;
    const { code, stderr } = await runCli(["status"], { cwd });
    // Somebody may listen there on this machine; then he is asked, and refuses.
    assert.equal(code, 1);
    assert.match(stderr, /Cannot (reach|ask) the daemon at http:\/\/127\.0\.0\.1:8081: /);
    assert.match(stderr, /\n {2}aggregator\.yaml: does not exist\n/);
  });

  it("send says which field it needs", async () => {
    await using folder = await temporaryFolder();
    const { path: cwd } = folder;
    await folder.write("aggregator.yaml", "listen: env:NO_PORT\n");
    const { code, stderr } = await runCli(["send", "--number", number], { cwd });
    assert.equal(code, 78);
    assert.match(stderr, /Cannot tell listen\n(.*\n)*.*"NO_PORT" is not set/);
    const numberless = await runCli(["send", "--url", "http://127.0.0.1:1/"], { cwd });
    assert.equal(numberless.code, 2);
    assert.match(numberless.stderr, /no number to send for: name one with --number\nOf .* a part/);
  });
});
