/**
 * Facts: what the daemon states about itself. Stages state them; log lines, counters and later
 * the dashboard listen. A fact never carries a phone number, a text or a secret, and of a URL
 * only its origin.
 */
import type { BatchId, ClosingReason } from "./batch.ts";
import type { Pause, Settlement } from "./delivery.ts";
import type { Recorded } from "./engine.ts";
import type { Channel, TenantId } from "./tenant.ts";

/** Why a webhook was not taken. */
export type Refusal =
  | "signature_missing"
  | "signature_malformed"
  | "signature_wrong"
  | "timestamp_skewed"
  | "inbox_full"
  | "log_unavailable"
  | "stopping"
  | "clock_suspect"
  | "aborted";

/** What an operator is woken for: one per edge, with its end. */
export type Alarm =
  | "tenant_failing"
  | "circuit_open"
  | "paused_gone"
  | "dead_letters"
  | "config_refused"
  | "clock_suspect"
  | "signatures_refused"
  | "silence"
  | "webhook_large"
  | "webhook_encoded"
  | "synchronous_hook"
  | "store_broken";

/** Everything the daemon may state. */
export type Fact =
  | { readonly is: "daemon.ready"; readonly listen: string; readonly admin: readonly string[] }
  | { readonly is: "daemon.stopping"; readonly signal: string }
  | { readonly is: "daemon.stopped" }
  | {
    readonly is: "webhook.recorded";
    readonly status: Recorded["status"];
    readonly channel: Channel;
    readonly type: string;
    readonly tenants: readonly TenantId[];
    readonly conflict: boolean;
    readonly tookMs: number;
  }
  | { readonly is: "webhook.refused"; readonly why: Refusal; readonly skewSeconds?: number }
  | {
    readonly is: "batch.sealed";
    readonly tenant: TenantId;
    readonly batch: BatchId;
    readonly sequence: number;
    readonly count: number;
    readonly bytes: number;
    readonly reason: ClosingReason;
  }
  | {
    readonly is: "batch.attempted";
    readonly tenant: TenantId;
    readonly batch: BatchId;
    readonly attempt: number;
    readonly verdict: Settlement["as"];
    /** It went to `failover_url`. */
    readonly failover: boolean;
    readonly origin: string;
    readonly status?: number;
    readonly error?: string;
    readonly tookMs: number;
    readonly ageMs: number;
    readonly nextMs?: number;
  }
  | {
    readonly is: "events.dead";
    readonly tenant: TenantId;
    readonly count: number;
    readonly reason: string;
  }
  /** A URL failed five times in a row: it gets one attempt at a time. */
  | {
    readonly is: "circuit.opened";
    readonly tenant: TenantId;
    readonly origin: string;
    readonly failover: boolean;
    readonly why: string;
  }
  | {
    readonly is: "circuit.closed";
    readonly tenant: TenantId;
    readonly origin: string;
    readonly failover: boolean;
  }
  /** The tenant's batches go to the other URL from now on. */
  | {
    readonly is: "destination.switched";
    readonly tenant: TenantId;
    readonly origin: string;
    readonly failover: boolean;
  }
  /** None of its URLs has accepted anything for five minutes. */
  | {
    readonly is: "tenant.failing";
    readonly tenant: TenantId;
    readonly origin: string;
    readonly why: string;
    readonly sinceMs: number;
  }
  | { readonly is: "tenant.recovered"; readonly tenant: TenantId }
  | { readonly is: "tenant.paused"; readonly tenant: TenantId; readonly by: Pause["by"] }
  | { readonly is: "tenant.resumed"; readonly tenant: TenantId }
  | {
    readonly is: "events.replayed";
    readonly count: number;
    readonly tenants: number;
  }
  | { readonly is: "alarm.raised"; readonly alarm: Alarm; readonly tenant?: TenantId }
  | { readonly is: "alarm.cleared"; readonly alarm: Alarm; readonly tenant?: TenantId }
  | { readonly is: "alarm.undelivered"; readonly alarm: Alarm; readonly why: string }
  | { readonly is: "clock.set"; readonly byMs: number }
  | { readonly is: "config.loaded"; readonly tenants: number; readonly numbers: number }
  | { readonly is: "config.unchanged" }
  | { readonly is: "config.refused"; readonly problems: readonly string[] }
  | { readonly is: "config.fell_back"; readonly problems: readonly string[] }
  | { readonly is: "config.unwatched"; readonly why: string }
  | { readonly is: "clock.suspect"; readonly offSeconds: number }
  | { readonly is: "clock.trusted" }
  | {
    readonly is: "events.released";
    readonly count: number;
    /** What said whose they are: an event of the same call in time, a config, an operator. */
    readonly by: "call" | "config" | "operator";
  }
  | { readonly is: "events.expired"; readonly count: number }
  | { readonly is: "store.pruned"; readonly events: number }
  | { readonly is: "store.broken"; readonly why: string }
  | { readonly is: "webhook.large_or_encoded"; readonly status: 413 | 415 };

/** Takes a fact. Never throws, never waits. */
export type State = (fact: Fact) => void;
