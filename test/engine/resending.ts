/** Events that are sent again, in few words. */
import assert from "node:assert/strict";
import type { Batch } from "../../src/batch.ts";
import type { Replayed, Selection, Settlement } from "../../src/delivery.ts";
import type { Engine } from "../../src/engine.ts";
import type { Lane } from "../../src/lane.ts";
import { attempt, cut, idsOf, seal } from "./shared.ts";

/** Takes what is due beside the lane. */
export const beside = { from: "session" } as const;
/** What a replay of nothing comes to. */
export const none: Replayed = { events: 0, tenants: 0, missing: 0, more: false };

/** Seals so many from the head, and settles them. */
export async function settled(lane: Lane, eventsMax: number, to: Settlement): Promise<Batch> {
  const batch = await seal(lane, { eventsMax });
  await lane.settle(batch.id, attempt(1), to);
  return batch;
}

type Partly = Extract<Settlement, { as: "partly" }>;

/** All of a batch is accepted but this. */
export const partly = (some: Partial<Partly>): Partly => (
  { as: "partly", again: [], dead: [], notBefore: 0, ...some }
);

/** Accepts everything beside the lane; the batches as their ids, in their order. */
export async function drainBeside(lane: Lane): Promise<string[][]> {
  const batches: string[][] = [];
  for (;;) {
    const batch = await lane.seal(cut(beside));
    if (batch === undefined) return batches;
    batches.push(await idsOf(lane, batch));
    await lane.settle(batch.id, attempt(1), { as: "accepted" });
  }
}

/** Asks until there is no more to be done; says what each step came to. */
export async function replayAll(
  engine: Engine,
  what: Selection,
  dryRun = false,
): Promise<Replayed[]> {
  const steps: Replayed[] = [];
  for (let next: Selection | undefined = what; next !== undefined;) {
    const replayed: Replayed = await engine.replay(next, dryRun);
    assert.equal(replayed.more, replayed.next !== undefined);
    steps.push(replayed);
    next = replayed.next;
  }
  return steps;
}

/** The events of all steps. */
export const total = (steps: readonly Replayed[]) =>
  steps.reduce((sum, { events }) => sum + events, 0);
