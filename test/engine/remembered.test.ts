/** The table of what calls have taught, as it forgets. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { describe, it } from "node:test";
import { openCalls } from "../../src/engine/embedded/calls.ts";
import { prepareTables } from "../../src/engine/embedded/tables.ts";
import type { Key } from "../../src/event.ts";

describe("forget()", () => {
  it("takes about so much at once, however much there is in a row", () => {
    using database = new DatabaseSync(":memory:");
    prepareTables(database, "log");
    const calls = openCalls(database);
    const key = (row: number, index: number): Key => `call_leg_id:${row}-${index}`;
    const rows = [0, 1, 2];
    for (const row of rows) {
      for (let index = 0; index < 1_500; index++) calls.put(key(row, index), { seenAt: 1 });
      calls.write();
    }
    const left = () => rows.filter((row) => calls.get(key(row, 1_499)) !== undefined);
    calls.forget(Date.now());
    assert.deepEqual(left(), [2]);
    calls.forget(Date.now());
    assert.deepEqual(left(), []);
  });
});
