/** One operator's afternoon, command by command, against a running daemon and a real backend. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { Webhook } from "standardwebhooks";
import { publicKeyOf } from "../../src/telnyx/signature.ts";
import { runCli } from "../support/cli.ts";
import { configText, spawnDaemon, type SpawnedDaemon } from "../support/daemon.ts";
import { eventually } from "../support/eventually.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/folder.ts";
import { openTenant, type Received, type TenantBackend } from "../support/tenant.ts";

const number = "+18005559876";
const ownKey = randomBytes(32).toString("base64");

interface Scene {
  readonly folder: TemporaryFolder;
  readonly backend: TenantBackend;
  readonly daemon: SpawnedDaemon;
  cli(...args: readonly string[]): ReturnType<typeof runCli>;
  /** The first batch the backend got. */
  first(): Received;
}

function configWith(publicKeys: readonly string[], url: string): string {
  const tenants = [{ id: "acme", number, url, more: ["window: { max_wait: 100ms }"] }];
  // On a socket the commands find it by the config alone, though its port is not fixed.
  return configText(publicKeys.join('", "'), tenants)
    .replace('admin: { listen: ["127.0.0.1:0"] }', "admin: { listen: [unix:admin.sock] }");
}

async function setUp(stack: AsyncDisposableStack): Promise<Scene> {
  const folder = stack.use(await temporaryFolder());
  const backend = stack.use(await openTenant());
  await folder.write("own.key", `${ownKey}\n`);
  const publicKey = Buffer.from(publicKeyOf(Buffer.from(ownKey, "base64"))).toString("base64");
  await folder.write("aggregator.yaml", configWith([publicKey], backend.url));
  const daemon = stack.use(await spawnDaemon({ config: folder.file("aggregator.yaml") }));
  return {
    folder,
    backend,
    daemon,
    cli: (...args) => runCli(args, { cwd: folder.path }),
    first() {
      const [received] = backend.received;
      assert.ok(received);
      return received;
    },
  };
}

