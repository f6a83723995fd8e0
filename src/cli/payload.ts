/** What a payload says, for people. */
import { Buffer } from "node:buffer";
import { type Fields, isFields } from "../telnyx/fields.ts";
import { numberIn, textIn } from "./fields.ts";
import { printable } from "./text.ts";

/** A payload, read. */
export interface Payload {
  readonly type: string;
  readonly id: string;
  readonly tenant: string;
  readonly sequence: number;
  readonly reason: string;
  readonly count: number;
  readonly events: readonly Fields[];
  /** Of each event. */
  readonly types: readonly string[];
}

/** Ours have a type that no event of Telnyx has. */
const isOurs = (read: unknown): read is Fields =>
  isFields(read) && /^(aggregator|telnyx)\.[a-z]+$/.test(String(read["type"]));

/** Undefined for what is not an envelope of ours. */
export function readPayload(body: Uint8Array): Payload | undefined {
  let read: unknown;
  try {
    read = JSON.parse(Buffer.from(body).toString("utf8"));
  } catch {
    return undefined;
  }
  if (!isOurs(read)) return undefined;
  const listOf = (value: unknown) => Array.isArray(value) ? value.filter(isFields) : [];
  const window = isFields(read["window"]) ? read["window"] : {};
  return {
    type: textIn(read, "type"),
    id: textIn(read, "id"),
    tenant: textIn(read, "tenant"),
    sequence: numberIn(read, "sequence"),
    reason: textIn(window, "reason"),
    count: numberIn(read, "count"),
    events: listOf(read["events"]),
    types: listOf(read["routing"]).map((routing) => textIn(routing, "event_type")),
  };
}

/** What the headers say, where the body is the events alone; undefined where they say nothing. */
export function payloadTold(headers: ReadonlyMap<string, string>): Payload | undefined {
  const told = (name: string) => printable(headers.get(name) ?? "-");
  if (!headers.has("x-aggregator-tenant")) return undefined;
  return {
    type: "aggregator.batch",
    id: told("webhook-id"),
    tenant: told("x-aggregator-tenant"),
    sequence: Number(headers.get("x-aggregator-sequence") ?? 0),
    reason: told("x-aggregator-reason"),
    count: Number(headers.get("x-aggregator-count") ?? 0),
    events: [],
    types: [],
  };
}

/** `call.dtmf.received ×2, call.hangup` */
export function typesText(types: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const type of types) counts.set(type, (counts.get(type) ?? 0) + 1);
  return [...counts].map(([type, count]) => count === 1 ? type : `${type} ×${count}`).join(", ");
}

/** An event's own id, as Telnyx gives it. */
export function eventIdOf(event: Fields): string | undefined {
  const data = isFields(event["data"]) ? event["data"] : event;
  return typeof data["id"] === "string" ? printable(data["id"]) : undefined;
}
