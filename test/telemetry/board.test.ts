import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createBoard } from "../../src/telemetry/alarms/board.ts";
import type { Fact } from "../../src/telemetry.ts";

describe("createBoard()", () => {
  it("has room for so many, and one beyond it has neither a beginning nor an end", () => {
    const facts: Fact[] = [];
    const board = createBoard((fact) => facts.push(fact));
    for (let count = 0; count < 70_000; count++) board.raise("dead_letters", `tenant-${count}`, 1);
    assert.equal(board.list().length, 65_536);
    board.raise("silence");
    board.clear("silence");
    assert.equal(facts.length, 65_536);
    board.fade(1);
    assert.deepEqual(board.list(), []);
    assert.equal(facts.length, 2 * 65_536);
  });

  it("lets fade what was not raised again", () => {
    const board = createBoard(() => {});
    board.raise("dead_letters", "a", 100);
    board.raise("dead_letters", "b", 100);
    board.raise("dead_letters", "b", 150);
    board.raise("tenant_failing", "a");
    board.fade(100);
    assert.deepEqual(board.list().map(({ alarm, tenant }) => `${alarm} ${tenant}`), [
      "dead_letters b",
      "tenant_failing a",
    ]);
  });
});
