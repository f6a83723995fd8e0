/**
 * Whole flows in every order that delivery may produce: whatever comes when, repeated or not, over
 * restarts, each tenant gets exactly its events, once, and nobody another's.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Engine } from "../../src/engine.ts";
import { openEmbeddedEngine } from "../../src/engine/embedded.ts";
import { openMemoryEngine } from "../../src/engine/memory.ts";
import type { Ownership } from "../../src/ownership/claims.ts";
import { entryOf } from "../../src/pipeline/classify.ts";
import { ask, number, ownershipOf, tenantOf, verified } from "../pipeline/shared.ts";
import { temporaryFolder } from "../support/folder.ts";
import { delivered } from "./delivered.ts";
import { connections, flows, numbers, type Told } from "./flows.ts";

const ownership = ownershipOf(
  tenantOf("acme", { numbers: [number(numbers.acme)] }),
  tenantOf("beta", { numbers: [number(numbers.beta)] }),
  tenantOf("gamma", { connectionIds: [connections.gamma] }),
);

async function arrive(engine: Engine, told: readonly Told[], under: Ownership): Promise<void> {
  const receivedAt = Date.now();
  await engine.append(
    told.map(({ body }) => entryOf(verified(ask(body, { receivedAt })), under)),
  );
}

/** What they are to be given. */
function truthOf(told: readonly Told[]): Record<string, string[]> {
  const truth: Record<string, string[]> = {};
  for (const { id, owners } of told) {
    for (const owner of owners) (truth[owner] ??= []).push(id);
  }
  for (const ids of Object.values(truth)) ids.sort();
  return truth;
}

const unowned = (told: readonly Told[]) => told.filter(({ owners }) => owners.length === 0).length;

async function assertTruth(engine: Engine, told: readonly Told[]): Promise<void> {
  assert.deepEqual(await delivered(engine), truthOf(told));
  assert.equal((await engine.counts()).held, unowned(told));
}

/** Some flows, all their events in any order, some of them more than once. */
const played = fc.uniqueArray(fc.nat(flows.length - 1), { minLength: 1, maxLength: 3 })
  .map((picked) => picked.flatMap((index) => flows[index]?.(`f${index}`) ?? []))
  .chain((told) =>
    fc.record({
      told: fc.constant(told),
      order: fc.shuffledSubarray(told, { minLength: told.length, maxLength: told.length }),
      again: fc.array(fc.constantFrom(...told), { maxLength: 10 }),
      restarts: fc.array(fc.nat(told.length), { maxLength: 2 }),
    })
  );

describe("whole flows", () => {
  for (const [index, flow] of flows.entries()) {
    it(`are each tenant's own, as they happen: ${index}`, async () => {
      await using engine = await openMemoryEngine();
      const told = flow("f");
      for (const one of told) await arrive(engine, [one], ownership);
      await assertTruth(engine, told);
    });
  }

  it("are each tenant's own in any order, repeated or not", async () => {
    await fc.assert(
      fc.asyncProperty(played, async ({ told, order, again }) => {
        await using engine = await openMemoryEngine();
        for (const one of [...order, ...again]) await arrive(engine, [one], ownership);
        await assertTruth(engine, told);
      }),
      { numRuns: 300 },
    );
  });

  it("are each tenant's own over restarts at any moment", async () => {
    await fc.assert(
      fc.asyncProperty(played, async ({ told, order, again, restarts }) => {
        await using folder = await temporaryFolder();
        const path = folder.file("log.db");
        const ends = [...new Set([...restarts, order.length])].sort((one, other) => one - other);
        let start = 0;
        for (const end of ends) {
          await using engine = await openEmbeddedEngine({ path });
          await arrive(engine, order.slice(start, end), ownership);
          start = end;
        }
        await using engine = await openEmbeddedEngine({ path });
        await arrive(engine, again, ownership);
        await assertTruth(engine, told);
      }),
      { numRuns: 15 },
    );
  });
});
