/** The rules of recording and releasing, joined over what an engine keeps. */
import { createOwning } from "../ownership/owning.ts";
import { createAppend } from "./appending.ts";
import type { Copy } from "./copy.ts";
import { createCopies } from "./copying.ts";
import { heldRowsOf } from "./holding.ts";
import type { SeenKeys } from "./recording.ts";
import { createRuleBook } from "./rules.ts";
import type { BelongingsTable, CallTable, EventTable, HeldTable } from "./tables.ts";
import { createUnassigned } from "./unassigned.ts";

/** What an engine keeps. */
export interface Tables {
  readonly seen: SeenKeys;
  readonly events: EventTable;
  readonly held: HeldTable;
  readonly calls: CallTable;
  readonly belongings: BelongingsTable;
  readonly lanes: {
    add(copy: Copy): void;
    forgetSessions(before: number, limit: number): number;
  };
}

/** What follows from it. To be used inside a transaction of the engine's. */
export function createRecorder({ seen, events, held, calls, belongings, lanes }: Tables) {
  const rules = createRuleBook();
  const owning = createOwning(calls, heldRowsOf(held, belongings, events), rules.hasOwnAccount);
  const copies = createCopies(events, lanes, held, rules);
  const shared = { events, owning, held, copies, rules };
  return {
    rules,
    owning,
    append: createAppend({ ...shared, seen }),
    unassigned: createUnassigned({ ...shared, calls, belongings, lanes }),
  };
}
