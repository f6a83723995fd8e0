/**
 * The rules of recording, the same in every engine: which webhooks are one event, whose it is,
 * and what it is recorded as.
 */
import { Buffer } from "node:buffer";
import type { Entry, Fingerprint, Recorded } from "../engine.ts";
import type { EventRef, Owner } from "../event.ts";

/** What is remembered of a fingerprint's key. */
export interface Seen {
  readonly content: Uint8Array;
  readonly event: EventRef;
  /** When it was received, in epoch ms. */
  readonly at: number;
}

/** Where the keys that were seen are kept. */
export interface SeenKeys {
  /** Remembers a key that is not known yet; false, and nothing changes, when it is. */
  putNew(key: Uint8Array, seen: Seen): boolean;
  find(key: Uint8Array): Seen | undefined;
  renew(key: Uint8Array, seen: Seen): void;
}

/** A new event under this id and key, or another delivery of an earlier one. */
export type Identity =
  | { readonly is: "new"; readonly id: string; readonly key: Uint8Array }
  | { readonly is: "duplicate"; readonly of: EventRef };

/** The id of a second content under one id. */
function secondIdOf(id: string, content: Uint8Array): string {
  return `${id}~${Buffer.from(content).toString("hex").slice(0, 8)}`;
}

// The distance counts either way: a clock that was set back must not swallow what is new.
const isOver = ({ withinMs }: Fingerprint, earlier: Seen, at: number) =>
  withinMs !== undefined && Math.abs(at - earlier.at) > withinMs;

/** Says which event an entry is, and remembers it under `ref` if it is new. */
export function identify(entry: Entry, ref: EventRef, keys: SeenKeys): Identity {
  const { event: { id, receivedAt: at }, fingerprint } = entry;
  const { key, content } = fingerprint;
  const seen: Seen = { content, event: ref, at };
  if (keys.putNew(key, seen)) return { is: "new", id, key };
  const earlier = keys.find(key);
  if (earlier === undefined) throw new Error("A fingerprint is both known and unknown");
  if (Buffer.compare(earlier.content, content) === 0) {
    if (!isOver(fingerprint, earlier, at)) return { is: "duplicate", of: earlier.event };
    keys.renew(key, seen);
    return { is: "new", id, key };
  }
  const second = Buffer.concat([key, content]);
  if (keys.putNew(second, seen)) return { is: "new", id: secondIdOf(id, content), key: second };
  return { is: "duplicate", of: keys.find(second)?.event ?? earlier.event };
}

/** What an event is recorded as. */
export type EventState = "owned" | "held" | "parked" | "dropped" | "expired";

/** What an entry with these owners is recorded as. */
export function stateOf({ parked }: Pick<Entry, "parked">, owners: readonly Owner[]): EventState {
  if (parked) return "parked";
  if (owners.length === 0) return "held";
  return owners.every((owner) => owner.dropped) ? "dropped" : "owned";
}

const statusOf = {
  parked: "parked",
  held: "unassigned",
  dropped: "dropped",
  owned: "queued",
  expired: "unassigned",
} as const;

/** A copy of what is nobody's goes to no tenant. */
const tenantsOf = (owners: readonly Owner[]) =>
  owners.filter(({ by }) => by !== "nobody").map(({ tenant }) => tenant);

/** What the sender of a new event is told. */
export function recordedOf(
  state: EventState,
  owners: readonly Owner[],
  conflict: boolean,
): Recorded {
  return { status: statusOf[state], tenants: tenantsOf(owners), conflict };
}

/** What the sender of an event that is known already is told. */
export function duplicateOf(owners: readonly Owner[]): Recorded {
  return { status: "duplicate", tenants: tenantsOf(owners), conflict: false };
}
