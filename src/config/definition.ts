/**
 * Everything `aggregator.yaml` may say, in the order of the README. From here come the types, the
 * checks, the defaults and the JSON Schema. `notYet` marks what is defined but has no effect.
 */
import { type Channel, channels, reservedTenantIds } from "../tenant.ts";
import { headerNameProblem, headerValue } from "./headers.ts";
import * as kind from "./kinds.ts";
import { numbers } from "./numbers.ts";
import { either, entries, group, object, record } from "./maps.ts";
import {
  type Field,
  list,
  located,
  needed,
  notYet,
  optional,
  scalar,
  type ValueOf,
} from "./schema.ts";
import { url } from "./url.ts";

/** What a call-control application must answer within seconds. */
const immediateTypes = [
  "call.initiated",
  "call.answered",
  "call.bridged",
  "call.hangup",
  "call.dtmf.*",
  "call.*gather.ended",
  "call.machine.*",
  "call.speak.ended",
  "call.playback.ended",
  "call.enqueued",
  "call.dequeued",
  "call.refer.*",
  "call.payment.*",
  "conference.participant.*",
  "streaming.failed",
];

// Few stars: matching stays linear whatever an event's type is.
const eventType = kind.text(
  'an event type such as "call.initiated" or "call.*"',
  /^(?=(?:[^*]*\*){0,4}[^*]*$)[A-Za-z0-9_.*-]{1,128}$/,
);

const eventTypes = (written: readonly string[]) =>
  list(optional(eventType), { fallback: written, written, defaults: true });

// No wait may exceed 2³¹-1 ms: timers would fire at once. A day is far below.
const gathering = {
  window: object({
    max_wait: scalar(kind.duration("1ms", "1d"), "5s"),
    max_events: scalar(kind.integer(1, 10_000), "100"),
    max_bytes: scalar(kind.size("4KiB", "64MiB"), "256KiB"),
    session: notYet(optional(kind.oneOf("call", "message"))),
    linger: notYet(scalar(kind.duration("0s", "1d"), "30s")),
    max_age: notYet(scalar(kind.duration("1s", "7d"), "4h")),
    compact: notYet(scalar(kind.boolean, "false")),
  }),
  immediate: eventTypes(immediateTypes),
  drop: eventTypes([]),
  format: notYet(
    scalar(kind.oneOf("envelope", "array", "ndjson", "cloudevents", "single"), "envelope"),
  ),
  delivery: object({
    timeout: scalar(kind.duration("100ms", "10m"), "15s"),
    in_flight: scalar(kind.integer(1, 256), "1"),
    retry: object({
      first: scalar(kind.duration("10ms", "1h"), "2s"),
      max: scalar(kind.duration("10ms", "1d"), "1m"),
      for: scalar(kind.duration("1s", "365d"), "72h"),
    }),
    rate: notYet(scalar(kind.rate, "none")),
    gzip: notYet(scalar(kind.boolean, "false")),
    catch_up: notYet(scalar(kind.oneOf("live_first", "oldest_first"), "live_first")),
    include_signatures: notYet(scalar(kind.boolean, "false")),
  }),
};

const publicKeys = list(located(kind.publicKey));

/** One tenant; whatever `defaults` has, over the defaults. */
export const tenantDefinition = object({
  phone_numbers: list(numbers),
  connection_ids: list(located(kind.id)),
  messaging_profile_ids: list(located(kind.id)),
  ids: list(located(kind.id)),
  channels: list<Channel>(optional(kind.oneOf(...channels)), {
    fallback: channels,
    written: channels,
    filled: "must name a channel: leave it out for all of them",
  }),
  public_keys: notYet(publicKeys),
  callback_url: needed(located(url), "is missing: the tenant's events need somewhere to go"),
  failover_url: notYet(located(url)),
  secrets: list(optional(kind.webhookSecret)),
  secret_version: notYet(scalar(kind.integer(1, 1_000_000), "1")),
  headers: record(
    optional(kind.secret("visible characters", headerValue)),
    {
      json: { type: "string" },
      problem: headerNameProblem,
      formOf: (name) => name.toLowerCase(),
    },
  ),
  paused: scalar(kind.boolean, "false"),
  ...gathering,
});

