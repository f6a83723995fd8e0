/** The events of the engine in memory, and what was seen of them. */
import { Buffer } from "node:buffer";
import type { Member } from "../../batch/member.ts";
import type { Event, EventRef, Owner } from "../../event.ts";
import type { TenantId } from "../../tenant.ts";
import type { EventState, Seen, SeenKeys } from "../recording.ts";
import { type EventTable, memberIn, type Whole, wholeOf } from "../tables.ts";

/** An event as it is kept. */
export interface Kept {
  readonly event: Event;
  readonly state: EventState;
  readonly owners: readonly Owner[];
  readonly key: string;
  readonly proof: string;
  readonly raw: Uint8Array;
  readonly json?: Uint8Array;
}

/** All of them, for those parts of the engine that look at many. */
export interface MemoryEvents extends EventTable, SeenKeys {
  all(): readonly (readonly [EventRef, Kept])[];
  get(ref: EventRef): Kept | undefined;
  memberOf(ref: EventRef, tenant: TenantId): Member;
  /** Forgets settled ones received before `before`; `holds` says which are not. */
  prune(before: number, limit: number, holds: (ref: EventRef) => boolean): number;
}

const keyOf = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

/** Makes an empty table. */
export function createMemoryEvents(): MemoryEvents {
  const events = new Map<EventRef, Kept>();
  const seen = new Map<string, Seen>();
  let last = 0;

  function kept(ref: EventRef): Kept {
    const found = events.get(ref);
    if (found === undefined) throw new Error(`Event ${ref} is missing`);
    return found;
  }

  function whole(ref: EventRef): Whole {
    const found = kept(ref);
    return wholeOf(found, found.owners);
  }

  const isSettled = ({ state }: Kept) => state === "owned" || state === "dropped";

  return {
    putNew(key, made) {
      if (seen.has(keyOf(key))) return false;
      seen.set(keyOf(key), made);
      return true;
    },
    find: (key) => seen.get(keyOf(key)),
    renew: (key, made) => void seen.set(keyOf(key), made),
    nextRef: () => ++last,
    put({ event, proof, raw, json }, ref, key, state, owners) {
      const text = json === undefined ? {} : { json: json.slice() };
      const told = { event, state, owners, key: keyOf(key), proof };
      events.set(ref, { ...told, raw: raw.slice(), ...text });
    },
    ownersOf: (ref) => events.get(ref)?.owners ?? [],
    whole,
    assign: (ref, state, owners) => void events.set(ref, { ...kept(ref), state, owners }),
    all: () => [...events],
    get: (ref) => events.get(ref),
    memberOf(ref, tenant) {
      const member = memberIn(whole(ref), tenant);
      if (member === undefined) throw new Error(`Event ${ref} is not of tenant "${tenant}"`);
      return member;
    },
    prune(before, limit, holds) {
      const newest = Math.max(...events.keys());
      const settled = [...events].filter(([ref, one]) =>
        ref !== newest && one.event.receivedAt < before && isSettled(one) && !holds(ref)
      ).slice(0, limit);
      for (const [ref, { key }] of settled) {
        events.delete(ref);
        if (seen.get(key)?.event === ref) seen.delete(key);
      }
      return settled.length;
    },
  };
}
