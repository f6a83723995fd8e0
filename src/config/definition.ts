/**
 * Everything `aggregator.yaml` may say, in the order of the README. From here come the types, the
 * checks, the defaults, and the JSON Schema with what editors show. `notYet` marks what is defined
 * but has no effect.
 */
import { reservedTenantIds } from "../tenant.ts";
import * as kind from "./kinds.ts";
import { either, entries, group, object } from "./maps.ts";
import { about, type Field, list, located, needed, notYet, optional } from "./schema.ts";
import { scalar, type ValueOf } from "./schema.ts";
import { defaultsDefinition, tenantDefinition } from "./tenant.ts";
import { url } from "./url.ts";

const tenantIdForm = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

function tenantIdProblem(id: string): string | undefined {
  if (reservedTenantIds.includes(id)) return "is a reserved word: choose another id";
  if (tenantIdForm.test(id)) return undefined;
  return "is not a tenant id: up to 64 letters, digits, dots, dashes and underscores";
}

/** As written: they are read when the defaults are known. */
const tenants = about(
  "The tenants by id, which stands in every payload",
  entries(tenantDefinition.json, {
    json: { pattern: tenantIdForm.source, not: { enum: reservedTenantIds } },
    problem: tenantIdProblem,
  }),
);

/** What an included file may say. */
export const includedDefinition = object({ tenants });

const token = kind.secret("16 to 4096 visible characters", /^[!-~]{16,4096}$/);
const anything: Field<unknown> = { fallback: undefined, json: {}, read: (tree) => tree.kind };

const tls = group(object({
  cert: about(
    "The certificate and its chain, in PEM",
    needed(optional(kind.secret("a certificate", /-----BEGIN /)), "is missing"),
  ),
  key: about(
    "Its private key, in PEM",
    needed(optional(kind.secret("a private key", /-----BEGIN /)), "is missing"),
  ),
}));

const admin = object({
  listen: about(
    "Where operators ask: an address of this machine; [] for none",
    list(optional(kind.adminListen), {
      fallback: [{ kind: "tcp", host: "127.0.0.1", port: 8081 }],
      written: ["127.0.0.1:8081"],
      single: true,
    }),
  ),
  token: about("May do everything; made at first start where absent", optional(token)),
  read_token: about("May read /metrics, /stats and /readyz only", optional(token)),
  hosts: about(
    "Further host names the admin listener answers to",
    list(optional(kind.text('a host\'s name such as "ops.example"', /^[A-Za-z0-9.-]{1,253}$/))),
  ),
});

const telnyx = object({
  public_keys: about(
    "From Telnyx's portal; a webhook is accepted if any of them signed it",
    list(located(kind.publicKey)),
  ),
  max_skew: about(
    "How old or early a webhook's timestamp may be",
    scalar(kind.duration("1s", "1h"), "300s"),
  ),
  api_key: about(
    "For the commands that talk to Telnyx",
    notYet(optional(kind.secret("an API key", /^[!-~]{1,4096}$/))),
  ),
});

const store = object({
  path: about("The log's file; default: in the state folder", optional(kind.path)),
  retention: about(
    "How long settled events stay searchable",
    scalar(kind.duration("1h", "365d"), "72h"),
  ),
  keep: about(
    "How long dead letters and parked bodies are kept",
    notYet(scalar(kind.duration("1d", "3650d"), "30d")),
  ),
});

const limits = object({
  body: about("The largest webhook", scalar(kind.size("1KiB", "64MiB"), "5MiB")),
  inbox: about(
    "Webhooks being verified or recorded at once; beyond it: 503",
    scalar(kind.integer(1, 65_536), "2048"),
  ),
  inbox_bytes: about(
    "Bytes of bodies being received; beyond it: 503",
    scalar(kind.size("1KiB", "16GiB"), "64MiB"),
  ),
  connections: about("Open connections", scalar(kind.integer(1, 1_000_000), "10000")),
  deliveries: about(
    "Requests to tenants at once, over all tenants",
    scalar(kind.integer(1, 65_536), "1024"),
  ),
  disk: about(
    "Bytes on disk; unsettled events beyond it: 503",
    notYet(scalar(kind.size("64MiB", "1024TiB"), "20GiB")),
  ),
  tenant_disk: about("One tenant's unsettled bytes", notYet(scalar(kind.share, "25%"))),
});

const callbacks = object({
  allow_private: about(
    "Networks that callbacks may reach although they are not public",
    list(optional(kind.cidr)),
  ),
});

const signing = object({
  key: about(
    "The seed of every tenant's signing keys; made at first start where absent",
    optional(kind.signingSeed),
  ),
});

const alerts = object({
  url: about("Where alarms are sent: public https", located(url)),
  silence: about(
    "An alarm when nothing came for ten times the usual gap, and at least so long",
    scalar(kind.duration("1m", "7d"), "30m"),
  ),
});

const log = object({
  level: about(
    "The least that is logged",
    scalar(kind.oneOf("debug", "info", "warn", "error"), "info"),
  ),
});

const engine = either(
  object({ nats: about("Servers to share the work by", needed(anything, "is missing")) }),
  scalar(kind.oneOf("embedded"), "embedded"),
);

const unassigned = object({
  hold: about("How long they wait for an owner", scalar(kind.duration("1m", "365d"), "72h")),
  callback_url: about("Where they are delivered as well", located(url)),
});

/** The whole file. */
export const definition = object({
  listen: about(
    "Where webhooks are received: host:port, [v6]:port, port, unix:/path or fd:NAME",
    scalar(kind.listen, "0.0.0.0:8080"),
  ),
  tls: about("Serves https ourselves", notYet(tls)),
  trusted_proxies: about(
    "Networks whose X-Forwarded-For is believed",
    notYet(list(optional(kind.cidr))),
  ),
  workers: about("Receiving processes; auto is one per core", notYet(scalar(kind.workers, "1"))),
  admin: about("The listener for operators", admin),
  telnyx: about("What is known of your Telnyx account", telnyx),
  store: about("The log of all events", store),
  limits: about("Bounds on everything that could grow", limits),
  callbacks: about("Where callbacks may go", callbacks),
  signing: about("How payloads are signed", signing),
  alerts: about("Who is told when something is wrong", alerts),
  log: about("What is logged", log),
  engine: about("Where the log is kept", notYet(engine)),
  defaults: about("Every tenant starts from these", defaultsDefinition),
  tenants,
  unassigned: about("Events that nobody owns", unassigned),
  include: about(
    "Further files with tenants, such as tenants.d/*.yaml",
    list(optional(kind.text("a path or pattern", /./)), { single: true }),
  ),
});

/** What the file says, all defaults filled in. */
export type FileValues = ValueOf<typeof definition>;
