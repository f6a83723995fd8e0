/**
 * What the file says → what the program works with: units and names are converted. Nothing is
 * wrong with it any more.
 */
import { dirname, join, resolve } from "node:path";
import type { Config, Listen } from "../config.ts";
import { buildDirectory } from "../directory.ts";
import type { Tenant, TenantId } from "../tenant.ts";
import type { FileValues } from "./definition.ts";
import { destinationOf, windowOf } from "./destination.ts";
import type { Located } from "./schema.ts";
import { tenantDefinition, type TenantValues } from "./tenant.ts";
import { present, type Values } from "./values.ts";

function unique(list: readonly (Located<string> | undefined)[]): readonly string[] {
  return [...new Set(present(list).map(({ value }) => value))];
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

function alertsOf({ url, silence: silenceMs }: FileValues["alerts"]): Config["alerts"] {
  return url === undefined ? { silenceMs } : { url: url.value.href, silenceMs };
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
    alerts: alertsOf(file.alerts),
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
