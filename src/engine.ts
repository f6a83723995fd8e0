/**
 * The engine: what must be consistent. It owns the log, the lanes and the batches, and is the
 * only place where an event's state changes.
 *
 *     append ─▶ event ─▶ waiting in a lane ─seal─▶ batch ─settle─▶ delivered │ dead
 *                  └──▶ held (nobody's yet) │ parked (not understood) │ dropped
 *
 * Invariant: each copy of an event is in exactly one of these places, and moves in a transaction.
 */
import type { Batch, BatchId, ClosingReason, Layout } from "./batch.ts";
import type { Attempt, Settlement } from "./delivery.ts";
import type { Event, EventRef, Owner } from "./event.ts";
import type { TenantId } from "./tenant.ts";

/** What makes two webhooks one event. */
export interface Fingerprint {
  /** When it happened, then a hash of its id: grows at one edge of the index. 24 bytes. */
  readonly key: Uint8Array;
  /** A hash of its content without `meta`. 8 bytes. */
  readonly content: Uint8Array;
  /** For how long a repetition is a duplicate; absent: as long as the event is kept. */
  readonly withinMs?: number;
}

/** One reason why an event may be somebody's, strongest first. */
export interface Claim {
  readonly owners: readonly Owner[];
}

/** One webhook to be recorded. */
export interface Entry {
  readonly event: Event;
  /** The body as received. */
  readonly raw: Uint8Array;
  /** What stands for it in a payload where the body is not JSON itself (a form). */
  readonly json?: Uint8Array;
  /** Telnyx's `timestamp signature`, as received. */
  readonly proof: string;
  readonly fingerprint: Fingerprint;
  /** The first with an owner decides. */
  readonly claims: readonly Claim[];
  /** Why nobody could be named, for `unassigned`. */
  readonly heldFor?: "unknown" | "ambiguous";
  /** Keys that would say whose it is, for whoever looks at what is held. */
  readonly heldKeys: readonly string[];
  /** Signed, but not an event we can read: kept raw. */
  readonly parked: boolean;
}

/** What became of an entry. */
export interface Recorded {
  readonly status: "queued" | "duplicate" | "unassigned" | "parked" | "dropped";
  readonly tenants: readonly TenantId[];
  /** A second content under one id: both are kept. */
  readonly conflict: boolean;
}

/** What waits in a lane, as of the last commit. */
export interface Waiting {
  readonly count: number;
  /** What the events add to a payload, routing and separators included. */
  readonly bytes: number;
  /** When the oldest became the tenant's; absent when nothing waits. */
  readonly oldestAt?: number;
  readonly immediate: boolean;
  /** Batches sealed and not settled. */
  readonly sealed: number;
}

/** Where to cut. */
export interface Cut {
  readonly eventsMax: number;
  /** Of the serialized payload, hard; a single larger event goes alone. */
  readonly bytesMax: number;
  readonly reason: ClosingReason;
  readonly layout: Layout;
}

/**
 * A tenant's own queue, in the hands of one worker at a time. Disposing hands it back: it is
 * handed out again when it has work.
 */
export interface Lane extends Disposable {
  readonly name: string;
  readonly tenant: TenantId;
  waiting(): Waiting;
  /** Resolves at the next append or settlement that concerns this lane, or when `signal` aborts. */
  changed(signal: AbortSignal): Promise<void>;
  /** Batches sealed and not settled, oldest first: after a start they go on before anything new. */
  unsettled(): Promise<readonly Batch[]>;
  /** Durable when resolved: id, sequence, members and bytes are fixed. Nothing waits: undefined. */
  seal(cut: Cut): Promise<Batch | undefined>;
  /** The payload of an unsettled batch; the same bytes whenever it is asked, over restarts. */
  bytes(batch: BatchId): Promise<Uint8Array>;
  /** Durable when resolved; once per attempt. */
  settle(batch: BatchId, attempt: Attempt, settlement: Settlement): Promise<void>;
}

/** What a tenant has in the store, for people. */
export interface LaneCount {
  readonly tenant: TenantId;
  readonly waiting: number;
  readonly sealed: number;
  readonly dead: number;
  readonly oldestAt?: number;
  readonly lastSequence: number;
  readonly deliveredAt?: number;
}

/** What the store holds, for people. */
export interface EngineCounts {
  readonly stream: string;
  readonly held: number;
  readonly parked: number;
  readonly lanes: readonly LaneCount[];
}

/** Every implementation passes `test/engine/contract.ts`. */
export interface Engine extends AsyncDisposable {
  /** Names the store. */
  readonly stream: string;
  /**
   * Durable when resolved, in the order given; repeating it equals doing it once.
   * Rejects when the commit failed: then it is unknown whether it took place.
   */
  append(entries: readonly Entry[]): Promise<readonly Recorded[]>;
  /** Every lane with work that is in nobody's hands; those with work at the start come first. */
  lanes(signal: AbortSignal): AsyncIterable<Lane>;
  counts(): Promise<EngineCounts>;
  /** The bytes of an event as received, until it is pruned. */
  raw(event: EventRef): Promise<Uint8Array | undefined>;
  /** Forgets at most `limit` settled events received before `before`; says how many. */
  prune(before: number, limit: number): Promise<number>;
  /** Aborts, with the reason, when the log can no longer be written. */
  readonly broken: AbortSignal;
}
