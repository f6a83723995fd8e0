/**
 * What `aggregator.yaml` says, checked and in the program's own units. Read-only and replaced
 * whole: a reload makes a new one or changes nothing.
 */
import type { Directory } from "./directory.ts";
import type { Tenant, TenantId } from "./tenant.ts";

/** Where a listener listens. */
export type Listen =
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "unix"; readonly path: string }
  /** A socket passed by systemd under this name. */
  | { readonly kind: "fd"; readonly name: string };

/** A bound for everything that could grow. */
export interface Limits {
  readonly bodyBytesMax: number;
  /** Webhooks being verified or committed at once. */
  readonly inboxMax: number;
  /** Bytes of bodies being received or in the inbox. */
  readonly inboxBytesMax: number;
  readonly connectionsMax: number;
  /** Requests to tenants in flight, over all tenants. */
  readonly deliveriesMax: number;
}

/** The admin listener's own settings. */
export interface AdminConfig {
  readonly listen: readonly Listen[];
  /** Absent: made at first start and kept in the state folder. */
  readonly token?: string;
  readonly readToken?: string;
  /** Further names it answers to. */
  readonly hosts: readonly string[];
}

/** Everything in force at one time. */
export interface Config {
  /** The file it came from, absolute. */
  readonly path: string;
  /** Where keys, tokens and the last good config are kept, absolute. */
  readonly stateFolder: string;
  readonly listen: Listen;
  readonly admin: AdminConfig;
  readonly telnyx: {
    /** Raw 32-byte Ed25519 keys; a webhook is accepted if any of them signed it. */
    readonly publicKeys: readonly Uint8Array[];
    readonly maxSkewSeconds: number;
  };
  readonly store: {
    readonly path: string;
    readonly retentionMs: number;
    readonly keepMs: number;
  };
  readonly limits: Limits;
  /** CIDRs that callbacks may reach although they are not public. */
  readonly allowPrivate: readonly string[];
  /** Where alarms go; absent: into the log alone. */
  readonly alerts: {
    readonly url?: string;
    /** Nothing received for so long, and for ten times the usual gap, is an alarm; in ms. */
    readonly silenceMs: number;
  };
  /** The seed of the tenants' signing keys, if the file names one. */
  readonly signingKey?: Uint8Array;
  readonly logLevel: "debug" | "info" | "warn" | "error";
  readonly tenants: ReadonlyMap<TenantId, Tenant>;
  /** What becomes of events that nobody owns. */
  readonly unassigned: {
    /** How long they wait for an owner, in ms. */
    readonly holdMs: number;
    /** Where they are delivered as well, as if they were a tenant's called `unassigned`. */
    readonly copies?: Tenant;
  };
  /** Who owns which number and id. */
  readonly directory: Directory;
}

/** The tenant whose lane this is; what copies of unassigned events go to is one of them. */
export function tenantOf({ tenants, unassigned }: Config, id: TenantId): Tenant | undefined {
  return id === unassigned.copies?.id ? unassigned.copies : tenants.get(id);
}

/** One thing wrong with a config file, where, and what would be right. */
export interface Problem {
  readonly file: string;
  /** From 1; absent where the whole file is meant. */
  readonly line?: number;
  readonly column?: number;
  /** `tenants.acme.callback_url` */
  readonly field?: string;
  readonly message: string;
}

/** `aggregator.yaml:12:7 tenants.acme.callback_url: must be …` */
export function describeProblem(problem: Problem): string {
  const position = problem.line === undefined ? "" : `:${problem.line}:${problem.column ?? 1}`;
  const field = problem.field === undefined ? "" : ` ${problem.field}`;
  return `${problem.file}${position}${field}: ${problem.message}`;
}

/** What a reload came to. */
export type ReloadOutcome =
  | { readonly is: "loaded"; readonly config: Config }
  | { readonly is: "unchanged" }
  | { readonly is: "refused"; readonly problems: readonly Problem[] };

/** The config in force, kept up to date with the file. */
export interface LiveConfig extends AsyncDisposable {
  readonly current: Config;
  /** What is wrong with the file as it is now; empty when it is in force. */
  readonly problems: readonly Problem[];
  /** Reads everything again at once, and states the outcome even where it is the same as before. */
  reload(): Promise<ReloadOutcome>;
  /**
   * Keeps the config in force as the last good one, and from now on every one that comes into
   * force. To be called once it has proved to be one that the daemon starts with. Durable when
   * resolved; never rejects: what cannot be written is one of `problems`.
   */
  keep(): Promise<void>;
  /** Resolves when another config is in force than `than`, or when `signal` aborts. */
  changed(than: Config, signal: AbortSignal): Promise<void>;
}
