/** How a destination stands: whether its URLs work, for operators and for people who look. */
import type { Destination } from "../tenant.ts";
import { digestOf, isOpen, type Url, type Urls } from "./urls.ts";

/** Failures in a row of the first URL after which the other one is used. */
const failoverAt = 2;
/** So long has none of the URLs worked when an operator is told. */
const failingMs = 5 * 60_000;

/** One of a destination's URLs, by the part it plays. */
export interface Route {
  readonly url: string;
  readonly failover: boolean;
}

/** How it stands with a destination: none of its URLs has worked for long, or one does again. */
export interface Failing {
  readonly is: boolean;
  readonly sinceMs: number;
  /** What the last failure was: a status, or why no answer came. */
  readonly why: string;
}

/** How one URL does, for people. */
export interface UrlView extends Route {
  readonly isOpen: boolean;
  /** Failed attempts in a row. */
  readonly failures: number;
  /** For how long it has failed, in ms; absent: it does not. */
  readonly failingMs?: number;
  /** No attempt for so long, in ms. */
  readonly waitMs: number;
  /** It is the one that the next attempt goes to, as far as that can be told. */
  readonly isUsed: boolean;
}

/** A destination's URLs, the first one first. */
export const urlsOf = ({ url, failoverUrl }: Destination): readonly Route[] => [
  { url, failover: false },
  ...(failoverUrl === undefined ? [] : [{ url: failoverUrl, failover: true }]),
];

/** The other one is used instead: it fails, or has asked to be left alone for long. */
export const isAway = ({ failures, awayUntil }: Url, now: number): boolean =>
  failures >= failoverAt || awayUntil > now;

/** Notices when none of a destination's URLs has worked for long, and when one does again. */
export function createFailing(urls: Urls, now: () => number) {
  let isFailing = false;
  let hasWorked = false;
  let why = "";
  return {
    worked: () => void (hasWorked = true),
    failed: (because: string) => void (why = because),
    look(destination: Destination): Failing | undefined {
      const since = urlsOf(destination).map(({ url }) => urls.known(digestOf(url))?.failingSince);
      const all = since.filter((at) => at !== undefined);
      const sinceMs = all.length < since.length ? 0 : now() - Math.max(...all);
      // A URL that is new has not worked yet.
      const is = isFailing ? !hasWorked : sinceMs >= failingMs;
      if (is === isFailing) return undefined;
      isFailing = is;
      hasWorked = false;
      return { is, sinceMs, why };
    },
  };
}

/** How a destination's URLs do; `now` is monotonic, in ms. */
export function viewOf(urls: Urls, destination: Destination, now: number): readonly UrlView[] {
  const known = urlsOf(destination).map((route) => {
    const url = urls.known(digestOf(route.url));
    const fine = { ...route, isOpen: false, failures: 0, waitMs: 0, isAway: false };
    if (url === undefined) return fine;
    const { failures, failingSince, notBefore } = url;
    const waitMs = Math.max(0, notBefore - now);
    const failing = failingSince === undefined ? {} : { failingMs: now - failingSince };
    const told = { ...route, isOpen: isOpen(url), failures, ...failing, waitMs };
    return { ...told, isAway: isAway(url, now) };
  });
  const [first, second] = known;
  const isSecondUsed = second !== undefined && first !== undefined &&
    first.isAway && (!second.isOpen || second.waitMs < first.waitMs);
  return known.map(({ isAway: _, ...one }) => ({ ...one, isUsed: one.failover === isSecondUsed }));
}
