import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { shown } from "../../src/config/problems.ts";
import { load, publicKey, smallest, tenantWith } from "./fixture.ts";

const top = `telnyx: { public_keys: [${publicKey}] }\n`;

/** Each file and the beginnings of all its problems. */
const wrong: Readonly<Record<string, readonly [string, ...string[]]>> = {
  "an empty file": ["", "aggregator.yaml: is empty"],
  "only a comment": ["# nothing\n", "aggregator.yaml: is empty"],
  "a list": [
    `- a\n`,
    "aggregator.yaml telnyx.public_keys: has no",
    "aggregator.yaml:1:1: must be a map",
  ],
  "bad YAML": [
    `${top}tenants: { acme: ] }\n`,
    "aggregator.yaml:2:18: is not valid YAML: the indentation fits nothing above it",
    "aggregator.yaml:2:20: is not valid YAML",
  ],
  "a bad escape": [`${top}listen: "\\q"\n`, "aggregator.yaml:2:10: is not valid YAML"],
  "a tab": [`${top}tenants:\n\tacme: {}\n`, "aggregator.yaml:3:1: is not valid YAML"],
  "two documents": [`${smallest}---\n{}\n`, "aggregator.yaml:7:1: is not valid YAML"],
  "an unknown anchor": [
    `${top}listen: *x\n`,
    "aggregator.yaml:2:9: this alias has no anchor before it",
    "aggregator.yaml:2:9 listen: must be an address",
  ],
  "a tag": [`${top}listen: !!str 80\n`, "aggregator.yaml:2:15: tags are not supported"],
  "a foreign tag": [`${top}listen: !x 80\n`, "aggregator.yaml:2:12: tags are not supported"],
  "a tag nobody knows": [
    `${top}listen: !foo!bar 80\n`,
    "aggregator.yaml:2:9: is not valid YAML: tags are not supported",
  ],
  "YAML 1.1": [`%YAML 1.1\n---\n${smallest}`, "aggregator.yaml:1:1: YAML 1.1 is not supported"],
  "a key twice": [
    `${smallest}listen: 1\nlisten: 2\n`,
    "aggregator.yaml:8:1: this key is there twice",
  ],
  "a key that is a list": [`${top}? [a]\n: b\n`, "aggregator.yaml:2:3: a key must be plain text"],
  "an anchor in itself": [
    `${top}include: &a [*a]\n`,
    "aggregator.yaml:2:14: this alias stands inside its own anchor",
    "aggregator.yaml:2:14 include: must be a path or pattern: received nothing",
  ],
  "a merge key": [
    `${smallest}<<: {}\n`,
    "aggregator.yaml:7:1 <<: is not a known key; YAML 1.2 has no",
  ],
  "too deep a nesting": [
    `a: ${"[".repeat(40)}${"]".repeat(40)}\n`,
    "aggregator.yaml:1:1: is nested deeper",
  ],
  "far too deep a nesting": [`a: ${"[".repeat(60_000)}`, "aggregator.yaml", "aggregator.yaml"],
  "a misspelt key": [
    tenantWith("phone_number: []"),
    "aggregator.yaml:5:5 tenants.acme.phone_number: is not a known key; " +
    'did you mean "phone_numbers"?',
  ],
  "a key in another style": [
    tenantWith("failoverUrl: x"),
    "aggregator.yaml:5:5 tenants.acme.failoverUrl: is not a known key; " +
    'did you mean "failover_url"?',
  ],
  "a strange key": [
    `${smallest}zebra: 1\n`,
    "aggregator.yaml:7:1 zebra: is not a known key; known are",
  ],
  "no key and no address": [
    "tenants: { acme: {} }\n",
    "aggregator.yaml telnyx.public_keys: has no public key: copy it from Telnyx's portal (Account",
    "aggregator.yaml:1:18 tenants.acme.callback_url: is missing",
  ],
  "a bad key": [
    `telnyx: { public_keys: [abc, ""] }\n`,
    "aggregator.yaml:1:25 telnyx.public_keys: must be 32 bytes in standard base64",
    "aggregator.yaml:1:30 telnyx.public_keys: must be 32 bytes in standard base64",
  ],
  "a reserved id": [
    `${top}tenants: { all: {}, unassigned: {}, "": {}, -a: {} }\n`,
    "aggregator.yaml:2:12 tenants.all: is a reserved word",
    "aggregator.yaml:2:21 tenants.unassigned: is a reserved word",
    "aggregator.yaml:2:37 tenants.: is not a tenant id",
    "aggregator.yaml:2:45 tenants.-a: is not a tenant id",
  ],
  "spans and sizes": [
    tenantWith("window: { max_wait: 5, max_events: 0, max_bytes: 1KiB }\npaused: yes"),
    "aggregator.yaml:5:25 tenants.acme.window.max_wait: needs a unit: ms, s, m, h or d: received",
    "aggregator.yaml:5:40 tenants.acme.window.max_events: must be between 1 and 10000: received",
    "aggregator.yaml:5:54 tenants.acme.window.max_bytes: must be between 4KiB and 64MiB: received",
    "aggregator.yaml:6:13 tenants.acme.paused: must be true or false: received",
  ],
  "a wait longer than timers": [
    tenantWith("delivery: { timeout: 30d }", "defaults: { window: { max_wait: 25d } }\n"),
    "aggregator.yaml:2:33 defaults.window.max_wait: must be between 1ms and 1d",
    "aggregator.yaml:6:26 tenants.acme.delivery.timeout: must be between 100ms and 10m",
  ],
  "wrong shapes": [
    tenantWith("phone_numbers: 12345\nwindow: 5s\npaused: []\nids: [[a]]\nchannels: []\ndrop:"),
    "aggregator.yaml:5:20 tenants.acme.phone_numbers: must be a list",
    "aggregator.yaml:6:13 tenants.acme.window: must be a map of keys and values: received text",
    "aggregator.yaml:7:13 tenants.acme.paused: must be true or false: received a list",
    "aggregator.yaml:8:11 tenants.acme.ids: must be an id of at most 256 visible characters",
    "aggregator.yaml:9:15 tenants.acme.channels: must name a channel",
    "aggregator.yaml:10:10 tenants.acme.drop: must be a list, such as [a, b] or []: received",
  ],
  "a misspelt word": [
    tenantWith("channels: [voice, mesaging]"),
    "aggregator.yaml:5:23 tenants.acme.channels: must be one of voice, messaging, fax, other; " +
    'did you mean "messaging"?: received "mesaging"',
  ],
  "numbers": [
    tenantWith('phone_numbers: [8005559876, "+44 (0)20 7946 0958", { number: 12 }, {}]'),
    "aggregator.yaml:5:21 tenants.acme.phone_numbers: has no country code: " +
    'write it with one, such as "+1 800 555 9876": received "•••9876"',
    'aggregator.yaml:5:33 tenants.acme.phone_numbers: has "(0)"',
    "aggregator.yaml:5:66 tenants.acme.phone_numbers.number: is too short",
    'aggregator.yaml:5:72 tenants.acme.phone_numbers: must have "number" or "sender"',
  ],
  "senders": [
    tenantWith("phone_numbers: [{ sender: INFO }, { sender: 12345, messaging_profile_id: x }]"),
    'aggregator.yaml:5:21 tenants.acme.phone_numbers: "sender" needs "messaging_profile_id"',
    'aggregator.yaml:5:39 tenants.acme.phone_numbers: "sender" must be a name with letters',
  ],
  "dates": [
    tenantWith(
      "phone_numbers: [{ number: 12345, from: 2026-12-01, until: soon },\n" +
        "  { number: 12345, from: 2026-12-01T00:00:00Z, until: 2026-12-01T01:00:00+01:00 }]",
    ),
    'aggregator.yaml:5:44 tenants.acme.phone_numbers.from: needs a time and an offset, such as "2',
    "aggregator.yaml:5:63 tenants.acme.phone_numbers.until: must be a moment with an offset, such",
    'aggregator.yaml:6:7 tenants.acme.phone_numbers: "from" must be before "until"',
  ],
  "headers": [
    tenantWith(
      'headers: { Host: a, Webhook-Id: b, "a b": c, x: "é", y: "a\\nb", content-md5: d, X: e }',
    ),
    "aggregator.yaml:5:16 tenants.acme.headers.Host: must not be set",
    "aggregator.yaml:5:25 tenants.acme.headers.Webhook-Id: must not be set",
    "aggregator.yaml:5:40 tenants.acme.headers.a…: is not the name of a header",
    "aggregator.yaml:5:53 tenants.acme.headers.x: must be visible characters",
    "aggregator.yaml:5:61 tenants.acme.headers.y: must be visible characters",
    "aggregator.yaml:5:69 tenants.acme.headers.content-md5: must not be set",
    "aggregator.yaml:5:85 tenants.acme.headers.X: is there twice",
  ],
  "an admin listener for everybody": [
    `${smallest}admin: { listen: [0.0.0.0:8081, 127.0.0.1:1], token: short }\n`,
    "aggregator.yaml:7:19 admin.listen: must be an address of this machine",
    "aggregator.yaml:7:54 admin.token: must be 16 to 4096 visible characters",
  ],
  "limits against each other": [
    `${smallest}limits: { body: 2MiB, inbox_bytes: 1MiB }\n`,
    "aggregator.yaml:7:23 limits.inbox_bytes: must be at least limits.body",
  ],
  "a first wait above the longest": [
    tenantWith(
      "delivery: { retry: { first: 2m } }",
      "defaults: { delivery: { retry: { max: 1s } } }\n",
    ),
    'aggregator.yaml:2:32 defaults.delivery.retry: "first" must not be longer than "max"',
    'aggregator.yaml:6:24 tenants.acme.delivery.retry: "first" must not be longer than "max"',
  ],
  "an included file that is missing": [
    `${smallest}include:\n  - none.yaml\n`,
    'aggregator.yaml:8:5 include: "none.yaml" does not exist',
  ],
  "networks": [
    `${smallest}callbacks: { allow_private: [10.0.0.1/8] }\n`,
    "aggregator.yaml:7:30 callbacks.allow_private: must end in zeros after its " +
    'first 8 bits: received "10.0.0.1/8"',
  ],
};

