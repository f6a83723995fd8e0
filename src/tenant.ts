/**
 * A tenant: one customer of the operator, with what belongs to it, how its events are gathered and
 * where they go. Plain data, made by `config/`, replaced whole at every reload.
 */
import type { Layout } from "./batch.ts";

/** `[A-Za-z0-9][A-Za-z0-9._-]{0,63}`, never one of the reserved words. */
export type TenantId = string;

/** Tenant ids that mean something else in the command line and the answers. */
export const reservedTenantIds: readonly string[] = ["unassigned", "aggregator", "all"];

/** The family an event belongs to; lets voice and SMS of one number go to two tenants. */
export type Channel = "voice" | "messaging" | "fax" | "other";

/** All channels, in the order they are shown. */
export const channels: readonly Channel[] = ["voice", "messaging", "fax", "other"];

/** When a tenant's open window closes: at the first of its bounds. */
export interface WindowRule {
  /** From the first event of the window, in ms. */
  readonly maxWaitMs: number;
  readonly eventsMax: number;
  /** Of the serialized payload; an event that alone exceeds it goes alone. */
  readonly bytesMax: number;
  /** A call's or message's events make a payload of their own; absent: they share the window. */
  readonly session?: "call" | "message";
  /** How long a session stays open after its end, in ms. */
  readonly lingerMs: number;
  /** A session that does not end closes so long after its first event, in ms. */
  readonly maxAgeMs: number;
  /** Of the states of one message that wait together only the last is sent. */
  readonly compact: boolean;
  /** After an outage: what is fresh and immediate goes first, or what is oldest. */
  readonly catchUp: "live_first" | "oldest_first";
  /** How the bytes of a batch are made; from the next one that is sealed on. */
  readonly layout: Layout;
}

/** How long and how often delivery is tried: full jitter between 0 and `firstMs · 2ⁿ`. */
export interface RetryPolicy {
  readonly firstMs: number;
  /** The longest pause between two attempts. */
  readonly maxMs: number;
  /** From when an event became the tenant's until it becomes a dead letter. */
  readonly forMs: number;
}

/** So many in so many ms. */
export interface Rate {
  readonly count: number;
  readonly perMs: number;
}

/** Where a tenant's batches go. */
export interface Destination {
  /** Public https, or http to an address of `callbacks.allow_private`. */
  readonly url: string;
  /** Used while `url` fails. */
  readonly failoverUrl?: string;
  /** Extra request headers, secrets resolved; never logged. */
  readonly headers: Readonly<Record<string, string>>;
  /** One absolute deadline for an attempt: connect, headers and body together. */
  readonly timeoutMs: number;
  /** Batches on their way at once; 1 keeps them in order. */
  readonly inFlight: number;
  readonly retry: RetryPolicy;
  /** Requests in a time, and the events in them; absent: as fast as they are answered. */
  readonly rate?: { readonly requests?: Rate; readonly events?: Rate };
  /** Payloads are compressed on their way. */
  readonly gzip: boolean;
  /** Replace the derived secret when there are any; the first is the newest. */
  readonly secrets: readonly Uint8Array[];
  /** Raising it makes another derived secret, and another public key. */
  readonly secretVersion: number;
}

/** One number, prefix or sender of a tenant, as `number.ts` writes it. */
export interface OwnedNumber {
  /** `+18005559876`, a short code, a sender's name, or a SIP address. */
  readonly number: string;
  /** True: every number that begins with it. */
  readonly prefix: boolean;
  /** For a sender's name, which is not unique: only together with this profile. */
  readonly messagingProfileId?: string;
  /** The tenant's from this moment on, in epoch ms; absent: always was. */
  readonly fromAt?: number;
  /** The tenant's before this moment, in epoch ms; absent: for good. */
  readonly untilAt?: number;
}

/** One customer of the operator. */
export interface Tenant {
  readonly id: TenantId;
  readonly numbers: readonly OwnedNumber[];
  readonly connectionIds: readonly string[];
  readonly messagingProfileIds: readonly string[];
  /** Any other Telnyx id or tag that says an event is this tenant's. */
  readonly ids: readonly string[];
  readonly channels: ReadonlySet<Channel>;
  /** Raw Ed25519 keys of a Telnyx account of its own: only what they signed is the tenant's. */
  readonly publicKeys: readonly Uint8Array[];
  readonly destination: Destination;
  /** Paused by the file: events are kept, nothing is sent. */
  readonly paused: boolean;
  readonly window: WindowRule;
  /** Event types that close the window at once; `*` stands for any characters. */
  readonly immediate: readonly string[];
  /** Event types that are recorded but not delivered. */
  readonly drop: readonly string[];
}
