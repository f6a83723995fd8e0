/**
 * What becomes of a batch: attempts, what their answers mean, and the few states it can be in.
 *
 *     sealed ──accepted──▶ delivered
 *        │  ▲
 *        │  └─again─ (same id, same bytes)
 *        └────dead──▶ dead letters, kept and replayable
 */

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

/** What an answer means for the batch. */
export type Verdict =
  | { readonly is: "accepted" }
  /** Retry, no sooner than `notBeforeMs` from now when the answer asked for it. */
  | { readonly is: "again"; readonly notBeforeMs?: number };

/** What is written down about a batch after an attempt. */
export type Settlement =
  | { readonly as: "accepted" }
  | { readonly as: "again" }
  /** Given up; so are the lane's waiting events that became the tenant's before `olderThan`. */
  | { readonly as: "dead"; readonly reason: string; readonly olderThan: number };
