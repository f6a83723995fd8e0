/**
 * What an event is called. Telnyx's `event_type` is taken as it is, except for the names of API v1,
 * which a table turns into today's: segments may contain underscores, so `_` never simply becomes
 * `.`. Events that come without a name get one of ours:
 *
 *     TeXML          texml.call.<CallStatus>, texml.recording.<RecordingStatus>,
 *                    texml.conference.<StatusCallbackEvent>, texml.<CallbackSource>
 *     v1 messages    message.received, message.sent, message.finalized
 *     flat 10DLC     10dlc.campaign_status_update, 10dlc.brand_status_update
 *     anything else  its `record_type` (`link_clicked`), or the `name` beside a payload
 */
import { type Fields, isFields, nameIn } from "./fields.ts";

/** API v1's names of call events, and today's. */
const v1Types: ReadonlyMap<string, string> = new Map([
  ["call_initiated", "call.initiated"],
  ["call_answered", "call.answered"],
  ["call_bridged", "call.bridged"],
  ["call_hangup", "call.hangup"],
  ["call_dtmf", "call.dtmf.received"],
  ["call_dtmf_received", "call.dtmf.received"],
  ["call_gather_ended", "call.gather.ended"],
  ["call_playback_started", "call.playback.started"],
  ["call_playback_ended", "call.playback.ended"],
  ["call_speak_started", "call.speak.started"],
  ["call_speak_ended", "call.speak.ended"],
  ["call_recording_saved", "call.recording.saved"],
  ["call_fork_started", "call.fork.started"],
  ["call_fork_stopped", "call.fork.stopped"],
  ["call_machine_detection_ended", "call.machine.detection.ended"],
  ["call_machine_greeting_ended", "call.machine.greeting.ended"],
  ["dtmf", "call.dtmf.received"],
  ["gather_ended", "call.gather.ended"],
  ["playback_started", "call.playback.started"],
  ["playback_ended", "call.playback.ended"],
  ["speak_started", "call.speak.started"],
  ["speak_ended", "call.speak.ended"],
  ["recording_saved", "call.recording.saved"],
  ["fork_started", "call.fork.started"],
  ["fork_stopped", "call.fork.stopped"],
  ["machine_detection_ended", "call.machine.detection.ended"],
  ["machine_greeting_ended", "call.machine.greeting.ended"],
  ["conference_created", "conference.created"],
  ["conference_ended", "conference.ended"],
]);

/** Any of these makes a body one of TeXML's. */
const texmlIds = ["CallSid", "ConferenceSid", "RecordingSid", "QueueSid", "TranscriptionSid"];

/** A foreign word that may become part of a name of ours. */
const segment = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

const joined = (name: string, last: unknown): string =>
  typeof last === "string" && segment.test(last) ? `${name}.${last}` : name;

function texmlTypeOf(fields: Fields): string | undefined {
  if (!texmlIds.some((id) => nameIn(fields[id]) !== undefined)) return undefined;
  if (nameIn(fields.RecordingSid) && nameIn(fields.RecordingStatus)) {
    return joined("texml.recording", fields.RecordingStatus);
  }
  if (nameIn(fields.ConferenceSid)) return joined("texml.conference", fields.StatusCallbackEvent);
  const source = fields.CallbackSource ?? "call-progress-events";
  if (source !== "call-progress-events") return joined("texml", source);
  return joined("texml.call", fields.CallStatus);
}

/** States of an outbound message before its last one. */
const unfinished: ReadonlySet<unknown> = new Set(["queued", "sending", "sent"]);

function v1MessageTypeOf(fields: Fields): string | undefined {
  if (nameIn(fields.sms_id) === undefined) return undefined;
  if (fields.direction !== "outbound") return "message.received";
  return unfinished.has(fields.status) ? "message.sent" : "message.finalized";
}

function flat10dlcTypeOf(fields: Fields): string | undefined {
  if (nameIn(fields.campaignId)) return "10dlc.campaign_status_update";
  return nameIn(fields.brandId) && "10dlc.brand_status_update";
}

function recordTypeOf(fields: Fields): string | undefined {
  const besidePayload = isFields(fields.payload) || isFields(fields.metadata);
  return nameIn(fields.record_type) ?? (besidePayload ? nameIn(fields.name) : undefined);
}

/** The type of an event; nothing if no field says that this is one. */
export function typeOf(fields: Fields): string | undefined {
  const given = nameIn(fields.event_type);
  if (given !== undefined) return v1Types.get(given) ?? given;
  return texmlTypeOf(fields) ?? v1MessageTypeOf(fields) ?? flat10dlcTypeOf(fields) ??
    recordTypeOf(fields);
}

/** Telnyx waits for what these are answered: an AI assistant's greeting, its variables. */
const answered: readonly string[] = ["assistant.initialization", "dynamic_variables"];

/** Whether a webhook of this type asks for an answer of its own, beyond that it was received. */
export const wantsAnswer = (type: string): boolean => answered.includes(type);
