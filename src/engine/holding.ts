/** Held events, and who had what they name: the rows that owning asks. */
import type { HeldRows } from "../ownership/owning.ts";
import { isRecycled } from "../ownership/recycling.ts";
import type { BelongingsTable, EventTable, HeldTable } from "./tables.ts";

/** Joins the tables. */
export function heldRowsOf(
  held: HeldTable,
  belongings: BelongingsTable,
  events: EventTable,
): HeldRows {
  return {
    naming: held.naming,
    stays: held.stays,
    isRecycled({ ref, claims: { evidence } }, tenant, now) {
      const { channel } = events.whole(ref).event;
      const formerOwners = (key: string) => belongings.formerOwners(key, channel, now);
      return isRecycled(held.wantedBy(ref), evidence, tenant, formerOwners);
    },
  };
}
