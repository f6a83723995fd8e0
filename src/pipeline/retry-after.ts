/**
 * `Retry-After`: how long an answer asks to wait (RFC 9110, 10.2.3). It is written by whoever runs
 * the endpoint, so whatever is not one of the forms of the RFC is ignored.
 */
import { retryAfterMsMax } from "./backoff.ts";

/** The three forms of RFC 9110, 5.6.7; the last two are obsolete, and still sent. */
const forms: readonly RegExp[] = [
  /^[a-z]{3}, (?<day>\d{1,2}) (?<month>[a-z]{3}) (?<year>\d{4}) (?<time>[\d:]{8}) (?:gmt|utc)$/i,
  /^[a-z]+day, (?<day>\d{1,2})-(?<month>[a-z]{3})-(?<year>\d\d) (?<time>[\d:]{8}) (?:gmt|utc)$/i,
  /^[a-z]{3} (?<month>[a-z]{3}) (?<day> ?\d{1,2}) (?<time>[\d:]{8}) (?<year>\d{4})$/i,
];

const months = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");

/** The only comma within a wish stands behind the name of a day. */
const between = /,(?<!\b(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,)/i;

/** A year of two digits is the one that lies at most 50 years ahead. */
function fullYear(year: string, now: number): string {
  if (year.length === 4) return year;
  const earliest = new Date(now).getUTCFullYear() - 49;
  return String(earliest + (((Number(year) - earliest) % 100) + 100) % 100);
}

/** NaN where it is no date. */
function dateOf(text: string, now: number): number {
  for (const form of forms) {
    const { day = "", month = "", year = "", time = "" } = form.exec(text)?.groups ?? {};
    const number = months.indexOf(month.toLowerCase()) + 1;
    if (number === 0) continue;
    const [mm, dd] = [String(number), day.trim()].map((text) => text.padStart(2, "0"));
    return Date.parse(`${fullYear(year, now)}-${mm}-${dd}T${time}Z`);
  }
  return Number.NaN;
}

function wishOf(text: string, now: number): number {
  return /^\d+$/.test(text) ? Number(text) * 1_000 : dateOf(text, now) - now;
}

/**
 * In ms from `now`, at most an hour: an endpoint that came back must not stay forgotten for a
 * day. Of several wishes, as a proxy may join them, the longest counts.
 */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  const wishes = (header ?? "").split(between).map((text) => wishOf(text.trim(), now));
  const meant = wishes.filter((ms) => !Number.isNaN(ms));
  return meant.length === 0 ? undefined : Math.min(Math.max(...meant, 0), retryAfterMsMax);
}
