/** What is done with batches that come back, in few words. */
import type { Batch } from "../../src/batch.ts";
import type { Settled, Settlement } from "../../src/delivery.ts";
import type { Engine } from "../../src/engine.ts";
import type { Cut, Lane } from "../../src/lane.ts";
import { fromSession } from "./calling.ts";
import { appendMany, attempt, cut, seal, takeLane } from "./shared.ts";

/** Too large, or refused. */
export const split: Settlement = { as: "split" };
/** Delivered. */
export const accepted: Settlement = { as: "accepted" };

/** Its events go on beside the lane, due from then on. */
export function aside(notBefore = 0, refused = false): Settlement {
  return { as: "aside", notBefore, ...(refused ? { refusedAt: Date.now() } : {}) };
}

/** Settles what came of the next attempt. */
export function settle(lane: Lane, batch: Batch, to: Settlement): Promise<Settled> {
  return lane.settle(batch.id, attempt(batch.attempts + 1), to);
}

/** Seals what is due beside the lane; something must be. */
export const beside = (lane: Lane, more: Partial<Cut> = {}) =>
  seal(lane, { ...fromSession, ...more });

/** Seals what is next, as a window does. */
export function next(lane: Lane, more: Partial<Cut> = {}): Promise<Batch | undefined> {
  const { split: waits, sessionAt = Number.POSITIVE_INFINITY } = lane.waiting();
  return lane.seal(cut(waits > 0 || sessionAt <= Date.now() ? { ...more, ...fromSession } : more));
}

/** A lane in which so many events wait, `acme1` and so on. */
export async function filled(engine: Engine, count: number): Promise<Lane> {
  await appendMany(engine, "acme", count);
  return await takeLane(engine);
}

/** Their ids, from the first to the last. */
export const idsFrom = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => `acme${first + index}`);
