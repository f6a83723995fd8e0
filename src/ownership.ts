/**
 * Whose event it is: what the event and the config say of it, what its call has taught us, and
 * why nobody may have it yet. The rules that join them are `ownership/deciding.ts`.
 */
import type { Direction, Key, MatchedBy } from "./event.ts";
import type { TenantId } from "./tenant.ts";

/** A tenant that the config names as the owner of something an event names. */
export interface Named {
  readonly tenant: TenantId;
  readonly by: MatchedBy;
  /** As the config has it. */
  readonly matched: string;
  /** What the event named, as `keyOf` has it; absent where `by` and `matched` tell. */
  readonly of?: string;
  /** The config says from when or until when it is this tenant's. */
  readonly dated?: true;
}

const keyKinds: Partial<Record<MatchedBy, string>> = {
  phone_number: "number",
  messaging_profile_id: "profile",
  connection_id: "connection",
};

/** Each tenant once, by the first that named it. */
export function distinct(owners: readonly Named[]): readonly Named[] {
  if (owners.length < 2) return owners;
  return owners.filter((owner, index) =>
    owners.findIndex(({ tenant }) => tenant === owner.tenant) === index
  );
}

/** What an event named: `number:+18005559876`, `connection:1293384261075731499`, … */
export const keyOf = ({ by, matched, of }: Named): string =>
  of ?? `${keyKinds[by] ?? by}:${matched}`;

/**
 * What an event and the config say about whose it is. What calls have taught us comes in where it
 * is recorded: `ownership/deciding.ts` has the rules. Absent lists are empty.
 */
export interface Evidence {
  /** As the event itself tells it. */
  readonly direction?: Direction;
  /** The leg, message or fax that it is of. */
  readonly legs?: readonly Key[];
  /** The call, its parent, its conference, and the call that made that: nearest first. */
  readonly circles?: readonly Key[];
  /** Those of them that it belongs to itself, if not all: its owner is learned for these. */
  readonly teaches?: readonly Key[];
  /** About a whole conference; `created` is told of the leg that made it. */
  readonly conference?: "created" | "wide";
  /** An event of the same leg tells its direction: this one may wait for it. */
  readonly awaits?: true;
  /** The owners of the numbers on the account's side, where the event tells which that is. */
  readonly numbers?: readonly Named[];
  /** Of a leg that goes out: the owners of the numbers it calls. */
  readonly far?: readonly Named[];
  /** Where it does not: the owners if it were the one or the other. */
  readonly sides?: { readonly inbound: readonly Named[]; readonly outbound: readonly Named[] };
  /** By profile and connection: which of two owners, where nothing will ever tell a direction. */
  readonly between?: readonly Named[];
  /** By ids, path, profile and connection, strongest first. */
  readonly ids?: readonly Named[];
}

/** What an event is about: how it is ordered, gathered, and superseded. */
export interface Subject {
  /** The call, conference, message or fax within which order holds. */
  readonly about?: Key;
  /** The call it belongs to, where that is not what it is about. */
  readonly call?: Key;
  /** A leg begins or ends with it; so does a message. */
  readonly stage?: "begins" | "ends";
  /** That leg, where the evidence has none: of what a tenant's own account signed. */
  readonly leg?: Key;
  /** Equal for the states of one message to one recipient: the last replaces the others. */
  readonly state?: string;
  /** Telnyx answered STOP, START or HELP for the tenant: delivered at once, whatever the rules. */
  readonly optOut?: true;
}

/** What is known of a leg, call, conference, message or fax. */
export interface Known {
  /** Whose it is; of two tenants it is nobody's. */
  readonly tenant?: TenantId;
  readonly shared?: true;
  /**
   * It began while nobody owned a number that another tenant had shortly before its owner now:
   * nobody's, until an operator says whose.
   */
  readonly recycled?: true;
  readonly direction?: Direction;
  /** Whose it seemed to be before its direction was known, and since when. */
  readonly guess?: { readonly tenant: TenantId; readonly at: number };
  /** Of a conference: who made it. */
  readonly creator?: TenantId;
  /** When an event named it last, give or take ten minutes. */
  readonly seenAt: number;
}

/** Why an event is nobody's. */
export type HeldReason =
  /** An event of its call will say whose it is; decided without it after `graceMs`. */
  | "waiting"
  /** Two tenants could own it, and nothing says which. */
  | "ambiguous"
  /** Another tenant than its owner now had its number or id within `unassigned.hold`. */
  | "recycled"
  /** Nobody owns anything it names. */
  | "unknown"
  /** Held for longer than `unassigned.hold`: only an operator releases it. */
  | "expired";

/** So long an event waits for the one that tells its leg's direction, in ms. */
export const graceMs = 10_000;
