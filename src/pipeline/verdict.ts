/**
 * What a tenant's answer means for its batch. Pure: status, headers and body in, verdict out.
 *
 *     2xx         accepted, unless the body names events that were not
 *     413         the batch is too large
 *     400, 422    something in it is refused
 *     410         nobody wants the tenant's events there
 *     the rest    again: redirects, which are never followed, and no answer at all
 */
import type { BatchMember, Failure, Verdict } from "../delivery.ts";
import { failuresIn } from "./failures.ts";
import { retryAfterMs } from "./retry-after.ts";

/** An answer as it came, or why none did. */
export interface Answered {
  readonly status?: number;
  /** The header `retry-after`, as received. */
  readonly retryAfter?: string;
  /** Why no answer came: `timeout connecting`, `ECONNREFUSED`, `ERR_IP_BLOCKED`, … */
  readonly error?: string;
  /** The beginning of the answer's text. */
  readonly text?: string;
  /** The whole text of a 2xx answer; absent where there is none, or it was cut off. */
  readonly body?: string;
}

/** Where the members are that a list of failures names, by their place in the payload. */
export interface Picked {
  readonly again: readonly number[];
  /** Never to be sent again. */
  readonly dead: readonly number[];
}

const meanings: ReadonlyMap<number, "too_large" | "refused"> = new Map([
  [413, "too_large"],
  [400, "refused"],
  [422, "refused"],
]);

/** Undefined where the body has a list that is not understood. */
function ofAccepting(body: string): Verdict | undefined {
  const failures = failuresIn(body);
  if (failures === undefined) return undefined;
  return failures.length === 0 ? { is: "accepted" } : { is: "partly", failures };
}

/** What the answer means; `now`, in epoch ms, is what its `Retry-After` counts from. */
export function verdictOf(answered: Answered, now: number): Verdict {
  const { status = 0, error, body = "" } = answered;
  const notBeforeMs = retryAfterMs(answered.retryAfter, now);
  const wish = notBeforeMs === undefined ? {} : { notBeforeMs };
  const again: Verdict = { is: "again", ...wish };
  if (error !== undefined) return again;
  if (status >= 200 && status < 300) return ofAccepting(body) ?? again;
  if (status === 410) return { is: "gone" };
  return { is: meanings.get(status) ?? "again", ...wish };
}

/**
 * Finds what the failures name among a batch's members; an id that several have means them all.
 * Undefined when one names none of them: then the list is not about this batch.
 */
export function pickFailures(
  failures: readonly Failure[],
  members: readonly BatchMember[],
): Picked | undefined {
  const retryById = new Map(failures.map(({ id, retry }) => [id, retry]));
  const known = new Set(members.map(({ id }) => id));
  if (!failures.every(({ id }) => known.has(id))) return undefined;
  const placesWhere = (retry: boolean) =>
    members.flatMap(({ id }, place) => retryById.get(id) === retry ? [place] : []);
  return { again: placesWhere(true), dead: placesWhere(false) };
}
