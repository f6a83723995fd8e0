/**
 * A lane's own limit on how many events go into a batch, learned from its destination: a batch
 * that was too large halves it, and what is accepted lets it grow again.
 *
 *     none ──split──▶ n/2 ──split──▶ n/4 ──accepted──▶ n/2 ──accepted──▶ … none
 *
 * A growth that is refused before it was of any use makes the next one wait for twice as many
 * accepted batches, so that a limit that stays is not tried with every second batch.
 */
import type { Cut } from "../lane.ts";

/** From here on there is no limit but the window's. */
const limitless = 10_000;

/** So many batches are accepted at most before the next growth. */
const patienceMax = 64;

/** The limit of a lane; undefined stands for none. */
export interface LaneCut {
  readonly eventsMax: number;
  /** So many batches are accepted before it grows. */
  readonly patience: number;
  /** Those that were, so far. */
  readonly accepted: number;
  /** It grew, and no batch has been accepted that would have been too many before. */
  readonly isTried: boolean;
}

/** A cut that keeps to a lane's limit. */
export function limited(cut: Cut, by: LaneCut | undefined): Cut {
  return by === undefined ? cut : { ...cut, eventsMax: Math.min(cut.eventsMax, by.eventsMax) };
}

/** The limit after a batch of so many events was too large; never a higher one. */
export function halved(before: LaneCut | undefined, count: number): LaneCut {
  const half = Math.max(1, Math.floor(count / 2));
  if (before === undefined) return { eventsMax: half, patience: 1, accepted: 0, isTried: false };
  const { eventsMax, patience, isTried } = before;
  const isRefused = isTried && count > eventsMax / 2;
  return {
    eventsMax: Math.min(half, eventsMax),
    patience: isRefused ? Math.min(patience * 2, patienceMax) : patience,
    accepted: 0,
    isTried: false,
  };
}

/** The limit after a batch of so many events was accepted. */
export function grown(before: LaneCut, count: number): LaneCut | undefined {
  const isProven = before.isTried && count > before.eventsMax / 2;
  const patience = isProven ? 1 : before.patience;
  const accepted = before.accepted + 1;
  if (accepted < patience) return { ...before, accepted };
  const eventsMax = before.eventsMax * 2;
  if (eventsMax >= limitless) return undefined;
  return { eventsMax, patience, accepted: 0, isTried: true };
}
