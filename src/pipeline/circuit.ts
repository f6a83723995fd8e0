/**
 * A tenant's circuit: which of its URLs the next attempt goes to, and when. Backoff belongs to
 * the URL, not to the batch.
 *
 *     closed ──a failure──▶ a pause that doubles ──five in a row──▶ open: one attempt at a time,
 *        ▲                                                           of the oldest batch
 *        └───────────────────────── accepted ─────────────────────────────┘
 *
 * After two failures of the first URL, or one with which it asks to be left alone for long, the
 * other one is used; the first is tried again every five minutes, unless it asked for more. Where
 * neither works, whichever is due sooner is tried.
 */
import type { UrlState } from "../delivery.ts";
import { signal as createSignal } from "../flow/signal.ts";
import type { Destination } from "../tenant.ts";
import {
  createFailing,
  type Failing,
  isAway,
  type Route,
  urlsOf,
  type UrlView,
  viewOf,
} from "./standing.ts";
import {
  digestOf,
  identityOf,
  isOpen,
  noteFailed,
  noteRefused,
  noteWorked,
  recallUrls,
  spread,
  type Url,
  type Urls,
} from "./urls.ts";

/** Meanwhile the first is tried again every so often. */
const returnMs = 5 * 60_000;
/** An attempt that took so long makes its tenant one that may hold others up. */
const slowMs = 1_000;

/** An attempt under way. */
export interface Started extends Route {
  readonly digest: string;
  /** Monotonic, in ms. */
  readonly startedAt: number;
}

/** What changed for people when an attempt ended. */
export interface Edge extends Route {
  readonly is: "opened" | "closed" | "switched";
}

/** Where an attempt may go now, or for how many ms none may. */
export type Way = Route | { readonly waitMs: number };

/** The state of one tenant's URLs. */
export interface Circuit {
  /**
   * The way of a batch, by its sequence. Another destination than before makes the next attempt
   * due now, as in `notice`.
   */
  way(destination: Destination, sequence: number): Way;
  /** Whether URL, headers or secrets are others than when this was last asked. */
  notice(destination: Destination): boolean;
  /** This batch wants a way until disposal; an open circuit lets the oldest through. */
  enter(sequence: number): Disposable;
  started(route: Route): Started;
  /** Something was accepted. */
  worked(attempt: Started): readonly Edge[];
  /**
   * It was answered and nothing was accepted: that is no failure, and no sign that the URL works.
   * The next one is not made before `pauseMs` from now.
   */
  refused(attempt: Started, destination: Destination, why: string, pauseMs?: number): void;
  /** It was answered, and that says nothing of how the URL does. */
  answered(attempt: Started): void;
  /** It failed, and why; the next one is not made before `pauseMs` from now. */
  failed(
    attempt: Started,
    destination: Destination,
    why: string,
    pauseMs?: number,
  ): readonly Edge[];
  /** The next attempt is due now. */
  hurry(): void;
  /**
   * Whether none of the destination's URLs has worked for five minutes, where that is another
   * answer than the last time.
   */
  failing(destination: Destination): Failing | undefined;
  /** The last attempt failed, or took long. */
  isSuspect(): boolean;
  /** How a URL does, to be written down. */
  stateOf(digest: string): UrlState;
  /** The same; undefined where it works and the log knows of nothing else: most of the time. */
  toKeep(digest: string): UrlState | undefined;
  /** How the destination's URLs do. */
  view(destination: Destination): readonly UrlView[];
  /** Raised whenever a way may have opened. */
  revision(): number;
  /** Resolves when it is, or when `signal` aborts. */
  changed(signal: AbortSignal): Promise<void>;
}

/** What a circuit is made with. */
export interface CircuitOptions {
  /** As written down before. */
  readonly known: readonly UrlState[];
  /** A monotonic clock, in ms. */
  readonly now: () => number;
  readonly random: () => number;
}

/** Which way an attempt may go, of those that wait. */
function createWays(urls: Urls, waiting: ReadonlySet<number>, { now, random }: CircuitOptions) {
  function waitMsOf(url: Url, sequence: number): number {
    if (url.notBefore > now()) return url.notBefore - now();
    if (!isOpen(url)) return 0;
    const isOldest = [...waiting].every((other) => other >= sequence);
    return url.underWay === 0 && isOldest ? 0 : Number.POSITIVE_INFINITY;
  }

  /** Its turn has come again, whatever its own pause says; but for one that it asked for. */
  const isReturning = ({ awayUntil, triedAt, underWay }: Url) =>
    underWay === 0 && Math.max(awayUntil, triedAt + returnMs) <= now();

  const given = ({ route, waitMs }: { readonly route: Route; readonly waitMs: number }): Way =>
    waitMs > 0 ? { waitMs } : route;

  return function way(destination: Destination, sequence: number): Way {
    const [one, other] = urlsOf(destination).map((route) => {
      const url = urls.of(digestOf(route.url));
      spread(url, now(), destination.retry, random);
      return { url, route, waitMs: waitMsOf(url, sequence) };
    });
    if (one === undefined) throw new Error("A destination has a URL");
    if (other === undefined || !isAway(one.url, now())) return given(one);
    const isNeither = isOpen(other.url) || other.url.awayUntil > now();
    if (isNeither) return given(one.waitMs <= other.waitMs ? one : other);
    return isReturning(one.url) ? one.route : given(other);
  };
}

