import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, it } from "node:test";
import fc from "fast-check";
import { loadConfig } from "../../src/config/load.ts";
import { full } from "./full.ts";
import { good, load, publicKey, smallest, tenantWith } from "./fixture.ts";

const tenantOf = async (lines: string, top?: string) =>
  (await good(tenantWith(lines, top))).tenants.get("acme") ?? assert.fail();

describe("loadConfig()", () => {
  it("fills the smallest useful file with defaults", async () => {
    const config = await good(smallest);
    assert.equal(config.telnyx.maxSkewSeconds, 300);
    assert.deepEqual(config.listen, { kind: "tcp", host: "0.0.0.0", port: 8080 });
    assert.equal(config.store.retentionMs, 72 * 3_600_000);
    assert.match(config.store.path, /data.aggregator\.db$/);
    const acme = config.tenants.get("acme");
    assert.deepEqual(acme?.window, {
      maxWaitMs: 5_000,
      eventsMax: 100,
      bytesMax: 262_144,
      lingerMs: 30_000,
      maxAgeMs: 4 * 3_600_000,
      compact: false,
      catchUp: "live_first",
      layout: "envelope/1",
    });
    assert.deepEqual(acme?.publicKeys, []);
    assert.deepEqual(config.unassigned, { holdMs: 72 * 3_600_000 });
    assert.deepEqual(acme?.destination, {
      url: "https://hooks.acme.example/telnyx",
      headers: {},
      timeoutMs: 15_000,
      inFlight: 1,
      retry: { firstMs: 2_000, maxMs: 60_000, forMs: 72 * 3_600_000 },
      gzip: false,
      secrets: [],
      secretVersion: 1,
    });
    assert.deepEqual(config.alerts, { silenceMs: 30 * 60_000 });
    assert.equal(acme?.immediate.length, 15);
    const found = config.directory.ofNumber("+18005559876", "voice", undefined, 0);
    assert.equal(found?.tenant, "acme");
  });

  it("loads the aggregator.yaml that is shipped", async () => {
    const path = new URL("../../aggregator.yaml", import.meta.url).pathname;
    const loaded = await loadConfig({ path, env: { TELNYX_PUBLIC_KEY: publicKey } });
    assert.ok("config" in loaded);
    const [first] = (await readFile(path, "utf8")).split("\n");
    assert.equal(first, "# yaml-language-server: $schema=src/config/aggregator.schema.json");
  });

  it("reads everything there is, and tells what has no effect yet", async () => {
    const { problems } = await load(full.text, full);
    const others = problems.filter((problem) =>
      !/: not yet supported: leave it out$/.test(problem)
    );
    assert.deepEqual(others, []);
    const fields = problems.map((problem) => problem.split(" ")[1]?.slice(0, -1));
    assert.deepEqual(fields, full.notYet);
  });

  it("reads all of it that has an effect", async () => {
    const config = await good(full.text.replace(/^.*# later\n/gm, ""), full);
    assert.equal(config.admin.token, "an-admin-token-0");
    assert.equal(config.admin.readToken, "a-read-only-token");
    assert.deepEqual(config.admin.hosts, ["ops.example"]);
    assert.deepEqual(config.allowPrivate, ["127.0.0.1/32"]);
    assert.equal(config.signingKey?.length, 32);
    const acme = config.tenants.get("acme");
    assert.deepEqual(acme?.destination.headers, { authorization: "Bearer t0ken" });
    assert.equal(acme?.destination.secrets[0]?.length, 24);
    assert.equal(acme?.window.maxWaitMs, 60_000);
    assert.equal(acme?.destination.failoverUrl, "https://backup.acme.example/telnyx");
    assert.deepEqual(config.alerts, { url: "https://alerts.example/", silenceMs: 30 * 60_000 });
    assert.deepEqual(acme?.connectionIds, ["1293384261075731499"]);
    assert.ok(config.tenants.has("globex"));
  });

  it("takes quoted and unquoted numbers and ids for the same", async () => {
    const [quoted, plain] = ['"', ""].map((q) =>
      `phone_numbers: [${q}+18005559876${q}, ${q}0012345${q}]\n`.replace(/, .*\]/, "]") +
      `connection_ids: [${q}1293384261075731499${q}, ${q}0x10${q}, ${q}1.0${q}, ${q}true${q}]`
    );
    assert.deepEqual(await tenantOf(quoted ?? ""), await tenantOf(plain ?? ""));
    const { connectionIds } = await tenantOf(plain ?? "");
    assert.deepEqual(connectionIds, ["1293384261075731499", "0x10", "1.0", "true"]);
  });

  it("reads a tenant over the defaults: maps merge, lists replace", async () => {
    const top = "defaults:\n  window: { max_wait: 9s, max_events: 7 }\n  drop: [call.cost]\n" +
      "  delivery: { retry: { for: 1h } }\n";
    const acme = await tenantOf(
      "window: { max_events: 8 }\ndrop: [default, x.y]\nimmediate: [a.*]\n" +
        "delivery: { retry: { first: 1s } }",
      top,
    );
    const { maxWaitMs, eventsMax, bytesMax } = acme.window;
    assert.deepEqual([maxWaitMs, eventsMax, bytesMax], [9000, 8, 262_144]);
    assert.deepEqual(acme.drop, ["call.cost", "x.y"]);
    assert.deepEqual(acme.immediate, ["a.*"]);
    assert.deepEqual(acme.destination.retry, { firstMs: 1000, maxMs: 60_000, forMs: 3_600_000 });
  });

  it("reads numbers, prefixes and paired senders", async () => {
    const acme = await tenantOf(
      'phone_numbers: ["+1312555*", { number: 18005551111 }, "sip:a@B.c",\n' +
        "  { sender: INFO, messaging_profile_id: p-1 }]",
    );
    assert.deepEqual(acme.numbers, [
      { number: "+1312555", prefix: true },
      { number: "+18005551111", prefix: false },
      { number: "a@b.c", prefix: false },
      { number: "INFO", prefix: false, messagingProfileId: "p-1" },
    ]);
  });

  it("reads since when and until when a number is a tenant's", async () => {
    const from = "from: 2026-12-01T00:00:00Z";
    const until = "until: 2027-01-01T01:00:00+01:00";
    const [fromAt, untilAt] = [Date.UTC(2026, 11, 1), Date.UTC(2027, 0, 1)];
    const acme = await tenantOf(
      `phone_numbers: [{ number: 18005551111, ${from}, ${until} }, { number: 12345, ${from} },\n` +
        `  { number: +1312*, ${until} }, { sender: INFO, messaging_profile_id: p, ${until} }]`,
    );
    assert.deepEqual(acme.numbers, [
      { number: "+18005551111", prefix: false, fromAt, untilAt },
      { number: "12345", prefix: false, fromAt },
      { number: "+1312", prefix: true, untilAt },
      { number: "INFO", prefix: false, messagingProfileId: "p", untilAt },
    ]);
  });

  it("takes many uses of one anchor, also as a map", async () => {
    const uses = Array.from(
      { length: 300 },
      (_, index) => `  t${index}: { window: *w, callback_url: https://x.example }\n`,
    );
    const top = `telnyx: { public_keys: [${publicKey}] }\n`;
    const first =
      "tenants:\n  t: { window: &w { max_wait: 7s }, callback_url: https://x.example }\n";
    const config = await good(top + first + uses.join(""));
    assert.equal(config.tenants.get("t299")?.window.maxWaitMs, 7000);
  });

  it("falls back to the environment, then to .env, for what the file leaves out", async () => {
    const bare = "tenants: { acme: { callback_url: https://x.example } }\n";
    const env = { HOST: "::1", PORT: "9000", MAX_SKEW_SECONDS: "60", AI_MODEL: "x" };
    const files = {
      ".env":
        `TELNYX_PUBLIC_KEY=${publicKey}\nPORT=1\nBATCH_INTERVAL_SECONDS=2\nTELNYX_API_KEY=x\n`,
    };
    const config = await good(bare, { env, files });
    assert.deepEqual(config.listen, { kind: "tcp", host: "::1", port: 9000 });
    assert.equal(config.telnyx.maxSkewSeconds, 60);
    assert.equal(config.tenants.get("acme")?.window.maxWaitMs, 2000);
    const written = await good(`${smallest}listen: 8081\n`, { env, files });
    assert.deepEqual(written.listen, { kind: "tcp", host: "0.0.0.0", port: 8081 });
    const { problems } = await load(smallest, { env: { PORT: "http" } });
    assert.match(problems.join(), /^environment \(HOST, PORT\) listen: must be "host:port"/);
  });

  it("resolves credentials and takes one trailing newline off", async () => {
    const top = "admin: { token: cred:token }\n";
    const files = { "creds/token": "0123456789abcdef\r\n" };
    const missing = await load(tenantWith("", top), { files });
    assert.match(missing.problems.join(), /\$CREDENTIALS_DIRECTORY/);
    const text = tenantWith("", "admin: { token: file:creds/token }\n");
    assert.equal((await good(text, { files })).admin.token, "0123456789abcdef");
  });

  it("keeps the state where systemd says", async () => {
    const config = await good(smallest, { env: { STATE_DIRECTORY: "/var/lib/a:/var/lib/b" } });
    assert.equal(config.stateFolder, "/var/lib/a");
    assert.equal(config.store.path, "/var/lib/a/aggregator.db");
  });

  it("includes files by pattern, in which only tenants stand", async () => {
    const one = (id: string) => `tenants: { ${id}: { callback_url: https://${id}.example } }\n`;
    const files = { "d/a.yaml": one("a"), "d/b.yaml": one("b"), "d/.c.yaml": "x", "d/d.yml": "x" };
    const config = await good(`${smallest}include: d/*.yaml\n`, { files });
    assert.deepEqual([...config.tenants.keys()], ["acme", "a", "b"]);
    const twice = { "d/a.yaml": one("acme"), "d/b.yaml": "listen: 1\n", "e": "#\n" };
    const { problems } = await load(`${smallest}include: [d/*.yaml, none.yaml, e]\n`, {
      files: twice,
    });
    assert.deepEqual(
      problems.map((problem) => problem.slice(0, 60)),
      [
        'aggregator.yaml:7:21 include: "none.yaml" does not exist',
        "e: is empty: it needs tenants",
        "d/b.yaml:1:1 listen: is not a known key; known are tenants",
        "d/a.yaml:1:12 tenants.acme: is in aggregator.yaml as well",
      ].map((problem) => problem.slice(0, 60)),
    );
  });

  it("comes to no harm by any tenant id or key", async () => {
    const id = fc.oneof(
      fc.constantFrom("__proto__", "constructor", "toString", "hasOwnProperty", "1.0", "null"),
      fc.string({ unit: "binary" }),
    );
    await fc.assert(
      fc.asyncProperty(id, async (name) => {
        const key = JSON.stringify(name);
        const tenants = `tenants: { ${key}: { callback_url: https://x.example } }\n`;
        const { config } = await load(`telnyx: { public_keys: [${publicKey}] }\n${tenants}`);
        const isId = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name);
        assert.equal(
          config?.tenants.has(name) ?? false,
          isId && !/^(all|aggregator|unassigned)$/.test(name),
        );
        const { problems } = await load(`${tenantWith(`${key}: { ${key}: 1 }`)}`);
        assert.ok(problems.length > 0);
        assert.equal(Object.keys(Object.prototype).length, 0);
      }),
      { numRuns: 60 },
    );
  });

  it("loads ten thousand tenants without quadratic work", async () => {
    const tenants = Array.from(
      { length: 10_000 },
      (_, index) =>
        `  t${index}: { phone_numbers: ["+1800${
          1_000_000 + index
        }"], callback_url: https://x.example }\n`,
    );
    const text = `telnyx: { public_keys: [${publicKey}] }\ntenants:\n${tenants.join("")}`;
    const from = performance.now();
    const config = await good(text);
    assert.equal(config.directory.numbers, 10_000);
    assert.ok(performance.now() - from < 10_000);
  });
});
