/**
 * How a tenant's URLs have done: failures in a row, and no attempt before when. All times are
 * monotonic, so that a clock that is set neither stalls nor floods; what is written down is turned
 * into epoch ms.
 */
import { hash } from "node:crypto";
import type { UrlState } from "../delivery.ts";
import type { Destination, RetryPolicy } from "../tenant.ts";
import { pauseMs, retryAfterMsMax } from "./backoff.ts";

/** Failures in a row that open the circuit. */
const openAt = 5;
/** Failures beyond it change nothing. */
const failuresMax = 1_000;
/** URLs remembered for a tenant: what it has had lately. */
const urlsMax = 4;

/** One URL. */
export interface Url {
  /** Failed attempts in a row; those made at the same time count as one. */
  failures: number;
  /** No attempt before this. */
  notBefore: number;
  failingSince: number | undefined;
  /** When the last failure that counted ended. */
  failedAt: number;
  /** When it was last said that no attempt is made for a while. */
  pausedAt: number;
  /** It asked to be left alone until then, for longer than the longest pause. */
  awayUntil: number;
  /** When it was last tried. */
  triedAt: number;
  /** Attempts that have not ended. */
  underWay: number;
  /** Known from before the start, and not tried since. */
  restored: boolean;
  /** It has been stated that its circuit is open. */
  toldOpen: boolean;
  /** The log says something else of it than that it works. */
  isKept: boolean;
}

/** The URLs of one tenant, by their digests. */
export interface Urls {
  of(digest: string): Url;
  /** The same, if it is known. */
  known(digest: string): Url | undefined;
  /** The next attempt at any of them is due now. */
  hurry(): void;
  /** How one does, to be written down. */
  stateOf(digest: string): UrlState;
  /** The same; undefined where it works and the log knows of nothing else. */
  toKeep(digest: string): UrlState | undefined;
}

/** Names a text without telling it. */
export const digestOf = (text: string): string => hash("sha256", text, "base64url").slice(0, 22);

/** Equal as long as a destination goes to the same place with the same things sent along. */
export function identityOf(destination: Destination): string {
  const { url, failoverUrl, headers, secrets, secretVersion } = destination;
  const shared = secrets.map((secret) => [...secret]);
  return digestOf(JSON.stringify([url, failoverUrl, headers, shared, secretVersion]));
}

/** It gets one attempt at a time. */
export const isOpen = ({ failures }: Url): boolean => failures >= openAt;

const never = Number.NEGATIVE_INFINITY;

const fresh = (): Url => ({
  failures: 0,
  notBefore: 0,
  failingSince: undefined,
  failedAt: never,
  pausedAt: never,
  awayUntil: never,
  triedAt: never,
  underWay: 0,
  restored: false,
  toldOpen: false,
  isKept: false,
});

/** What was written down, as of now; a clock that was set in between must not stall it. */
function recalled(state: UrlState, now: number): Url {
  const elapsed = Date.now() - now;
  const { failures, failingSince } = state;
  return {
    ...fresh(),
    failures,
    notBefore: Math.min(state.notBefore - elapsed, now + retryAfterMsMax),
    failingSince: failingSince === undefined ? undefined : Math.min(failingSince - elapsed, now),
    restored: failures > 0,
    isKept: true,
  };
}

/** An attempt that began then was accepted; it knew nothing of a pause that was set since. */
export function noteWorked(url: Url, startedAt: number): void {
  const isOld = startedAt < url.pausedAt;
  Object.assign(url, { failures: 0, failingSince: undefined });
  if (!isOld) Object.assign(url, { notBefore: 0, awayUntil: never });
}

/** No attempt is made for so many ms. */
function notePause(url: Url, now: number, pauseMs: number, retry: RetryPolicy): void {
  url.notBefore = Math.max(url.notBefore, now + pauseMs);
  url.pausedAt = now;
  if (pauseMs > retry.maxMs) url.awayUntil = url.notBefore;
}

/** An attempt that began then was answered, and nothing was accepted. */
export function noteRefused(
  url: Url,
  startedAt: number,
  now: number,
  retry: RetryPolicy,
  pauseMs: number,
): void {
  if (pauseMs > 0) notePause(url, now, pauseMs, retry);
  url.failingSince ??= startedAt;
}

/** An attempt that began then has failed. */
export function noteFailed(
  url: Url,
  startedAt: number,
  now: number,
  retry: RetryPolicy,
  random: () => number,
  notBeforeMs = 0,
): void {
  const counts = startedAt >= url.failedAt;
  if (counts) {
    url.failures = Math.min(url.failures + 1, failuresMax);
    url.failedAt = now;
  }
  const pause = counts ? pauseMs(retry, url.failures - 1, random, notBeforeMs) : notBeforeMs;
  notePause(url, now, pause, retry);
  url.failingSince ??= startedAt;
}

/** A start must not let everybody try at once what was failing before. */
export function spread(url: Url, now: number, retry: RetryPolicy, random: () => number): void {
  if (!url.restored) return;
  url.restored = false;
  const pause = pauseMs(retry, url.failures - 1, random);
  url.notBefore = Math.max(url.notBefore, now + pause);
  url.triedAt = now;
}

/** The URLs of one tenant, as they were written down. */
export function recallUrls(states: readonly UrlState[], now: () => number): Urls {
  const urls = new Map(states.map((state) => [state.digest, recalled(state, now())]));

  function of(digest: string): Url {
    const found = urls.get(digest) ?? fresh();
    urls.delete(digest);
    urls.set(digest, found);
    const idle = [...urls].find(([, { underWay }]) => underWay === 0);
    if (urls.size > urlsMax && idle !== undefined) urls.delete(idle[0]);
    return found;
  }

  function stateOf(digest: string): UrlState {
    const { failures, notBefore, failingSince } = urls.get(digest) ?? fresh();
    const elapsed = Date.now() - now();
    return {
      digest,
      failures,
      notBefore: Math.max(0, Math.round(notBefore + elapsed)),
      ...(failingSince === undefined ? {} : { failingSince: Math.round(failingSince + elapsed) }),
    };
  }

  return {
    of,
    known: (digest) => urls.get(digest),
    hurry() {
      for (const url of urls.values()) {
        Object.assign(url, { notBefore: 0, awayUntil: never, triedAt: never, restored: false });
      }
    },
    stateOf,
    toKeep(digest) {
      const url = of(digest);
      const works = url.failures === 0 && url.failingSince === undefined && url.notBefore <= now();
      if (works && !url.isKept) return undefined;
      url.isKept = !works;
      return stateOf(digest);
    },
  };
}