/** Counts the attempts under way, and says who may hold others up. */
function createUnderWay(urls: Urls, now: () => number, wasFailing: boolean) {
  let isSuspect = wasFailing;
  return {
    begin(route: Route): Started {
      const digest = digestOf(route.url);
      const url = urls.of(digest);
      url.underWay += 1;
      url.triedAt = now();
      return { ...route, digest, startedAt: url.triedAt };
    },
    end({ digest, startedAt }: Started, hasFailed: boolean): Url {
      const url = urls.of(digest);
      url.underWay = Math.max(0, url.underWay - 1);
      isSuspect = hasFailed || now() - startedAt > slowMs;
      return url;
    },
    isSuspect: () => isSuspect,
  };
}

interface Parts extends CircuitOptions {
  readonly underWay: ReturnType<typeof createUnderWay>;
  readonly failing: ReturnType<typeof createFailing>;
  /** A way may have opened. */
  readonly raise: () => void;
}

/** What the ends of attempts change. */
function createOutcomes({ now, random, underWay, failing, raise }: Parts) {
  let usesFailover = false;
  const outcomes: Pick<Circuit, "worked" | "refused" | "answered" | "failed"> = {
    worked(attempt) {
      const url = underWay.end(attempt, false);
      const { url: to, failover } = attempt;
      const edges: Edge[] = url.toldOpen ? [{ is: "closed", url: to, failover }] : [];
      url.toldOpen = false;
      noteWorked(url, attempt.startedAt);
      failing.worked();
      raise();
      if (usesFailover !== failover) edges.push({ is: "switched", url: to, failover });
      usesFailover = failover;
      return edges;
    },
    refused(attempt, { retry }, why, pauseMs = 0) {
      const url = underWay.end(attempt, false);
      noteRefused(url, attempt.startedAt, now(), retry, pauseMs);
      failing.failed(why);
      raise();
    },
    answered(attempt) {
      underWay.end(attempt, false);
      raise();
    },
    failed(attempt, { retry }, why, pauseMs) {
      const url = underWay.end(attempt, true);
      noteFailed(url, attempt.startedAt, now(), retry, random, pauseMs);
      failing.failed(why);
      raise();
      // One that was open before the start is stated once more.
      if (url.toldOpen || !isOpen(url)) return [];
      url.toldOpen = true;
      return [{ is: "opened", url: attempt.url, failover: attempt.failover }];
    },
  };
  return outcomes;
}

/** Makes the circuit of one tenant. */
export function createCircuit(options: CircuitOptions): Circuit {
  const { known, now } = options;
  const urls = recallUrls(known, now);
  const waiting = new Set<number>();
  const moved = createSignal();
  const way = createWays(urls, waiting, options);
  const failing = createFailing(urls, now);
  const underWay = createUnderWay(urls, now, known.some(({ failures }) => failures > 0));
  let identity: string | undefined;
  let noticed: Destination | undefined;
  let isOther = false;
  let revision = 0;

  function raise(): void {
    revision += 1;
    moved.raise();
  }

  function hurry(): void {
    urls.hurry();
    raise();
  }

  function look(destination: Destination): void {
    if (destination === noticed) return;
    noticed = destination;
    const before = identity;
    identity = identityOf(destination);
    if (before === undefined || before === identity) return;
    isOther = true;
    hurry();
  }

  const outcomes = createOutcomes({ ...options, underWay, failing, raise });

  return {
    notice(destination) {
      look(destination);
      const was = isOther;
      isOther = false;
      return was;
    },
    way(destination, sequence) {
      look(destination);
      return way(destination, sequence);
    },
    enter(sequence) {
      waiting.add(sequence);
      return {
        [Symbol.dispose]() {
          waiting.delete(sequence);
          raise();
        },
      };
    },
    started: underWay.begin,
    ...outcomes,
    hurry,
    failing: failing.look,
    isSuspect: underWay.isSuspect,
    stateOf: urls.stateOf,
    toKeep: urls.toKeep,
    view: (destination) => viewOf(urls, destination, now()),
    revision: () => revision,
    changed: (signal) => moved.next(signal),
  };
}
