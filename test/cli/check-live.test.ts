/** `check --live` against real servers: in this process, and as its users run it. */
import assert from "node:assert/strict";
import net from "node:net";
import { describe, it } from "node:test";
import { Webhook } from "standardwebhooks";
import { examineAll, type Finding } from "../../src/cli/check/live.ts";
import type { Config } from "../../src/config.ts";
import { loadConfig } from "../../src/config/load.ts";
import { openSeed } from "../../src/secrets.ts";
import { createSigning } from "../../src/signing.ts";
import { publicKey } from "../config/fixture.ts";
import { guardAuthority, guardCertificates, guardKey } from "../http/guard-certificates.ts";
import { openZone } from "../http/name-server.ts";
import { runCli } from "../support/cli.ts";
import { configText, type TenantLines } from "../support/daemon.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/folder.ts";
import { openTenant, type TenantBackend } from "../support/tenant.ts";

const secure = (which: keyof typeof guardCertificates = "good") =>
  openTenant({ cert: guardCertificates[which], key: guardKey });

/** Tenants by their ids, of the URLs and further lines given. */
function tenantsOf(urls: Readonly<Record<string, string | readonly string[]>>): TenantLines[] {
  return Object.entries(urls).map(([id, lines], index) => {
    const [url = "", ...more] = [lines].flat();
    return { id, number: `+1800555${1_000 + index}`, url, more };
  });
}

/** A folder with a config in which these are the tenants; started once, it has a key. */
async function openFolder(
  urls: Parameters<typeof tenantsOf>[0],
  { top = [], started = true }: { top?: readonly string[]; started?: boolean } = {},
) {
  const folder = await temporaryFolder();
  await folder.write("aggregator.yaml", configText(publicKey, tenantsOf(urls), top));
  if (started) openSeed(folder.file("data"));
  return folder;
}

async function configIn(folder: TemporaryFolder): Promise<Config> {
  const loaded = await loadConfig({ path: folder.file("aggregator.yaml"), env: {} });
  if ("problems" in loaded) throw new Error(JSON.stringify(loaded.problems));
  return loaded.config;
}

/** What is found, by tenant. */
async function examine(
  folder: TemporaryFolder,
  more: Partial<Config> = {},
  servers?: readonly string[],
): Promise<Readonly<Record<string, Finding>>> {
  const config = { ...await configIn(folder), ...more };
  const { findings } = await examineAll(config, [guardAuthority], servers);
  return Object.fromEntries(findings.map((finding) => [finding.tenant, finding]));
}

/** Headers and body as the libraries of Standard Webhooks take them. */
function receivedBy({ received: [first] }: TenantBackend) {
  const names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
  return {
    headers: Object.fromEntries(names.map((name) => [name, String(first?.headers[name])])),
    body: String(first?.body),
  };
}

