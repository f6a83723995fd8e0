/**
 * The course of a call, message or fax: which event opens it, which is its last, and which events
 * are states of the same message.
 */
import type { Envelope } from "./envelope.ts";
import { isFields, nameIn } from "./fields.ts";
import { messageKeyOf } from "./joins.ts";

/** The beginning of a leg, or the end of a leg, message or fax. */
export type Stage = "begins" | "ends";

const stages: ReadonlyMap<string, Stage> = new Map([
  ["call.initiated", "begins"],
  ["texml.call.initiated", "begins"],
  ["call.hangup", "ends"],
  ["texml.call.completed", "ends"],
  ["texml.call.busy", "ends"],
  ["texml.call.failed", "ends"],
  ["texml.call.no-answer", "ends"],
  ["texml.call.canceled", "ends"],
  ["message.received", "ends"],
  ["message.finalized", "ends"],
  ["message.delivered", "ends"],
  ["message.failed", "ends"],
  ["fax.received", "ends"],
  ["fax.delivered", "ends"],
  ["fax.failed", "ends"],
]);

/** Nothing for what lies between, and for whatever has no course. */
export const stageOf = (type: string): Stage | undefined => stages.get(type);

/** `message.read` is none of them: it comes after the last and does not repeat what that told. */
const states: ReadonlySet<string> = new Set([
  "message.queued",
  "message.sent",
  "message.finalized",
  "message.delivered",
  "message.failed",
]);

/** Of one message; a message to more has no state, so that nothing of it is left out. */
const recipientsMax = 100;

const recipientOf = (party: unknown): string | undefined =>
  isFields(party) ? nameIn(party.phone_number) ?? nameIn(party.agent_id) : nameIn(party);

/**
 * Equal for two events that are states of one outbound message to the same recipients: of a group
 * message each recipient's last state counts. Nothing where a recipient cannot be told.
 */
export function stateOf(envelope: Envelope): string | undefined {
  const { type, payload } = envelope;
  if (!states.has(type) || payload.direction === "inbound") return undefined;
  const message = messageKeyOf(envelope);
  const recipients = Array.isArray(payload.to) ? payload.to : [payload.to];
  if (message === undefined || recipients.length > recipientsMax) return undefined;
  const names = recipients.map(recipientOf).filter((name) => name !== undefined);
  if (names.length === 0 || names.length < recipients.length) return undefined;
  return `${message} ${names.sort().join(" ")}`;
}
