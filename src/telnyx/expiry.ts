/**
 * When the first link in an event stops working. A presigned link says so itself; of recordings
 * and received faxes it is known that theirs live ten minutes. MMS media (30 days), public
 * recordings and what a tenant itself gave to be played or sent are no such links.
 *
 *     no X-Amz-Expires in its text ─▶ ten minutes, or nothing
 *     else every string of the payload is looked at, up to a bound
 */
import type { Direction } from "../event.ts";
import type { Channel } from "../tenant.ts";
import type { Envelope } from "./envelope.ts";
import { type Fields, isFields } from "./fields.ts";

/** When links stop working; both absent where none is known to. */
export interface Expiry {
  /** In epoch ms, and may be past. */
  readonly expiresAt?: number;
  /** In ms after the event was received, where Telnyx does not tell when it happened. */
  readonly expiresAfterMs?: number;
}

const shortLivedMs = 10 * 60_000;
/** Seven days: AWS signs for no longer. */
const lifeSecondsMax = 7 * 24 * 60 * 60;
/** Values looked at in one event. */
const valuesMax = 10_000;
/** With a session token a link has two thousand characters. */
const linkLengthMax = 8192;

const isLink = /^https?:\/\/[^\s?#]+\?[^\s#]*/i;
const signedAt =
  /[?&]x-amz-date=([0-9]{4})([0-9]{2})([0-9]{2})T([0-9]{2})([0-9]{2})([0-9]{2})Z(?=[&#]|$)/i;
const signedFor = /[?&]x-amz-expires=([0-9]{1,12})(?=[&#]|$)/i;

const nothing: Expiry = {};

/** When a presigned link ends, in epoch ms; nothing for any other text. */
function endOf(link: string): number | undefined {
  if (link.length > linkLengthMax || !isLink.test(link)) return undefined;
  const life = Number(signedFor.exec(link)?.[1] ?? 0);
  const [, year, month, day, hour, minute, second] = signedAt.exec(link) ?? [];
  const from = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (life === 0 || Number.isNaN(from)) return undefined;
  return from + Math.min(life, lifeSecondsMax) * 1000;
}

/** The earliest end of all presigned links within; lists and objects are walked breadth first. */
function firstEnd(payload: Fields): number | undefined {
  const values: unknown[] = [payload];
  let first: number | undefined;
  for (let at = 0; at < values.length && at < valuesMax; at++) {
    const value = values[at];
    if (typeof value === "string") {
      const end = endOf(value);
      if (end !== undefined && (first === undefined || end < first)) first = end;
    } else if (typeof value === "object" && value !== null) {
      for (const inner of Object.values(value)) {
        if (values.length >= valuesMax) break;
        values.push(inner);
      }
    }
  }
  return first;
}

const isText = (value: unknown): boolean => typeof value === "string" && value !== "";

function isShortLived(payload: Fields, channel: Channel, direction?: Direction): boolean {
  if (channel === "fax") return direction === "inbound" && isText(payload.media_url);
  const { recording_urls: recordings } = payload;
  return isFields(recordings) && Object.values(recordings).some(isText);
}

/** Of an event that has no such links it costs next to nothing. */
export function expiryOf(envelope: Envelope, channel: Channel, direction?: Direction): Expiry {
  const { payload, occurredAt, presigned = false } = envelope;
  const end = presigned ? firstEnd(payload) : undefined;
  if (end !== undefined) return { expiresAt: end };
  if (!isShortLived(payload, channel, direction)) return nothing;
  if (occurredAt === undefined) return { expiresAfterMs: shortLivedMs };
  return { expiresAt: occurredAt + shortLivedMs };
}
