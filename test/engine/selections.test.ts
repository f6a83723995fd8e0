/** What is selected of millions is found by an index: nothing else is read, and nothing sorted. */
import assert from "node:assert/strict";
import type { DatabaseSync } from "node:sqlite";
import { describe, it } from "node:test";
import { openDatabase } from "../../src/engine/embedded/file.ts";
import { letterQueries } from "../../src/engine/embedded/letters.ts";
import { replayQueries } from "../../src/engine/embedded/replays.ts";
import { temporaryFolder } from "../support/folder.ts";

/** How a query finds its rows: the name of each table, and what leads to it. */
function planOf(database: DatabaseSync, query: string): string[] {
  return database.prepare(`EXPLAIN QUERY PLAN ${query}`).all().map(({ detail }) => String(detail));
}

async function assertIndexed(query: string, ...by: readonly RegExp[]): Promise<void> {
  await using folder = await temporaryFolder();
  const database = openDatabase(folder.file("log.db"));
  const plan = planOf(database, query);
  database.close();
  const scans = plan.filter((step) => step.startsWith("SCAN") && !step.includes("json_each"));
  assert.deepEqual(scans, [], query);
  assert.ok(!plan.some((step) => step.includes("ORDER BY")), plan.join("\n"));
  for (const step of by) assert.ok(plan.some((found) => step.test(found)), plan.join("\n"));
}

describe("dead letters", () => {
  it("are listed, selected and counted by when they died", async () => {
    const byTime = /^SEARCH dead USING (COVERING )?INDEX dead_at \(at>\? AND \(at,event\)</;
    for (const query of Object.values(letterQueries)) {
      await assertIndexed(query(undefined), byTime);
    }
  });

  it("of one tenant are found among its own", async () => {
    const byLane = /^SEARCH dead USING (COVERING )?INDEX dead_lane \(lane=\? AND at>\? AND \(/;
    for (const query of Object.values(letterQueries)) await assertIndexed(query("acme"), byLane);
  });
});

describe("a replay", () => {
  it("finds batches by when they were settled", async () => {
    const bySettling = /^SEARCH batch USING INDEX batch_settled \(settled_at>\? AND settled_at</;
    await assertIndexed(replayQueries.settled, bySettling);
  });

  it("finds by the events what is on its way or dead", async () => {
    await assertIndexed(
      replayQueries.waiting,
      /^SEARCH waiting (EXISTS )?USING (COVERING )?INDEX waiting_e/,
    );
    await assertIndexed(replayQueries.sealed, /^SEARCH batch USING INDEX batch_sealed \(lane=\?\)/);
    await assertIndexed(
      replayQueries.dead,
      /^SEARCH dead (EXISTS )?USING PRIMARY KEY \(event=\? AND lane=/,
    );
  });
});
