/**
 * A lane: a tenant's own queue. What waits in it is not a batch; a batch comes into being when it
 * is sealed, right before its first attempt.
 *
 *     split      events of a batch that was too large or refused   ┐ before everything else
 *     beside     sessions, and what is tried or sent again         ├─ each is due at a time
 *     lane       everything else, in the order of arrival          ┘
 */
import type { Batch, BatchId, ClosingReason, Layout } from "./batch.ts";
import type {
  Attempt,
  BatchMember,
  Halt,
  Pause,
  Settled,
  Settlement,
  UrlState,
} from "./delivery.ts";
import type { TenantId } from "./tenant.ts";

/** So long before a link in it stops working is what waits sealed, in ms. */
export const linkMarginMs = 60_000;

/** What waits in a lane, as of the last commit. */
export interface Waiting {
  readonly count: number;
  /** What the events add to a payload, routing and separators included. */
  readonly bytes: number;
  /** When the oldest became the tenant's; absent when nothing waits. */
  readonly oldestAt?: number;
  readonly immediate: boolean;
  /** When the youngest of the immediate ones became the tenant's. */
  readonly liveAt?: number;
  /** When the first link in what waits stops working. */
  readonly expiresAt?: number;
  /** When the next of what waits beside these is due, a session or what came back; else absent. */
  readonly sessionAt?: number;
  /** What waits in the fullest session, in bytes. */
  readonly sessionBytes?: number;
  /** Batches sealed and not settled. */
  readonly sealed: number;
  /** Events of split batches: they go before everything else. */
  readonly split: number;
  /** Events beside the lane that were refused alone, and may be poison. */
  readonly refused: number;
  /** When a batch was last accepted. */
  readonly deliveredAt?: number;
  /** Nothing is to be sent, whatever the config says. */
  readonly paused?: Pause;
}

/** Where to cut. */
export interface Cut {
  readonly eventsMax: number;
  /** Of the serialized payload, hard; a single larger event goes alone. */
  readonly bytesMax: number;
  readonly reason: ClosingReason;
  readonly layout: Layout;
  /**
   * What to take: the lane from its head; what became the tenant's after `liveFrom` and is
   * immediate, with everything before it of the same call, conference or message (where that is
   * not known it stays in its order); or what is due first beside the lane, if anything is: a
   * session, or what came back. Of what came back it is one batch's, split ones before all
   * others. The batch tells why it was, whatever `reason` says.
   */
  readonly from: "head" | { readonly liveFrom: number } | "session";
  /** Leaves out the states of messages that later ones replace. */
  readonly compact: boolean;
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
  /** The events of an unsettled batch, in the order of its payload. */
  members(batch: BatchId): Promise<readonly BatchMember[]>;
  /** How the lane's URLs had done when this was last written down. */
  urls(): Promise<readonly UrlState[]>;
  /** Times that do not count for what waits in the lane, oldest first. */
  halts(): Promise<readonly Halt[]>;
  /** The lane stands still from now on, or no longer; saying so again changes nothing. */
  halt(is: boolean): Promise<void>;
  /** What waits beside the lane is due now. */
  hurry(): Promise<void>;
  /** Ends a stored pause; none is fine. */
  resume(): Promise<void>;
  /** Durable when resolved, with the URL's new state; once per attempt. */
  settle(
    batch: BatchId,
    attempt: Attempt,
    settlement: Settlement,
    url?: UrlState,
  ): Promise<Settled>;
}