describe("examineAll()", () => {
  it("sends a signed, empty telnyx.ping to every endpoint, and tells its certificate", async () => {
    await using backend = await secure();
    await using folder = await openFolder({ acme: backend.url });
    const { acme } = await examine(folder);
    assert.equal(acme?.verdict, "fine");
    assert.equal(acme.status, 200);
    assert.deepEqual(acme.addresses, [{ address: "127.0.0.1" }]);
    assert.deepEqual(acme.certificate, {
      name: "backend.test",
      validUntil: "2120-01-01T00:00:00.000Z",
    });
    const { headers, body } = receivedBy(backend);
    const { secret } = createSigning(openSeed(folder.file("data"))).keysOf("acme");
    new Webhook(secret).verify(body, headers);
    const { type, tenant, events } = JSON.parse(body);
    assert.deepEqual({ type, tenant, events }, { type: "telnyx.ping", tenant: "acme", events: [] });
    assert.equal(backend.received.length, 1);
  });

  it("looks at failover, unassigned and alert URLs, too", async () => {
    await using backend = await openTenant();
    const at = (path: string) => `${new URL(backend.url).origin}/${path}`;
    const top = [
      `unassigned: { callback_url: ${at("nobody")} }`,
      `alerts: { url: ${at("alarms")} }`,
    ];
    const urls = { acme: [at("first"), `failover_url: ${at("second")}`] };
    await using folder = await openFolder(urls, { top });
    const { findings } = await examineAll(await configIn(folder));
    assert.deepEqual(findings.map(({ tenant, field, ok }) => `${tenant} ${field} ${ok}`), [
      "acme callback_url true",
      "acme failover_url true",
      "unassigned callback_url true",
      "aggregator alerts.url true",
    ]);
    assert.equal(backend.received.length, 4);
  });

  it("tells what is wrong with a certificate, and sends nothing", async () => {
    await using expired = await secure("expired");
    await using other = await secure("selfSigned");
    await using folder = await openFolder({ acme: expired.url, globex: other.url });
    const { acme, globex } = await examine(folder);
    assert.match(acme?.verdict ?? "", /^no secure connection: .*(EXPIRED|LEAF_SIGNATURE)/);
    assert.match(globex?.verdict ?? "", /^no secure connection: /);
    assert.ok(!acme?.ok && !globex?.ok);
    assert.equal(expired.received.length + other.received.length, 0);
  });

  it("tells which answers are not good", async () => {
    await using moved = await openTenant();
    await using gone = await openTenant();
    moved.behave(() => 308);
    gone.behave(() => 410);
    await using folder = await openFolder({ acme: moved.url, globex: gone.url });
    const { acme, globex } = await examine(folder);
    assert.equal(acme?.verdict, "redirects are not followed");
    assert.equal(globex?.verdict, "it answers 410");
    assert.equal(globex.status, 410);
  });

  it("tells that nobody listens, and that there is no such name", async () => {
    let url: string;
    {
      await using backend = await openTenant();
      url = backend.url;
    }
    await using folder = await openFolder({ acme: url, globex: "https://nobody.invalid/" });
    const { acme, globex } = await examine(folder);
    assert.equal(acme?.verdict, "no answer: ECONNREFUSED");
    assert.match(globex?.verdict ?? "", /^its name cannot be resolved: E[A-Z_]+$/);
  });

  it("connects to no address that is not public, nor to a listener of our own", async () => {
    await using backend = await openTenant();
    await using folder = await openFolder({ acme: `http://127.0.0.1:${backend.port}/` });
    const named = await examine(folder, { allowPrivate: [] });
    assert.match(named["acme"]?.verdict ?? "", /^127\.0\.0\.1 is not public \(it is in 127/);
    const listen = { kind: "tcp", host: "127.0.0.1", port: backend.port } as const;
    const own = await examine(folder, { listen });
    assert.equal(own["acme"]?.verdict, "it is a listener of our own");
    assert.equal(backend.received.length, 0);
  });

  it("judges a name by what it resolves to", async () => {
    await using backend = await openTenant();
    await using folder = await openFolder({ acme: `https://localhost:${backend.port}/` });
    const { acme } = await examine(folder, { allowPrivate: [] });
    assert.match(acme?.verdict ?? "", /^(127\.0\.0\.1|::1) is not public/);
    assert.ok(acme?.addresses?.every(({ refused }) => refused !== undefined));
  });
});

/** A server that takes connections and says nothing. */
async function openSilence() {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    socket.resume();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

describe("examineAll() and endpoints that hang", () => {
  it("gives each its tenant's timeout, all at once", async () => {
    await using silence = await openSilence();
    const hanging = Array.from({ length: 24 }, (_, index) =>
      [
        `t${index}`,
        [
          `${index % 2 === 0 ? "http" : "https"}://127.0.0.1:${silence.port}/`,
          "delivery: { timeout: 1s }",
        ],
      ] as const);
    await using good = await openTenant();
    const urls = { ...Object.fromEntries(hanging), acme: good.url };
    await using folder = await openFolder(urls);
    const startedAt = performance.now();
    const { acme, ...others } = await examine(folder);
    // One after another they would take 24 s.
    assert.ok(performance.now() - startedAt < 8_000);
    assert.equal(acme?.verdict, "fine");
    for (const { verdict } of Object.values(others)) {
      assert.match(verdict, /^no (answer|secure connection): .*timeout/);
    }
  });

  it("gives names of which the DNS says nothing the same time", async () => {
    using server = await openZone((name) => name === "backend.test" ? ["127.0.0.1"] : "silent");
    await using good = await secure();
    const lines = ["delivery: { timeout: 1s }"];
    const dead = Array.from(
      { length: 30 },
      (_, index) => [`t${index}`, [`https://t${index}.dead.test/`, ...lines]] as const,
    );
    const urls = { ...Object.fromEntries(dead), acme: `https://backend.test:${good.port}/` };
    await using folder = await openFolder(urls);
    const startedAt = performance.now();
    const { acme, ...others } = await examine(folder, {}, [server.at]);
    assert.ok(performance.now() - startedAt < 5_000);
    assert.equal(acme?.verdict, "fine");
    assert.equal(Object.keys(others).length, 30);
    for (const { verdict } of Object.values(others)) {
      assert.equal(verdict, "its name cannot be resolved: timeout");
    }
  });
});

describe("check --live", () => {
  const secret = "d0nottell";

  it("prints a table, exits with 0 when all is fine, and tells no secret", async () => {
    await using backend = await openTenant();
    const { origin } = new URL(backend.url);
    const lines = [`${origin}/${secret}?key=${secret}`, `headers: { x-key: ${secret} }`];
    await using folder = await openFolder({ acme: lines });
    const { code, stdout, stderr } = await runCli(["check", "--live"], { cwd: folder.path });
    assert.equal(code, 0, stderr + stdout);
    assert.match(stdout, /✓ +acme +http:\/\/127\.0\.0\.1:\d+ +127\.0\.0\.1 +- +200 +\d+ ms +fine/);
    assert.match(stdout, /^1 of 1 endpoints are fine$/m);
    assert.ok(!(stdout + stderr).includes(secret));
    assert.equal(backend.received[0]?.headers["x-key"], secret);
  });

  it("exits with 1 and names what is not", async () => {
    await using backend = await openTenant();
    backend.behave(() => 500);
    await using folder = await openFolder({ acme: `${backend.url}/${secret}` });
    const people = await runCli(["check", "--live"], { cwd: folder.path });
    assert.equal(people.code, 1);
    assert.match(people.stdout, /✗ +acme .* it answers 500$/m);
    const programs = await runCli(["check", "--live", "--json"], { cwd: folder.path });
    assert.equal(programs.code, 1);
    const { ok, live: { endpoints: [found] } } = JSON.parse(programs.stdout);
    assert.equal(ok, false);
    assert.equal(found.endpoint, new URL(backend.url).origin);
    assert.equal(found.status, 500);
    assert.ok(!(people.stdout + programs.stdout).includes(secret));
  });

  it("sends nothing unsigned: before the first start it says so, and exits with 1", async () => {
    await using backend = await openTenant();
    await using folder = await openFolder({ acme: backend.url }, { started: false });
    const { code, stdout } = await runCli(["check", "--live"], { cwd: folder.path });
    assert.equal(code, 1);
    assert.match(stdout, /✗ +acme .* not pinged$/m);
    assert.match(
      stdout,
      /^No ping was sent: there is no signing\.key in .*: start the daemon once/m,
    );
    assert.equal(backend.received.length, 0);
  });

  it("connects to nothing where the config cannot be used", async () => {
    await using backend = await openTenant();
    await using folder = await openFolder({ acme: [backend.url, "oops: 1"] });
    const { code } = await runCli(["check", "--live"], { cwd: folder.path });
    assert.equal(code, 78);
    assert.equal(backend.received.length, 0);
  });
});
