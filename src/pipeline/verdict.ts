/** What a tenant's answer means for its batch. Pure: status and headers in, verdict out. */
import type { Verdict } from "../delivery.ts";

/** An answer as it came, or why none did. */
export interface Answered {
  readonly status?: number;
  /** The header `retry-after`, as received. */
  readonly retryAfter?: string;
  /** Why no answer came: `timeout`, `ECONNREFUSED`, `ERR_IP_BLOCKED`, … */
  readonly error?: string;
  /** The beginning of the answer's text. */
  readonly text?: string;
}

/** A longer wish is cut: an endpoint that came back must not stay forgotten for a day. */
const retryAfterMsMax = 60 * 60_000;

/** `Retry-After` in ms from `now`: seconds or a date (RFC 9110, 10.2.3); nonsense is ignored. */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : dateOf(text) - now;
  if (Number.isNaN(ms)) return undefined;
  return Math.min(Math.max(ms, 0), retryAfterMsMax);
}

/** Only the three date forms of RFC 9110 begin with the name of a day. */
function dateOf(text: string): number {
  return /^(mon|tue|wed|thu|fri|sat|sun)/i.test(text) ? Date.parse(text) : Number.NaN;
}

/** 2xx is accepted; everything else, redirects included, is tried again. */
export function verdictOf({ status, retryAfter }: Answered, now: number): Verdict {
  if (status !== undefined && status >= 200 && status < 300) return { is: "accepted" };
  const notBeforeMs = retryAfterMs(retryAfter, now);
  return notBeforeMs === undefined ? { is: "again" } : { is: "again", notBeforeMs };
}
