/**
 * What becomes of a batch: attempts, what their answers mean, and the few states it can be in.
 *
 *     sealed ──accepted──▶ delivered
 *        │  ▲
 *        │  └─again, gone─ (same id, same bytes)
 *        ├────split───▶ its events go first, in smaller batches
 *        ├────partly──▶ some are delivered, the others go on beside the lane, or are dead
 *        └────dead────▶ dead letters, kept and replayable
 */
import type { BatchId } from "./batch.ts";
import type { Event, EventRef } from "./event.ts";
import type { TenantId } from "./tenant.ts";

/** One HTTP request, as it ended. */
export interface Attempt {
  /** From 1, over restarts. */
  readonly number: number;
  readonly startedAt: number;
  readonly tookMs: number;
  /** The origin only: paths and queries may carry secrets. */
  readonly origin: string;
  /** Absent when no answer came. */
  readonly status?: number;
  /** Why no answer came: `timeout`, `ECONNREFUSED`, `ERR_IP_BLOCKED`, … */
  readonly error?: string;
  /** The beginning of the answer's text. */
  readonly answer?: string;
}

/** One event of a batch that the answer names as not taken. */
export interface Failure {
  /** As in `routing[i].id`. */
  readonly id: string;
  /** False: it is never to be sent again. */
  readonly retry: boolean;
  readonly error?: string;
}

/** What an answer means for the batch. */
export type Verdict =
  | { readonly is: "accepted" }
  /** All but these, of which there is at least one. */
  | { readonly is: "partly"; readonly failures: readonly Failure[] }
  /** Retry, no sooner than `notBeforeMs` from now when the answer asked for it. */
  | { readonly is: "again"; readonly notBeforeMs?: number }
  /** 413: the same events may go in smaller batches. */
  | { readonly is: "too_large"; readonly notBeforeMs?: number }
  /** 400, 422: something in it is not understood. */
  | { readonly is: "refused"; readonly notBeforeMs?: number }
  /** 410: nobody wants this tenant's events there any more. */
  | { readonly is: "gone" };

/** What is written down about a batch after an attempt. Times are epoch ms. */
export type Settlement =
  | { readonly as: "accepted" }
  | { readonly as: "again" }
  /** The batch stays sealed, and its tenant is paused until this destination is another one. */
  | { readonly as: "gone"; readonly destination: string }
  /** The batch ends; its events go before everything else, half as many in a batch. */
  | { readonly as: "split" }
  /** The batch ends; all its events go on beside the lane. */
  | {
    readonly as: "aside";
    readonly notBefore: number;
    /** Since when its only event has been refused alone; absent: it was not. */
    readonly refusedAt?: number;
  }
  /** The batch ends; its events are delivered but for these, by their place in the payload. */
  | {
    readonly as: "partly";
    readonly again: readonly number[];
    readonly dead: readonly { readonly member: number; readonly reason: string }[];
    readonly notBefore: number;
  }
  /** Given up; so are the lane's waiting events that became the tenant's before `olderThan`. */
  | { readonly as: "dead"; readonly reason: string; readonly olderThan: number };

/** What a settlement came to. */
export interface Settled {
  /** Events that became dead letters by it. */
  readonly dead: number;
}

/** How a URL has done lately, so that a restart does not forget it. */
export interface UrlState {
  /** Names the URL without telling it. */
  readonly digest: string;
  /** Failed attempts in a row. */
  readonly failures: number;
  /** No attempt before this, in epoch ms. */
  readonly notBefore: number;
  /** When the first of them failed. */
  readonly failingSince?: number;
}

/** A pause that is not the config's: it lasts over restarts. */
export interface Pause {
  /** Who said so: an operator, or the destination by a 410. */
  readonly by: "operator" | "gone";
  /** What was gone; another destination ends the pause. */
  readonly destination?: string;
  readonly at: number;
}

/** An event of a batch, by its place in the payload. */
export interface BatchMember {
  /** As in `routing[i].id`. */
  readonly id: string;
  /** When it became the tenant's. */
  readonly since: number;
}

/** A time that counts for nothing, in epoch ms: a pause, or a clock that jumped. */
export interface Halt {
  readonly from: number;
  /** Absent: it lasts. */
  readonly until?: number;
}

/** One dead letter: given up, kept, and replayable. */
export interface DeadLetter {
  readonly ref: EventRef;
  readonly tenant: TenantId;
  readonly event: Event;
  /** The batch that it was last in; absent: it was given up while it waited. */
  readonly batch?: BatchId;
  readonly reason: string;
  readonly at: number;
  /** Of that batch. */
  readonly attempts: number;
}

/** Which dead letters, or which batches, are meant. */
export type Selection =
  | { readonly batch: BatchId }
  | {
    readonly tenant?: TenantId;
    /** From when to before when they died, or were delivered; epoch ms. */
    readonly since?: number;
    readonly until?: number;
    /** What was delivered, instead of what is dead. */
    readonly delivered?: true;
    /** Of what was delivered: where the step before this one ended. */
    readonly after?: { readonly at: number; readonly number: number };
  };

/** What a replay comes to, or would. */
export interface Replayed {
  readonly events: number;
  readonly tenants: number;
  /** No longer in the log: past retention. */
  readonly missing: number;
  /** There is more to be done: ask again, for `next`. */
  readonly more: boolean;
  /** What is left of the selection, as of its first step; absent: nothing. */
  readonly next?: Selection;
}

/** An attempt, as it is kept: the first 5 of a batch, and the last 20. */
export interface KeptAttempt extends Attempt {
  readonly verdict: Settlement["as"];
}

/** A batch as people look at it. */
export interface BatchStory {
  readonly id: BatchId;
  readonly tenant: TenantId;
  readonly sequence: number;
  readonly state: "sealed" | "delivered" | "partly" | "split" | "dead";
  readonly count: number;
  readonly size: number;
  readonly attempts: number;
  readonly sealedAt: number;
  readonly settledAt?: number;
  readonly retryOf?: BatchId;
  readonly replayOf?: BatchId;
  readonly kept: readonly KeptAttempt[];
}
