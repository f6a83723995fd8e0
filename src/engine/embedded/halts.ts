/** The halts of each lane, and of all of them: those stand in lane 0. */
import type { DatabaseSync } from "node:sqlite";
import type { Halt } from "../../delivery.ts";
import { begun, ended, joined, withHalt } from "../halts.ts";

/** Stands for every lane. */
const everyLane = 0;

function haltOf({ since, until }: Record<string, unknown>): Halt {
  return until === null ? { from: Number(since) } : { from: Number(since), until: Number(until) };
}

/** Opens the halts of a log. To be used inside a transaction. */
export function openHalts(database: DatabaseSync) {
  const find = database.prepare("SELECT since, until FROM halt WHERE lane = ? ORDER BY since");
  const clear = database.prepare("DELETE FROM halt WHERE lane = ?");
  const put = database.prepare("INSERT INTO halt(lane, since, until) VALUES (?, ?, ?)");
  const of = (lane: number) => find.all(lane).map(haltOf);

  function change(lane: number, by: (halts: readonly Halt[]) => readonly Halt[]): void {
    const before = of(lane);
    const after = by(before);
    if (after === before) return;
    clear.run(lane);
    for (const { from, until = null } of after) put.run(lane, from, until);
  }

  return {
    /** Those that concern a lane. */
    of: (lane: number): readonly Halt[] => joined([...of(everyLane), ...of(lane)]),
    set: (lane: number, is: boolean, at: number) =>
      change(lane, (halts) => is ? begun(halts, at) : ended(halts, at)),
    /** Every lane stood still. */
    addToAll: (halt: Halt) => change(everyLane, (halts) => withHalt(halts, halt)),
  };
}
