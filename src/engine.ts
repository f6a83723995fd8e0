/**
 * The engine: what must be consistent. It owns the log, the lanes and the batches, and is the
 * only place where an event's state changes.
 *
 *     append ─▶ event ─▶ waiting in a lane ─seal─▶ batch ─settle─▶ delivered │ dead
 *                  │            ▲  ▲ waiting beside it ◀──┘ split, partly       │
 *                  ├──▶ held ───┘  └────────────────────────────── replay ◀─────┘
 *                  │      └──▶ expired
 *                  └──▶ parked (not understood) │ dropped
 *
 * Invariant: each copy of an event is in exactly one of these places, and moves in a transaction.
 */
import type { BatchId } from "./batch.ts";
import type { BatchStory, DeadLetter, Pause, Replayed, Selection } from "./delivery.ts";
import type { Evidence, Known, Subject } from "./ownership.ts";
import type { Event, EventRef, Key } from "./event.ts";
import type { Held, HeldSelection, Reclaim, Stored, Wanted } from "./held.ts";
import type { Lane } from "./lane.ts";
import type { Channel, TenantId } from "./tenant.ts";

/** What makes two webhooks one event. */
export interface Fingerprint {
  /** When it happened, then a hash of its id: grows at one edge of the index. 24 bytes. */
  readonly key: Uint8Array;
  /** A hash of its content without `meta`. 8 bytes. */
  readonly content: Uint8Array;
  /** For how long a repetition is a duplicate; absent: as long as the event is kept. */
  readonly withinMs?: number;
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
  readonly evidence: Evidence;
  readonly subject: Subject;
  /** What besides its owned numbers the config could name for it: `number:…`, `profile:…`, … */
  readonly wanted: readonly string[];
  /** The path it was sent to. */
  readonly path: string;
  /** The tenant whose own key signed it. */
  readonly signer?: TenantId;
  /** Signed, but not an event we can read: kept raw. */
  readonly parked: boolean;
}

/** What the engine has to know of a tenant's rules. */
export interface TenantRule {
  readonly tenant: TenantId;
  /** Event types that close the window at once. */
  readonly immediate: readonly string[];
  /** Event types that are recorded and not delivered. */
  readonly drop: readonly string[];
  /** Of the states of one message that wait together only the last is sent. */
  readonly compact?: true;
  /** Its calls or messages are gathered one by one. */
  readonly session?: {
    readonly by: "call" | "message";
    readonly lingerMs: number;
    readonly maxAgeMs: number;
  };
  /** Has a Telnyx account of its own: what the operator's account signs is never its. */
  readonly ownAccount?: true;
}

/** The rules of all tenants. */
export interface Rules {
  readonly tenants: readonly TenantRule[];
  /** How long events that nobody owns wait for an owner. */
  readonly holdMs: number;
  /** They are delivered to the lane `unassigned` as well. */
  readonly copies: boolean;
}

/** Everything that the config gives to one tenant, to tell later who had what before. */
export interface Belongings {
  readonly tenant: TenantId;
  readonly channels: readonly Channel[];
  /** As `directory.ts` writes them; empty: the tenant is gone. */
  readonly keys: readonly string[];
  /** Equal as long as nothing of the above changes; empty for nothing. */
  readonly digest: string;
}

/** What became of an entry. */
export interface Recorded {
  readonly status: "queued" | "duplicate" | "unassigned" | "parked" | "dropped";
  readonly tenants: readonly TenantId[];
  /** A second content under one id: both are kept. */
  readonly conflict: boolean;
}

/** What a tenant has in the store, for people. */
export interface LaneCount {
  readonly tenant: TenantId;
  readonly waiting: number;
  readonly sealed: number;
  readonly dead: number;
  /** When the oldest event that is not settled became the tenant's, sealed or not. */
  readonly oldestAt?: number;
  readonly lastSequence: number;
  readonly deliveredAt?: number;
  readonly paused?: Pause;
}

/** A tenant's derived keys: raising the version makes other ones, and both sign for a while. */
export interface SecretVersion {
  readonly tenant: TenantId;
  readonly version: number;
  /** What was in force before, if anything. */
  readonly previous?: number;
  /** Since when this one is, in epoch ms. */
  readonly since: number;
}

/** What the store holds, for people. */
export interface EngineCounts {
  readonly stream: string;
  /** Nobody's, waiting for an owner. */
  readonly held: number;
  /** Nobody's within `unassigned.hold`. */
  readonly expired: number;
  readonly parked: number;
  readonly lanes: readonly LaneCount[];
}