/** What a tenant's part of the file says. */
export type TenantValues = ValueOf<typeof tenantDefinition>;

const tenantIdForm = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

function tenantIdProblem(id: string): string | undefined {
  if (reservedTenantIds.includes(id)) return "is a reserved word: choose another id";
  if (tenantIdForm.test(id)) return undefined;
  return "is not a tenant id: up to 64 letters, digits, dots, dashes and underscores";
}

/** As written: they are read when the defaults are known. */
const tenants = entries(tenantDefinition.json, {
  json: { pattern: tenantIdForm.source, not: { enum: reservedTenantIds } },
  problem: tenantIdProblem,
});

/** What an included file may say. */
export const includedDefinition = object({ tenants });

const token = kind.secret("16 to 4096 visible characters", /^[!-~]{16,4096}$/);
const anything: Field<unknown> = { fallback: undefined, json: {}, read: (tree) => tree.kind };

const admin = object({
  listen: list(optional(kind.adminListen), {
    fallback: [{ kind: "tcp", host: "127.0.0.1", port: 8081 }],
    written: ["127.0.0.1:8081"],
    single: true,
  }),
  token: optional(token),
  read_token: optional(token),
  hosts: list(
    optional(kind.text('a host\'s name such as "ops.example"', /^[A-Za-z0-9.-]{1,253}$/)),
  ),
});

const limits = object({
  body: scalar(kind.size("1KiB", "64MiB"), "5MiB"),
  inbox: scalar(kind.integer(1, 65_536), "2048"),
  inbox_bytes: scalar(kind.size("1KiB", "16GiB"), "64MiB"),
  connections: scalar(kind.integer(1, 1_000_000), "10000"),
  deliveries: scalar(kind.integer(1, 65_536), "1024"),
  disk: notYet(scalar(kind.size("64MiB", "1024TiB"), "20GiB")),
  tenant_disk: notYet(scalar(kind.share, "25%")),
});

/** The whole file. */
export const definition = object({
  listen: scalar(kind.listen, "0.0.0.0:8080"),
  tls: notYet(group(object({
    cert: needed(optional(kind.secret("a certificate", /-----BEGIN /)), "is missing"),
    key: needed(optional(kind.secret("a private key", /-----BEGIN /)), "is missing"),
  }))),
  trusted_proxies: notYet(list(optional(kind.cidr))),
  workers: notYet(scalar(kind.workers, "1")),
  admin,
  telnyx: object({
    public_keys: publicKeys,
    max_skew: scalar(kind.duration("1s", "1h"), "300s"),
    api_key: notYet(optional(kind.secret("an API key", /^[!-~]{1,4096}$/))),
  }),
  store: object({
    path: optional(kind.path),
    retention: scalar(kind.duration("1h", "365d"), "72h"),
    keep: notYet(scalar(kind.duration("1d", "3650d"), "30d")),
  }),
  limits,
  callbacks: object({ allow_private: list(optional(kind.cidr)) }),
  signing: object({ key: optional(kind.signingSeed) }),
  alerts: notYet(object({
    url: located(url),
    silence: scalar(kind.duration("1m", "7d"), "30m"),
  })),
  log: object({ level: scalar(kind.oneOf("debug", "info", "warn", "error"), "info") }),
  engine: notYet(
    either(
      object({ nats: needed(anything, "is missing") }),
      scalar(kind.oneOf("embedded"), "embedded"),
    ),
  ),
  defaults: object(gathering),
  tenants,
  unassigned: notYet(object({
    hold: scalar(kind.duration("1m", "365d"), "72h"),
    callback_url: located(url),
  })),
  include: list(optional(kind.text("a path or pattern", /./)), { single: true }),
});

/** What the file says, all defaults filled in. */
export type FileValues = ValueOf<typeof definition>;
