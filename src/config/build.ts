/**
 * What the file says → what the program works with: units and names are converted, and what no
 * field can tell alone is checked.
 */
import { dirname, join, resolve } from "node:path";
import { createAddressRule } from "../address.ts";
import type { Config, Listen } from "../config.ts";
import { buildDirectory } from "../directory.ts";
import type { Tenant, TenantId, WindowRule } from "../tenant.ts";
import type { FileValues } from "./definition.ts";
import { checkKeys } from "./keys.ts";
import { checkOwners } from "./ownership.ts";
import type { Problems } from "./problems.ts";
import type { Located } from "./schema.ts";
import { tenantDefinition, type TenantValues } from "./tenant.ts";
import type { Place } from "./tree.ts";
import { destinationProblem } from "./url.ts";

/** Everything read, nothing checked across fields. */
export interface Values {
  readonly path: string;
  readonly stateFolder: string;
  readonly file: FileValues;
  readonly tenants: ReadonlyMap<TenantId, TenantValues>;
  /** Where something is written, or else the file. */
  placeOf(field: readonly string[]): Place;
  /** Not written, or an empty list. */
  isMissing(field: readonly string[]): boolean;
}

function present<T>(list: readonly (T | undefined)[]): readonly T[] {
  return list.filter((one) => one !== undefined);
}

function unique(list: readonly (Located<string> | undefined)[]): readonly string[] {
  return [...new Set(present(list).map(({ value }) => value))];
}

function headersOf(headers: TenantValues["headers"]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...headers].flatMap(([name, value]) =>
      value === undefined ? [] : [[name.toLowerCase(), value]]
    ),
  );
}

function destinationOf(values: TenantValues): Tenant["destination"] {
  const { timeout, in_flight, retry } = values.delivery;
  return {
    url: values.callback_url?.value.href ?? "",
    headers: headersOf(values.headers),
    timeoutMs: timeout,
    inFlight: in_flight,
    retry: { firstMs: retry.first, maxMs: retry.max, forMs: retry.for },
    secrets: present(values.secrets),
  };
}

function windowOf({ delivery, window }: TenantValues): WindowRule {
  const { session } = window;
  return {
    maxWaitMs: window.max_wait,
    eventsMax: window.max_events,
    bytesMax: window.max_bytes,
    ...(session === "none" ? {} : { session }),
    lingerMs: window.linger,
    maxAgeMs: window.max_age,
    compact: window.compact,
    catchUp: delivery.catch_up,
  };
}

/** Whoever waits for a session's end is in no hurry, unless its own part of the file says so. */
function immediateOf(values: TenantValues, defaults: FileValues["defaults"]): readonly string[] {
  // What a tenant does not write is the defaults' very list.
  const isOwn = values.immediate !== defaults.immediate;
  return values.window.session === "none" || isOwn ? present(values.immediate) : [];
}

function tenantOf(id: TenantId, values: TenantValues, defaults: FileValues["defaults"]): Tenant {
  return {
    id,
    numbers: present(values.phone_numbers).map(({ value }) => value),
    connectionIds: unique(values.connection_ids),
    messagingProfileIds: unique(values.messaging_profile_ids),
    ids: unique(values.ids),
    channels: new Set(present(values.channels)),
    publicKeys: present(values.public_keys).map(({ value }) => value),
    destination: destinationOf(values),
    paused: values.paused,
    window: windowOf(values),
    immediate: immediateOf(values, defaults),
    drop: present(values.drop),
  };
}

/** By the defaults, but without sessions: nobody knows what they would be of. */
function unassignedOf({ defaults, unassigned }: FileValues): Config["unassigned"] {
  const { callback_url, hold: holdMs } = unassigned;
  if (callback_url === undefined) return { holdMs };
  const window = { ...defaults.window, session: "none" as const };
  const values = { ...tenantDefinition.fallback, ...defaults, window, callback_url };
  return { holdMs, copies: tenantOf("unassigned", values, defaults) };
}

function checkDestinations({ file, tenants }: Values, problems: Problems): void {
  const rule = createAddressRule(present(file.callbacks.allow_private));
  const bare = createAddressRule([]);
  const urls = [...tenants.values(), file.unassigned].map(({ callback_url }) => callback_url);
  for (const { field, place, value } of present(urls)) {
    const why = destinationProblem(value, rule, bare);
    if (why) problems.add(place, field, why);
  }
}

const whereTheKeyIs =
  "has no public key: copy it from Telnyx's portal (Account settings > Keys & credentials > " +
  "Public key) to telnyx.public_keys, or set TELNYX_PUBLIC_KEY";

function checkFile({ file, isMissing, placeOf, tenants }: Values, problems: Problems): void {
  const isOthers = [...tenants.values()].some(({ public_keys }) => public_keys.length > 0);
  if (isMissing(["telnyx", "public_keys"]) && !isOthers) {
    problems.add(placeOf(["telnyx", "public_keys"]), "telnyx.public_keys", whereTheKeyIs);
  }
  if (file.telnyx.max_skew % 1000 !== 0) {
    problems.add(placeOf(["telnyx", "max_skew"]), "telnyx.max_skew", "must be whole seconds");
  }
  if (file.limits.inbox_bytes < file.limits.body) {
    const place = placeOf(["limits", "inbox_bytes"]);
    problems.add(place, "limits.inbox_bytes", "must be at least limits.body");
  }
}

function adminOf(admin: FileValues["admin"]): Config["admin"] {
  return {
    listen: present<Listen>(admin.listen),
    ...(admin.token === undefined ? {} : { token: admin.token }),
    ...(admin.read_token === undefined ? {} : { readToken: admin.read_token }),
    hosts: present(admin.hosts).map((name) => name.toLowerCase()),
  };
}

function limitsOf(limits: FileValues["limits"]): Config["limits"] {
  return {
    bodyBytesMax: limits.body,
    inboxMax: limits.inbox,
    inboxBytesMax: limits.inbox_bytes,
    connectionsMax: limits.connections,
    deliveriesMax: limits.deliveries,
  };
}

/** States what is wrong across fields. */
export function checkValues(values: Values, problems: Problems): void {
  checkFile(values, problems);
  checkDestinations(values, problems);
  checkOwners(values.tenants, problems);
  checkKeys(values.file.telnyx.public_keys, values.tenants, problems);
}

/** The config of values that have no problem. */
export function buildConfig({ path, stateFolder, file, tenants: written }: Values): Config {
  const tenants = new Map(
    [...written].map(([id, values]) => [id, tenantOf(id, values, file.defaults)]),
  );
  return {
    path,
    stateFolder,
    listen: file.listen,
    admin: adminOf(file.admin),
    telnyx: {
      publicKeys: present(file.telnyx.public_keys).map(({ value }) => value),
      maxSkewSeconds: file.telnyx.max_skew / 1000,
    },
    store: {
      path: file.store.path ?? join(stateFolder, "aggregator.db"),
      retentionMs: file.store.retention,
      keepMs: file.store.keep,
    },
    limits: limitsOf(file.limits),
    allowPrivate: present(file.callbacks.allow_private),
    ...(file.signing.key === undefined ? {} : { signingKey: file.signing.key }),
    logLevel: file.log.level,
    tenants,
    unassigned: unassignedOf(file),
    directory: buildDirectory(tenants.values()),
  };
}

/** `$STATE_DIRECTORY` as systemd sets it, its first; else `data` beside the config. Absolute. */
export function stateFolderOf(path: string, env: (name: string) => string | undefined): string {
  const [folder] = (env("STATE_DIRECTORY") ?? "").split(":");
  return folder ? resolve(folder) : join(dirname(path), "data");
}