describe("the commands of an operator", () => {
  const stack = new AsyncDisposableStack();
  let scene: Scene;
  const urlOf = () => `${scene.daemon.address}/webhooks/ingest`;

  before(async () => {
    scene = await setUp(stack);
  });
  after(() => stack.disposeAsync());

  it("send: samples that the tenant gets", async () => {
    const args = ["--count", "20", "--key", "own.key", "--url", urlOf(), "--duplicates", "20"];
    const { code, stdout, stderr } = await scene.cli("send", ...args);
    assert.equal(code, 0, stderr + stdout);
    assert.match(stdout, /^200 queued +\d+$/m);
    assert.match(stdout, /p50 .* p99 /);
    const queued = Number(/^200 queued +(\d+)$/m.exec(stdout)?.[1]);
    await eventually("every event arrives", () => {
      const counts = scene.backend.accepted().map(({ count }) => count);
      return counts.reduce((sum, count) => sum + count, 0) === queued;
    });
  });

  it("send: one kind, at a rate, in JSON", async () => {
    const args = ["--count", "3", "--rate", "50", "--type", "faxIn", "--number", number];
    const run = await scene.cli("send", ...args, "--key", "own.key", "--url", urlOf(), "--json");
    assert.equal(run.code, 0, run.stderr);
    assert.deepEqual(JSON.parse(run.stdout).answers, { "200 queued": 3 });
  });

  it("send: makes a key, and says what to do with it when it is refused", async () => {
    const args = ["send", "--count", "2", "--url", urlOf()];
    const refused = await scene.cli(...args);
    assert.equal(refused.code, 1);
    assert.match(refused.stdout, /401 invalid signature +2/);
    const made = /config and save it\n +(\S{44})\n/.exec(refused.stderr)?.[1];
    assert.ok(made, refused.stderr);
    const own = Buffer.from(publicKeyOf(Buffer.from(ownKey, "base64"))).toString("base64");
    await scene.folder.write("aggregator.yaml", configWith([own, made], scene.backend.url));
    await eventually(
      "the daemon takes the new key",
      () => scene.daemon.facts.filter(({ fact }) => fact === "config.loaded").length > 1,
    );
    assert.equal((await scene.cli(...args)).code, 0);
  });

  it("send: prints the key to add, and sends nothing", async () => {
    const { code, stdout } = await scene.cli("send", "--print-key");
    assert.equal(code, 0);
    assert.ok(
      (await readFile(scene.folder.file("aggregator.yaml"), "utf8")).includes(stdout.trim()),
    );
    const own = await scene.cli("send", "--print-key", "--key", "own.key", "--json");
    const public_key = Buffer.from(publicKeyOf(Buffer.from(ownKey, "base64"))).toString("base64");
    assert.deepEqual(JSON.parse(own.stdout), { public_key });
  });

  it("send: says how many nobody owns", async () => {
    const stranger = ["--number", "+18005550100", "--url", urlOf(), "--key", "own.key"];
    const { code, stderr } = await scene.cli("send", "--count", "3", ...stranger);
    assert.equal(code, 0);
    assert.match(stderr, /^Unassigned: 3 of them: no tenant owns their number$/m);
    const json = await scene.cli("send", "--count", "2", ...stranger, "--json");
    assert.equal(JSON.parse(json.stdout).unassigned, 2);
  });

  it("send: exits with 1 where nobody listens", async () => {
    const { code, stdout } = await scene.cli(
      ...["send", "--count", "1", "--number", number, "--url", "http://127.0.0.1:1/"],
    );
    assert.equal(code, 1);
    assert.match(stdout, /ECONNREFUSED/);
  });

  it("status: a table that fits, and JSON", async () => {
    const { code, stdout, stderr } = await scene.cli("status");
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^ready {2}unix:/);
    assert.match(stdout, /^acme +active +\d+ /m);
    assert.match(
      stdout,
      /^since start: \d+ queued, .*5 unassigned, 2 refused \(signature_wrong 2\)$/m,
    );
    for (const line of stdout.split("\n").slice(1)) assert.ok(line.length <= 80, line);
    const { tenants, ready } = JSON.parse((await scene.cli("status", "--json")).stdout);
    assert.equal(ready, true);
    assert.equal(tenants.acme.endpoint, new URL(scene.backend.url).origin);
  });

  it("status: goes on with --watch until it is interrupted", async () => {
    const watch = (stdout: string) => stdout.includes("acme") ? "SIGINT" as const : undefined;
    const { code, stdout } = await runCli(["status", "--watch"], { cwd: scene.folder.path, watch });
    assert.equal(code, 0);
    assert.match(stdout, /^ready/);
  });

  it("status: finds the daemon and tells the problem while the file is broken", async () => {
    const good = await readFile(scene.folder.file("aggregator.yaml"), "utf8");
    await scene.folder.write("aggregator.yaml", `${good}tenant: {}\n`);
    await eventually(
      "the daemon refuses it",
      () => scene.daemon.facts.some(({ fact }) => fact === "config.refused"),
    );
    const { code, stdout, stderr } = await scene.cli("status");
    await scene.folder.write("aggregator.yaml", good);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^config problem: aggregator\.yaml:\d+:1 tenant: .*"tenants"\?$/m);
  });

  it("key and verify: the batch that the backend got", async () => {
    const { headers, body } = scene.first();
    const keys = JSON.parse((await scene.cli("key", "acme", "--json")).stdout);
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`).join("\r\n");
    await scene.folder.write("headers.txt", lines);
    await scene.folder.write("body.json", body.toString("utf8"));
    const from = ["verify", "--headers", "headers.txt", "body.json"];
    const both = ["--secret", keys.secret, "--public-key", keys.public_key];
    const verified = await scene.cli(...from, ...both);
    assert.equal(verified.code, 0, verified.stdout + verified.stderr);
    assert.match(verified.stdout, /✓ verified by v1 and v1a\ntimestamp +\d+s old/);
    assert.match(verified.stdout, /tenant +acme, sequence 1, reason /);
    new Webhook(keys.secret).verify(body, {
      "webhook-id": String(headers["webhook-id"]),
      "webhook-timestamp": String(headers["webhook-timestamp"]),
      "webhook-signature": String(headers["webhook-signature"]).split(" ")[0] ?? "",
    });
    await scene.folder.write("body.json", `${body.toString("utf8")} `);
    const changed = await scene.cli(...from, ...both, "--json");
    assert.equal(changed.code, 1);
    assert.equal(JSON.parse(changed.stdout).verified, false);
  });

  it("verify: takes the body from standard input and the key from the environment", async () => {
    const { headers, body } = scene.first();
    const named = ["id", "timestamp", "signature"].flatMap((name) => [
      `--${name}`,
      String(headers[`webhook-${name}`]),
    ]);
    const { public_key } = JSON.parse((await scene.cli("key", "acme", "--json")).stdout);
    const args = ["verify", "--public-key", "env:PUBLIC_KEY", ...named, "-"];
    const env = { PUBLIC_KEY: public_key };
    const { code, stdout } = await runCli(args, { cwd: scene.folder.path, env, input: body });
    assert.equal(code, 0);
    assert.match(stdout, /✓ verified by v1a\n/);
  });

  it("ping: tells what the backend answered", async () => {
    const good = await scene.cli("ping", "acme");
    assert.equal(good.code, 0, good.stderr);
    assert.match(good.stdout, /^acme {2}http:\/\/127\.0\.0\.1:\d+ {2}accepted {2}200 {2}\d+ ms$/m);
    scene.backend.behave(() => 500);
    const bad = await scene.cli("ping", "acme");
    scene.backend.behave(() => 200);
    assert.equal(bad.code, 1);
    assert.match(bad.stdout, /not accepted {2}500/);
    const none = await scene.cli("ping", "nobody");
    assert.equal(none.code, 1);
    assert.match(none.stderr, /no such tenant/);
  });

  it("token: the one that the daemon made", async () => {
    const { code, stdout } = await scene.cli("token");
    assert.equal(code, 0);
    assert.match(stdout, /^\S{16,}\n$/);
    assert.deepEqual(JSON.parse((await scene.cli("token", "--json")).stdout), {
      token: stdout.trim(),
    });
  });

  it("key --new: refused while the daemon runs", async () => {
    const before = await scene.cli("key", "acme");
    const { code, stderr } = await scene.cli("key", "--new");
    assert.equal(code, 1);
    assert.match(stderr, /another|in use|holds/i);
    assert.equal((await scene.cli("key", "acme")).stdout, before.stdout);
  });

  it("key: the same without the daemon; --new makes others that it starts with", async () => {
    const running = await scene.cli("key", "acme");
    // Not by child.kill(): under Deno what it signals counts as killed, however it ended.
    process.kill(scene.daemon.pid, "SIGTERM");
    assert.equal(await scene.daemon.ended, 0);
    const stopped = await scene.cli("key", "acme");
    assert.equal(stopped.stdout, running.stdout, stopped.stderr);
    const renewed = await scene.cli("key", "--new");
    assert.equal(renewed.code, 0, renewed.stderr);
    assert.match(renewed.stdout, /Every tenant has a new secret/);
    const now = await scene.cli("key", "acme");
    assert.notEqual(now.stdout, running.stdout);
    await using again = await spawnDaemon({ config: scene.folder.file("aggregator.yaml") });
    assert.equal((await scene.cli("key", "acme")).stdout, now.stdout);
    process.kill(again.pid, "SIGTERM");
    assert.equal(await again.ended, 0);
  });

  it("status and ping: exit with 1 when no daemon runs", async () => {
    for (const args of [["status"], ["ping", "acme"]]) {
      const { code, stderr } = await scene.cli(...args);
      assert.equal(code, 1);
      assert.match(stderr, /Cannot reach the daemon at unix:.*: nothing listens there/);
    }
    const named = await scene.cli("status", "--admin", "http://127.0.0.1:1");
    assert.match(named.stderr, /Cannot reach the daemon at http:\/\/127\.0\.0\.1:1/);
  });
});

describe("run", () => {
  it("refuses to start where certificates would not be checked", async () => {
    await using folder = await temporaryFolder();
    const env = { NODE_TLS_REJECT_UNAUTHORIZED: "0" };
    const { code, stderr } = await runCli(["run"], { cwd: folder.path, env });
    assert.equal(code, 78);
    assert.match(stderr, /Cannot start with NODE_TLS_REJECT_UNAUTHORIZED=0/);
  });

  it("is asked over TCP with its token, and refuses to run twice", async () => {
    await using folder = await temporaryFolder();
    await using backend = await openTenant();
    const publicKey = Buffer.from(publicKeyOf(randomBytes(32))).toString("base64");
    const tenants = [{ id: "acme", number, url: backend.url }];
    await folder.write("aggregator.yaml", configText(publicKey, tenants));
    await using daemon = await spawnDaemon({ config: folder.file("aggregator.yaml") });
    const { path: cwd } = folder;
    const found = await runCli(["status", "--admin", daemon.admin], { cwd });
    assert.equal(found.code, 0, found.stderr);
    const env = { AGGREGATOR_ADMIN: daemon.admin, AGGREGATOR_TOKEN: "not-the-right-token" };
    const refused = await runCli(["status"], { cwd, env });
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /it refused the token/);
    const lost = await runCli(["status"], { cwd });
    assert.match(lost.stderr, /Cannot find the daemon/);
    const second = await runCli([], { cwd });
    assert.equal(second.code, 1);
    assert.match(second.stderr, /store|log/i);
  });
});
