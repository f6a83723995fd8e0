/**
 * An event: what a webhook turned out to be. Its bytes are kept exactly as they came; what we know
 * about it (its routing) stands beside them.
 */
import type { Channel, TenantId } from "./tenant.ts";

/** Where an event stands in the log: increasing, never reused, of no meaning outside the store. */
export type EventRef = number;

/** The side of a call, message or fax that is the account's: `to` when inbound, `from` when out. */
export type Direction = "inbound" | "outbound";

/** What several events may be about together. */
export type KeyKind =
  | "call_leg_id"
  | "call_control_id"
  | "CallSid"
  | "call_session_id"
  | "conference_id"
  | "ConferenceSid"
  | "message_id"
  | "fax_id";

/** A leg, call, conference, message or fax by its name: `call_leg_id:428c31b6-…`. */
export type Key = `${KeyKind}:${string}`;

/** Of one leg of a call, among the keys of an event's legs. */
export const isLeg = (key: Key) => key.startsWith("call_") || key.startsWith("CallSid:");

/** Of a conference. */
export const isConference = (key: Key) =>
  key.startsWith("conference_id:") || key.startsWith("ConferenceSid:");

/** How we came to know whose an event is. */
export type MatchedBy =
  | "phone_number"
  | "id"
  | "path"
  | "messaging_profile_id"
  | "connection_id"
  | "public_key"
  | KeyKind
  /** An operator said so. */
  | "release"
  /** It is a copy for whoever looks after what is nobody's. */
  | "nobody";

/** One tenant that an event belongs to, and why. */
export interface Owner {
  readonly tenant: TenantId;
  readonly by: MatchedBy;
  /** The number or id that decided. Shown to this tenant only. */
  readonly matched: string;
  /** Closes the tenant's window at once. */
  readonly immediate: boolean;
  /** Recorded for this tenant but not delivered. */
  readonly dropped: boolean;
}

/** What an event is, apart from its bytes. */
export interface Event {
  /** `data.id`, or `sha256:…` of its content where Telnyx gives none. */
  readonly id: string;
  /** Telnyx's own name, such as `call.initiated`; made up from the family where it has none. */
  readonly type: string;
  readonly channel: Channel;
  /** When it happened, as Telnyx tells it, in epoch ms. */
  readonly occurredAt?: number;
  /** When we received it, in epoch ms. */
  readonly receivedAt: number;
  /** When the first link in it stops working, in epoch ms. */
  readonly expiresAt?: number;
}

/** What the tenant is told about one event of a batch, in the order the text is written. */
export interface Routing {
  readonly id: string;
  readonly event_type: string;
  readonly channel: Channel;
  readonly matched_by: MatchedBy;
  readonly matched: string;
  readonly received_at: string;
  /** When the first link in it stops working; absent where there is none, or no telling. */
  readonly expires_at?: string;
}

/** The routing of an event as its owner may see it: nothing of the event's other owners. */
export function routingOf(event: Event, owner: Owner): Routing {
  return {
    id: event.id,
    event_type: event.type,
    channel: event.channel,
    matched_by: owner.by,
    matched: owner.matched,
    received_at: new Date(event.receivedAt).toISOString(),
    ...(event.expiresAt === undefined
      ? {}
      : { expires_at: new Date(event.expiresAt).toISOString() }),
  };
}
