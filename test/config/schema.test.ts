import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { parse } from "yaml";
import { jsonSchema } from "../../src/config/load.ts";
import { load, publicKey, smallest, tenantKey, tenantWith } from "./fixture.ts";
import { full } from "./full.ts";
import { accepts } from "./json-schema.ts";

const schema = jsonSchema();
const read = (path: string) => readFile(new URL(`../../${path}`, import.meta.url), "utf8");

const env = {
  TELNYX_PUBLIC_KEY: publicKey,
  N: "10",
  YES: "true",
  SPAN: "7s",
  WORD: "voice",
  LEVEL: "debug",
  RATE: "300/m",
  ADDRESS: "8080",
  URL: "https://x.example",
  TEXT: "0123456789abcdef",
  SEED: btoa("s".repeat(32)),
};

const whsec = `whsec_${btoa("x".repeat(24))}`;
const tenant = (...lines: readonly string[]) => lines.map((line) => tenantWith(line));
const whole = (...lines: readonly string[]) => lines.map((line) => `${smallest}${line}\n`);

const right = [
  smallest,
  full.text.replace(/^.*# later\n/gm, ""),
  ...tenant(
    "window: { max_events: 10 }",
    'window: { max_events: "10" }',
    "window: { max_events: env:N, max_wait: env:SPAN }",
    "window:",
    "window: ~",
    "headers:",
    "delivery: { retry: }",
    'paused: "true"',
    "paused: true",
    "paused: env:YES",
    "headers: { x-version: 2, x-ratio: 1.5, x-on: true, x-text: text }",
    'headers: { authorization: "Bearer env:TEXT" }',
    "channels: [env:WORD, fax]",
    "immediate: [default, call.*, 5]",
    "drop: [env:WORD]",
    'phone_numbers: [+18005559876, 12345, "+1312555*", INFO, { number: 18005551111 }]',
    "phone_numbers: [{ sender: INFO, messaging_profile_id: p }]",
    "connection_ids: [1293384261075731499, 1.0, true, x]",
    `secrets: [${whsec}]`,
    "window: { linger: 30s, max_age: 240m, compact: false }",
    'window: { linger: 30000ms, compact: "false" }\nsecret_version: "1"',
    "window: { session: call, linger: 1s, max_age: 1h, compact: true }",
    "window: { session: none }",
    "window: { session: message }\nimmediate: [default, message.received]",
    "delivery: { rate: none, gzip: false, catch_up: live_first, include_signatures: false }",
    "delivery: { rate: 20/s, gzip: true, include_signatures: true }",
    'delivery: { rate: env:RATE, gzip: "true", include_signatures: env:YES }',
    "delivery: { rate: { requests: 20/s, events: 500/m } }",
    "delivery: { rate: { events: none } }",
    "delivery: { rate: }",
    "format: array",
    "format: single\nsecret_version: 2",
    "failover_url: https://x.example",
    "delivery: { catch_up: oldest_first }",
    "public_keys: []\nformat: envelope",
    `public_keys: [${tenantKey}]`,
    "phone_numbers: [{ number: 12345, from: 2026-12-01T00:00:00Z }]",
    "phone_numbers: [{ number: +1312*, until: 2026-12-01T01:00:00.5+01:00 }]",
    'phone_numbers: [{ sender: INFO, messaging_profile_id: p, from: "2026-12-01T00:00Z" }]',
  ),
  ...whole(
    "listen: 8080",
    'listen: "8080"',
    "listen: env:ADDRESS",
    "listen: 127.0.0.1:8080",
    'listen: "[::1]:8080"',
    "listen: unix:/run/x.sock",
    "listen: fd:web",
    "admin:",
    "admin: { listen: 8081 }",
    "admin: { listen: [localhost:8081, unix:/x], token: env:TEXT, hosts: [ops.example] }",
    "admin: { listen: [] }",
    "limits:",
    'limits: { inbox: "10", connections: env:N, disk: 20480MiB, tenant_disk: 25% }',
    "log: { level: env:LEVEL }",
    "signing: { key: env:SEED }",
    'callbacks: { allow_private: [127.0.0.1/32, "::1/128"] }',
    "store: { path: 5, keep: 720h }",
    "engine: embedded",
    "workers: 1",
    'workers: "1"',
    "trusted_proxies: []",
    "alerts:",
    "alerts: {}",
    "alerts: { silence: 1800s }",
    "alerts: { url: https://x.example, silence: 7d }",
    "unassigned: { hold: 3d }",
    "unassigned: { hold: 1h, callback_url: https://x.example }",
    "unassigned:",
    "defaults:",
    "include: []",
  ),
  "tenants:\n",
  "tenants: { acme: { callback_url: env:URL } }\n",
  "telnyx: { max_skew: env:SPAN }\n",
  `telnyx: { public_keys: [${publicKey}], max_skew: 60s }\n`,
];

const wrong = [
  "",
  "- a\n",
  "tenants: []\n",
  "tenants: { acme: }\n",
  "tenants: { acme: {} }\n",
  "tenants: { all: { callback_url: https://x.example } }\n",
  "tenants: { -a: { callback_url: https://x.example } }\n",
  "tenants: { a: { callback_url: ftp://x.example } }\n",
  "tenants: { a: { callback_url: } }\n",
  "telnyx: { public_keys: [abc] }\n",
  "telnyx: { max_skew: 5 }\n",
  ...tenant(
    "unknown: 1",
    "window: { max_events: 0 }",
    "window: { max_events: 10001 }",
    "window: { max_events: many }",
    "window: { max_events: 1.5 }",
    "window: { max_events: }",
    "window: { max_events: [1] }",
    "window: { max_wait: 5 }",
    "window: { max_wait: 5sec }",
    "window: { max_bytes: 1MB }",
    "window: []",
    "paused: yes",
    "paused: 1",
    "paused:",
    "channels: [sms]",
    "channels: []",
    "channels: voice",
    "drop:",
    'drop: ["a b"]',
    "headers: { Host: a }",
    "headers: { WEBHOOK-ID: a }",
    "headers: { content-md5: a }",
    'headers: { "a b": c }',
    'headers: { x: "é" }',
    "headers: { x: }",
    "headers: [a]",
    "phone_numbers: 12345",
    "phone_numbers: [~]",
    "phone_numbers: [{}]",
    "phone_numbers: [{ sender: INFO }]",
    "phone_numbers: [{ number: 12345, messaging_profile_id: p }]",
    "phone_numbers: [{ number: 12345, sender: INFO, messaging_profile_id: p }]",
    "phone_numbers: [{ number: 12345, from: 2026-12-01 }]",
    "phone_numbers: [{ number: 12345, until: 2026-12-01T00:00:00 }]",
    "phone_numbers: [{ from: 2026-12-01T00:00:00Z }]",
    'connection_ids: ["é"]',
    "secrets: [secret]",
    "window: { linger: 31 }",
    "window: { session: calls }",
    "window: { compact: yes }",
    "delivery: { catch_up: newest_first }",
    "secret_version: 0",
    "secret_version: 1.5",
    "delivery: { rate: 20 }",
    "delivery: { rate: 0/s }",
    "delivery: { rate: 20/d }",
    "delivery: { rate: [20/s] }",
    "delivery: { rate: { bytes: 20/s } }",
    "delivery: { rate: { events: } }",
    "delivery: { gzip: yes }",
    "delivery: { include_signatures: yes }",
    "format: json",
    "format:",
    "public_keys: [abc]",
    "failover_url: x.example",
    "failover_url:",
  ),
  ...whole(
    "listen: -1",
    "listen: 70000",
    "listen: true",
    "listen: http://x",
    "listen:",
    "admin: { listen: 0.0.0.0:8081 }",
    "admin: { token: short }",
    "admin: { hosts: [a/b] }",
    "log: { level: loud }",
    "log: [info]",
    "signing: { key: abc }",
    "callbacks: { allow_private: [x] }",
    "engine: { nats: {} }",
    "engine:",
    "workers: auto",
    "workers: 2",
    "tls: { cert: a, key: b }",
    "tls:",
    "tls: {}",
    "trusted_proxies: [10.0.0.0/8]",
    "alerts: { url: x.example }",
    "alerts: { silence: 30 }",
    "alerts: []",
    "unassigned: { hold: 1 }",
    "unassigned: { callback_url: x.example }",
    "unassigned: []",
    "store: { keep: 31d }",
    "limits: { disk: 1GiB }",
    "limits: { tenant_disk: 50% }",
    "include: {}",
    "include:",
  ),
];

const isValid = async (text: string) => {
  const { problems } = await load(text, { ...full, env: { ...full.env, ...env } });
  return problems.length === 0;
};

describe("jsonSchema()", () => {
  it("is what is shipped", async () => {
    const shipped = JSON.parse(await read("src/config/aggregator.schema.json"));
    assert.deepEqual(shipped, JSON.parse(JSON.stringify(schema)));
  });

  it("accepts what the daemon accepts", async () => {
    const readme = (await read("README.md")).matchAll(/^```yaml\n(.*?)^```$/gms);
    const shown = [...readme].map(([, text = ""]) => text);
    for (const text of [...right, ...shown, await read("aggregator.yaml")]) {
      assert.deepEqual([await isValid(text), accepts(schema, parse(text))], [true, true], text);
    }
  });

  it("refuses what the daemon refuses", async () => {
    for (const text of wrong) {
      assert.deepEqual([await isValid(text), accepts(schema, parse(text))], [false, false], text);
    }
  });

  it("describes every field in a few words, and marks what is not yet supported", () => {
    const marked: string[] = [];
    const visit = (value: unknown, path: string): void => {
      if (typeof value !== "object" || value === null) return;
      const { properties, ...others } = value as Record<string, unknown>;
      for (const [key, field] of Object.entries(properties ?? {})) {
        const { description } = field as { readonly description?: string };
        const isOnlyForbidden = path.includes("anyOf") &&
          /^\{"not":\{\}\}$/.test(JSON.stringify(field));
        if (!isOnlyForbidden) assert.match(description ?? "", /^[A-Z]/, `${path}.${key}`);
        assert.ok((description ?? "").length < 100, `${path}.${key}`);
        if (description?.endsWith("(not yet supported)")) marked.push(`${path}.${key}`);
        visit(field, `${path}.${key}`);
      }
      for (const [key, inner] of Object.entries(others)) visit(inner, `${path}/${key}`);
    };
    visit(schema, "");
    for (const field of [".tls", ".workers", ".engine", ".store.keep"]) {
      assert.ok(marked.includes(field), field);
    }
  });
});
