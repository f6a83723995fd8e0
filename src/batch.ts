/**
 * A batch: the events of one closed window, sealed. Its id, number, members and bytes are fixed
 * before its first attempt and never change; a retry is the same id and the same bytes.
 */
import type { TenantId } from "./tenant.ts";

/** `bat_` and a ULID. */
export type BatchId = string;

/** Why a window closed. */
export type ClosingReason =
  | "max_wait"
  | "max_events"
  | "max_bytes"
  | "immediate"
  | "expiry"
  | "session"
  | "flush"
  | "backlog"
  | "retry"
  | "replay";

/** How a batch's bytes are made. A name never changes its meaning: see `batch/layouts.ts`. */
export type Layout =
  | "envelope/1"
  /** With Telnyx's own signature of every event. */
  | "envelope/1+proof"
  | "array/1"
  | "ndjson/1"
  | "cloudevents/1"
  /** One event, as it came. */
  | "single/1"
  /** The same of a body that is a form. */
  | "single/1+form";

/** What a batch says of itself, fixed when it is sealed. Times are epoch ms. */
export interface BatchHead {
  readonly id: BatchId;
  /** Names the store; another one after a restored backup. */
  readonly stream: string;
  readonly tenant: TenantId;
  /** Counts the tenant's sealed batches from 1. */
  readonly sequence: number;
  readonly previousId?: BatchId;
  readonly sealedAt: number;
  readonly openedAt: number;
  readonly reason: ClosingReason;
  /** Of a session: the batch that held its beginning. */
  readonly continues?: BatchId;
  /** Its events were in this batch, which ended without all of them being accepted. */
  readonly retryOf?: BatchId;
  /** An operator sends the events of this batch again. */
  readonly replayOf?: BatchId;
}

/** What its events went through before, where they have come back beside their lane. */
export interface Returned {
  /** Batches that held them since they first came back. */
  readonly times: number;
  /** Since when the only event has been refused alone; absent: it was not. */
  readonly refusedAt?: number;
}

/** A sealed batch. Its bytes are asked of its lane right before an attempt, and not kept. */
export interface Batch extends BatchHead {
  readonly layout: Layout;
  readonly returned?: Returned;
  readonly count: number;
  /** Of the payload, in bytes. */
  readonly size: number;
  /** Attempts made so far, over restarts. */
  readonly attempts: number;
  /** When its oldest and its youngest event became the tenant's. */
  readonly oldestAt: number;
  readonly youngestAt: number;
}
