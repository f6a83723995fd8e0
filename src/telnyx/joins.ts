/**
 * What an event shares with its fellows: the leg, call, conference, message or fax it is about.
 *
 *     family       about                                    call
 *     call, …      call_session_id, else a leg              the same
 *     texml        ParentCallSid, else CallSid              the same
 *     conference   conference_id                            its leg's, of participants' events
 *     message      the payload's id, else message_id        none
 *     fax          fax_id                                   none
 *
 * A conference has a creator and participants, who may be of two tenants: what only the creator's
 * call explains must not be read from a participant's event, nor the other way about.
 */
import type { Key, KeyKind } from "../event.ts";
import type { Channel } from "../tenant.ts";
import type { Envelope } from "./envelope.ts";
import type { Fields } from "./fields.ts";
import { idIn } from "./parties.ts";

/** The keys in an event, strongest first; none of them says whose it is before it is learned. */
export interface Joins {
  /**
   * Of one leg of a call, of one message or of one fax. What is `wide` may name the leg that caused
   * it, which need not be the creator's: its owner learns nothing from it.
   */
  readonly legs: readonly Key[];
  /**
   * Of all legs of a call. A conference's own event has its creator's, a participant's has that of
   * its own call and never the creator's.
   */
  readonly sessions: readonly Key[];
  readonly conferences: readonly Key[];
  /**
   * `created`: its beginning, an event of the creator's leg. `wide`: of the conference as a whole.
   * Absent: of one participant, or of no conference.
   */
  readonly conference?: "created" | "wide";
  /** What an event is sorted with. */
  readonly about?: Key;
  /** The call whose session an event belongs to. */
  readonly call?: Key;
}

/** In the making. */
type Draft = { -readonly [Name in keyof Joins]: Joins[Name] };

const none: readonly Key[] = [];
const nothing: Joins = { legs: none, sessions: none, conferences: none };

const created: ReadonlySet<string> = new Set([
  "conference.created",
  "texml.conference.conference-start",
]);
const ofAll = /^(conference\.(ended|recording|playback|speak)|texml\.conference\.conference-)/;
const ofOne = /^(conference\.(participant|floor)|texml\.conference\.participant-)/;

function keyIn(kind: KeyKind, value: unknown): Key | undefined {
  if (value === undefined || value === null) return undefined;
  const id = idIn(value);
  return id === undefined ? undefined : `${kind}:${id}`;
}

function listOf(first?: Key, second?: Key, third?: Key): readonly Key[] {
  const keys: Key[] = [];
  if (first !== undefined) keys.push(first);
  if (second !== undefined && second !== first) keys.push(second);
  if (third !== undefined) keys.push(third);
  return keys.length === 0 ? none : keys;
}

/** The message an event is about. Where fields are the payload, their `id` is the event's. */
export function messageKeyOf({ type, event, payload }: Envelope): Key | undefined {
  const own = payload !== event && type.startsWith("message.") ? payload.id : undefined;
  return keyIn("message_id", own ?? payload.message_id ?? payload.sms_id);
}

const joinsOfOne = (key: Key | undefined): Joins =>
  key === undefined ? nothing : { ...nothing, legs: [key], about: key };

function legsIn(payload: Fields): readonly Key[] {
  return listOf(
    keyIn("call_leg_id", payload.call_leg_id),
    keyIn("call_control_id", payload.call_control_id),
    keyIn("CallSid", payload.CallSid),
  );
}

const sessionIn = (payload: Fields): Key | undefined =>
  keyIn("call_session_id", payload.call_session_id) ?? keyIn("CallSid", payload.ParentCallSid);

const creatorIn = (payload: Fields): Key | undefined =>
  keyIn("call_session_id", payload.creator_call_session_id);

/** An event of a type yet unknown is about the whole conference if it names no leg. */
function scopeOf(type: string, legs: readonly Key[]): Joins["conference"] {
  if (created.has(type)) return "created";
  return ofAll.test(type) || (legs.length === 0 && !ofOne.test(type)) ? "wide" : undefined;
}

function joinsOfConference(type: string, payload: Fields, conference: Key): Joins {
  const legs = legsIn(payload);
  const scope = scopeOf(type, legs);
  const own = sessionIn(payload);
  const session = scope === undefined ? own : creatorIn(payload) ?? own;
  const joins: Draft = { legs, sessions: listOf(session), conferences: [conference] };
  if (scope !== undefined) joins.conference = scope;
  const call = scope === "wide" ? undefined : session ?? legs[0];
  if (call !== undefined) joins.call = call;
  const isConferences = type.startsWith("conference.") || type.startsWith("texml.conference");
  joins.about = isConferences ? conference : call ?? conference;
  return joins;
}

function joinsOfCall(payload: Fields): Joins {
  const legs = legsIn(payload);
  const sessions = listOf(sessionIn(payload), creatorIn(payload));
  const joins: Draft = { legs, sessions, conferences: none };
  const call = sessions[0] ?? legs[0];
  if (call !== undefined) joins.about = joins.call = call;
  return joins;
}

/** A family yet unknown may name a call or a conference, too. */
export function joinsOf(envelope: Envelope, channel: Channel): Joins {
  const { type, payload } = envelope;
  if (channel === "messaging") return joinsOfOne(messageKeyOf(envelope));
  if (channel === "fax") return joinsOfOne(keyIn("fax_id", payload.fax_id));
  const conference = keyIn("conference_id", payload.conference_id) ??
    keyIn("ConferenceSid", payload.ConferenceSid);
  return conference === undefined
    ? joinsOfCall(payload)
    : joinsOfConference(type, payload, conference);
}