/** What pruning came to. */
export interface Pruned {
  readonly events: number;
  readonly batches: number;
}

/** What tending came to. */
export interface Tended {
  readonly released: number;
  readonly expired: number;
  /** There is more to be done at once. */
  readonly more: boolean;
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
  /** The rules for everything that is appended or released from now on. */
  configure(rules: Rules): Promise<void>;
  /** What the tenants were last said to own, as digests. */
  belongings(): Promise<ReadonlyMap<TenantId, string>>;
  /**
   * What these tenants own from now on: what they had before is remembered for `unassigned.hold`.
   * Many small ones go in one commit, a large one goes alone.
   */
  belong(to: readonly Belongings[]): Promise<void>;
  /** What held events name, after `after` in the order of the keys. */
  wanted(after: string, limit: number): Promise<readonly Wanted[]>;
  /** The held events that name any of these; not expired ones. */
  naming(keys: readonly string[]): Promise<readonly EventRef[]>;
  /** Those of them that are still held. */
  held(refs: readonly EventRef[]): Promise<readonly Held[]>;
  /**
   * Asks again whose held events are, by a new config. What another tenant had within
   * `unassigned.hold` stays. Those released, and what they say of others, are appended to lanes
   * in the order of arrival. Says how many were released.
   */
  reclaim(claims: readonly Reclaim[]): Promise<number>;
  /** Gives held and expired events to a tenant, as an operator says; at most `limit` of them. */
  release(which: HeldSelection, to: TenantId, limit: number): Promise<number>;
  /**
   * Decides what has waited for its call long enough. With `expire` it gives up what was held
   * longer than `unassigned.hold`, and forgets calls that nothing has named for 24 h.
   */
  tend(now: number, expire: boolean): Promise<Tended>;
  /**
   * What waits for its call waits at least until then: nothing could come while nobody listened,
   * and a clock that was set says nothing of how long it has waited.
   */
  postpone(until: number): Promise<void>;
  /** What is known of these. */
  known(keys: readonly Key[]): Promise<readonly (Known | undefined)[]>;
  /** The newest event with this id; searches the newest `limit` events. */
  find(id: string, limit: number): Promise<Stored | undefined>;
  /** Every lane with work that is in nobody's hands; those with work at the start come first. */
  lanes(signal: AbortSignal): AsyncIterable<Lane>;
  counts(): Promise<EngineCounts>;
  /** Sends a tenant nothing until `resume`, over restarts too. */
  pause(tenant: TenantId): Promise<void>;
  /** Ends a stored pause; says whether there was one. */
  resume(tenant: TenantId): Promise<boolean>;
  /** What waits beside a tenant's lane, or beside all, is due now; says how many events it is. */
  hurry(tenant?: TenantId): Promise<number>;
  /**
   * The clock was set by so much at this time: what is due at a time is due as far from now as
   * before, and a leap forward counts for nothing in how long anything has waited.
   */
  clockSet(byMs: number, at: number): Promise<void>;
  /**
   * Sends events again in new batches: those of a batch that is settled, or dead letters, or what
   * was delivered in a time. Does at most some thousands; with `dryRun` it only counts, all.
   */
  replay(what: Selection, dryRun: boolean): Promise<Replayed>;
  /** Dead letters, those that died last first, after `after` in that order. */
  dead(
    what: Exclude<Selection, { batch: BatchId }>,
    limit: number,
    after?: Pick<DeadLetter, "at" | "ref">,
  ): Promise<readonly DeadLetter[]>;
  /** A batch and its attempts, until it is pruned. */
  story(batch: BatchId): Promise<BatchStory | undefined>;
  /** These versions are in force from now on; says since when, and what was before. */
  secretVersions(
    wanted: readonly { readonly tenant: TenantId; readonly version: number }[],
  ): Promise<readonly SecretVersion[]>;
  /** The bytes of an event as received, until it is pruned. */
  raw(event: EventRef): Promise<Uint8Array | undefined>;
  /**
   * Forgets settled events received before `before`, and batches settled before it, at most
   * `limit` of each. It is to be asked again for as long as it forgets anything.
   */
  prune(before: number, limit: number): Promise<Pruned>;
  /** Aborts, with the reason, when the log can no longer be written. */
  readonly broken: AbortSignal;
}
