/** Cases to be judged: a batch of one event, tried once, at a time that stands still. */
import type { Batch } from "../../src/batch.ts";
import type { Verdict } from "../../src/delivery.ts";
import { type Case, judge } from "../../src/pipeline/judge.ts";

/** When it is. */
export const now = Date.UTC(2026, 10, 20, 12);
/** In ms. */
export const minute = 60_000;
/** In ms. */
export const hour = 60 * minute;
/** How long and how often it is tried. */
export const retry = { firstMs: 2_000, maxMs: minute, forMs: 72 * hour };

/** A batch of one event. */
export const batch: Batch = {
  id: "bat_1",
  stream: "s",
  tenant: "acme",
  sequence: 1,
  sealedAt: now - 1_000,
  openedAt: now - 2_000,
  reason: "max_wait",
  layout: "envelope/1",
  count: 1,
  size: 100,
  attempts: 0,
  oldestAt: now - 2_000,
  youngestAt: now - 2_000,
};
/** One of eight. */
export const many: Batch = { ...batch, count: 8 };
/** Refused alone, an hour ago. */
export const suspect: Batch = { ...batch, returned: { times: 1, refusedAt: now - hour } };

/** All that a judgement depends on. */
export const its: Case = {
  batch,
  attempts: 1,
  refusals: 1,
  retry,
  now,
  random: () => 1,
  refused: 0,
  steadyMs: hour,
  halts: [],
  members: [],
  destination: "there",
  failover: false,
};
/** Often enough. */
export const tried = { attempts: 10, refusals: 10 };
/** Older than `for`. */
export const old = { oldestAt: now - 73 * hour, youngestAt: now - 73 * hour };
/** Why it is dead then. */
export const tired = "not accepted within 259200 s";
/** Answered 5xx for long by a URL that answers others. */
export const trouble = { times: 8, forMs: 10 * minute, othersAnswered: true };

/** What is judged of such a case. */
export const of = (verdict: Verdict, more: Partial<Case> = {}) =>
  judge(verdict, { ...its, ...more });
/** What becomes of its batch. */
export const settled = (verdict: Verdict, more: Partial<Case> = {}) => of(verdict, more).settlement;
