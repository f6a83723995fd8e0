/**
 * Recording: an entry is a duplicate, or becomes an event that is owned, held, parked or dropped,
 * with a copy in the lane of every owner. What it teaches is learned, and what it frees is given,
 * before it takes its own place: what came first is delivered first.
 */
import type { Entry, Recorded } from "../engine.ts";
import { keyOf } from "../ownership.ts";
import type { Copies } from "./copying.ts";
import type { Decision } from "../ownership/deciding.ts";
import type { HeldClaims, Owning } from "../ownership/owning.ts";
import { duplicateOf, identify, recordedOf, type SeenKeys, stateOf } from "./recording.ts";
import type { RuleBook } from "./rules.ts";
import { type EventTable, type HeldTable, wholeOf } from "./tables.ts";

/** What recording works with. */
export interface AppendParts {
  readonly seen: SeenKeys;
  readonly events: EventTable;
  readonly owning: Owning;
  readonly held: HeldTable;
  readonly copies: Copies;
  readonly rules: RuleBook;
}

const claimsOf = ({ evidence, subject, path, signer }: Entry): HeldClaims =>
  signer === undefined ? { evidence, subject, path } : { evidence, subject, path, signer };

/** Records entries. To be called inside a transaction. */
export function createAppend(parts: AppendParts): (received: Entry) => Recorded {
  const { seen, events, owning, held, copies, rules } = parts;

  /** Whose it is; what it frees may say so where it did not itself. */
  function decisionOf({ evidence, wanted, parked, event: { receivedAt } }: Entry): Decision {
    if (parked) return { is: "held", why: "unknown" };
    const first = owning.decide(evidence, wanted, receivedAt);
    const freed = owning.follow(evidence, first, receivedAt);
    copies.give(freed, receivedAt);
    if (first.is === "owned" || freed.length === 0) return first;
    const second = owning.decide(evidence, wanted, receivedAt);
    copies.give(owning.follow(evidence, second, receivedAt), receivedAt);
    return second;
  }

  return function append(received: Entry): Recorded {
    const ref = events.nextRef();
    const identity = identify(received, ref, seen);
    if (identity.is === "duplicate") return duplicateOf(events.ownersOf(identity.of));
    const { evidence, subject } = received;
    const entry = { ...received, event: { ...received.event, id: identity.id } };
    const { event } = entry;
    const decision = decisionOf(entry);
    const owners = decision.is === "held"
      ? []
      : decision.owners.map((named) => rules.ownerOf(named, event.type, subject));
    const state = stateOf(entry, owners);
    events.put(entry, ref, identity.key, state, owners);
    if (decision.is === "held" && state === "held") {
      const wanted = [...(evidence.numbers ?? []).map(keyOf), ...entry.wanted];
      held.add(ref, event.receivedAt, decision.why, claimsOf(entry), wanted);
    }
    copies.put(ref, wholeOf(entry, owners), { evidence, subject }, event.receivedAt);
    return recordedOf(state, owners, identity.id !== received.event.id);
  };
}
