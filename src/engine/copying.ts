/** Copies: an event's owners get one each, in their lanes. */
import { envelopeBytesOf } from "../batch/envelope.ts";
import type { Named } from "../ownership.ts";
import { type EventRef, isLeg, type Owner } from "../event.ts";
import type { Copy } from "./copy.ts";
import type { Freed, HeldClaims } from "../ownership/owning.ts";
import { stateOf } from "./recording.ts";
import type { RuleBook } from "./rules.ts";
import type { EventTable, HeldTable, Whole } from "./tables.ts";

/** What its copies have to know of an event. */
type About = Pick<HeldClaims, "evidence" | "subject">;

/** What is done with the copies of one log. To be called inside a transaction. */
export interface Copies {
  /** Puts a copy into the lane of every owner that is to get it. */
  put(ref: EventRef, whole: Whole, claims: About, since: number): void;
  /** Gives held events to their owners, in this order. */
  give(freed: readonly Freed[], now: number): void;
  /** Puts a copy of a held event into the lane of whoever looks after what is nobody's. */
  putNobodys(ref: EventRef, claims: About, now: number): void;
}

/** Makes copies of the events of one log. */
export function createCopies(
  events: EventTable,
  lanes: { add(copy: Copy): void },
  held: HeldTable,
  rules: RuleBook,
): Copies {
  const nobody: Named = { tenant: "unassigned", by: "nobody", matched: "unassigned" };

  function copyOf(owner: Owner, ref: EventRef, whole: Whole, claims: About, since: number): Copy {
    const { event, text } = whole;
    const { subject, evidence } = claims;
    const { about, stage, state } = subject;
    const session = rules.sessionOf(owner.tenant, subject);
    const leg = session && stage && (subject.leg ?? evidence.legs?.find(isLeg));
    return {
      owner,
      event: ref,
      since,
      occurredAt: event.occurredAt ?? event.receivedAt,
      bytes: envelopeBytesOf({ event, owner, raw: text }),
      subject: {
        ...(about === undefined ? {} : { about }),
        ...(session === undefined || stage === undefined ? {} : { stage }),
        ...(leg === undefined ? {} : { leg }),
        ...(state !== undefined && rules.compacts(owner.tenant) ? { state } : {}),
      },
      ...(event.expiresAt === undefined ? {} : { expiresAt: event.expiresAt }),
      ...(session === undefined ? {} : { session }),
    };
  }

  function put(ref: EventRef, whole: Whole, claims: About, since: number): void {
    for (const owner of whole.owners) {
      if (!owner.dropped) lanes.add(copyOf(owner, ref, whole, claims, since));
    }
  }

  function give({ ref, owners: named, claims }: Freed, now: number): void {
    const whole = events.whole(ref);
    const owners = named.map((owner) => rules.ownerOf(owner, whole.event.type, claims.subject));
    const state = stateOf({ parked: false }, owners);
    events.assign(ref, state, [...owners, ...whole.owners]);
    held.remove(ref);
    put(ref, { ...whole, owners }, claims, now);
  }

  return {
    put,
    give(freed, now) {
      for (const each of freed) give(each, now);
    },
    putNobodys(ref, claims, now) {
      const whole = events.whole(ref);
      if (whole.owners.length > 0) return;
      const owners = [rules.ownerOf(nobody, whole.event.type, claims.subject)];
      events.assign(ref, "held", owners);
      put(ref, { ...whole, owners }, claims, now);
    },
  };
}
