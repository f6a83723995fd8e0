/** Held events, and who had what they name: the rows that owning asks. */
import type { HeldRows } from "../ownership/owning.ts";
import { isRecycled, prefixesOf } from "../ownership/recycling.ts";
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
    later: held.later,
    wantedBy: held.wantedBy,
    wasAnothers: (wanted, tenant, now) =>
      wanted.some((key) =>
        belongings.formerOwners(key, undefined, now).some((former) => former !== tenant)
      ),
    isRecycled({ ref, claims: { evidence } }, tenant, now) {
      const { channel } = events.whole(ref).event;
      const formerOwners = (key: string) => belongings.formerOwners(key, channel, now);
      const isOwned = (key: string) => {
        const { keys } = belongings.of(tenant);
        return prefixesOf(key).some((each) => keys.includes(each));
      };
      return isRecycled(held.wantedBy(ref), evidence, tenant, formerOwners, isOwned);
    },
  };
}