describe("problems", () => {
  for (const [name, [text, ...expected]] of Object.entries(wrong)) {
    it(`tells ${name}`, async () => {
      const { problems } = await load(text);
      const beginnings = problems.map((problem, index) =>
        problem.slice(0, expected[index]?.length ?? 200)
      );
      assert.deepEqual(beginnings, expected);
    });
  }

  it("tells secrets that are missing, with the way out", async () => {
    const { problems } = await load(tenantWith("secrets: [env:NONE, file:none]"));
    assert.deepEqual(problems, [
      'aggregator.yaml:5:15 tenants.acme.secrets: the environment variable "NONE" is not set; a ' +
      "running process's environment cannot change: write it to .env beside the config, or " +
      "restart with it set",
      'aggregator.yaml:5:25 tenants.acme.secrets: the file of "file:none" does not exist',
    ]);
  });

  it("never shows a secret, however it came", async () => {
    const files = { "s": "hunter2-hunter2\u0001", "big": "x".repeat(70_000) };
    const lines = 'secrets: [file:s, hunter2]\nheaders: { a: "Bearer file:s", b: "hunter2é" }\n' +
      "ids: [file:s]\nwindow: { max_wait: file:s }\n" +
      "failover_url: https://u:hunter2@x.example/?hunter2";
    const { problems } = await load(tenantWith(lines, "admin: { token: file:big }\n"), { files });
    assert.equal(problems.length, 8);
    assert.ok(!problems.join().includes("hunter2"), problems.join("\n"));
    assert.match(problems.join("\n"), /admin.token: the file of "file:big" is larger than 64KiB/);
  });

  it("stops listing after a hundred", async () => {
    const lines = Array.from({ length: 150 }, (_, index) => `x${index}: 1`).join("\n");
    const { problems } = await load(tenantWith(lines));
    assert.equal(problems.length, 101);
    assert.equal(problems.at(-1), "aggregator.yaml: has 50 more problems");
  });

  it("refuses what is too large, or no file, or no text", async () => {
    const large = await load(smallest + "#".repeat(8 * 2 ** 20));
    assert.deepEqual(large.problems, ["aggregator.yaml: is larger than 8MiB"]);
    const many = await load(`a: &a [${"1,".repeat(1001)}]\nb: [${"*a,".repeat(1001)}]\n`);
    assert.deepEqual(many.problems, ["aggregator.yaml:1:1: has more than a million nodes"]);
    const folder = await load(`${smallest}include: d\n`, { files: { "d/x": "" } });
    assert.deepEqual(folder.problems, ['aggregator.yaml:7:10 include: "d" is not a regular file']);
  });

  it("masks long numbers in what it quotes", async () => {
    const { problems } = await load(`${smallest}"+18005559876": 1\n`);
    assert.match(problems.join(), /^aggregator.yaml:7:1 •••9876: is not a known key/);
  });

  it("masks no dates, spans, sizes or addresses", () => {
    for (
      const text of [
        "2026-12-01",
        "2026-12-01T00:00:00Z",
        "2026-12-01 10:00",
        "10000000000ms",
        "20000000s",
        "1073741824B",
        "192.168.100.200",
      ]
    ) assert.equal(shown(text), text);
    for (const text of ["18005559876", "+1 800-555-9876", "8005559876x5", "2026-99-01-1234"]) {
      assert.equal(shown(text).slice(0, 3), "•••", text);
    }
  });
});

describe("not yet supported", () => {
  it("is told for every value that would have no effect", async () => {
    const before = "trusted_proxies: [10.0.0.0/8]\nworkers: auto\nstore: { keep: 31d }\n" +
      "limits: { disk: 1GiB, tenant_disk: 1GiB }\nengine: { nats: { servers: [a] } }\n";
    const { problems } = await load(tenantWith("", before));
    assert.equal(problems.length, 6);
    for (const problem of problems) assert.match(problem, /: not yet supported: leave it out$/);
  });

  it("is all that is told of a value, whatever else is wrong with it", async () => {
    const before = "tls: { cert: x, kye: file:none }\nworkers: many\n" +
      "telnyx: { api_key: env:NONE }\n";
    const { problems } = await load(
      tenantWith("", before).replace(/^telnyx: .*\n/, ""),
      { env: { TELNYX_PUBLIC_KEY: publicKey } },
    );
    assert.deepEqual(
      problems.map((problem) => problem.replace(/^\S+ /, "")),
      ["tls", "workers", "telnyx.api_key"]
        .map((field) => `${field}: not yet supported: leave it out`),
    );
  });
});
