/**
 * The layout `envelope/1`: the bytes of a batch, made from its head and its members.
 *
 * Events stand in it byte for byte as they came. The same head and members always give the same
 * bytes, in this and in every later version: batches sealed before an upgrade are rendered after
 * it. A change of the text below is a new layout with a new name.
 */
import { Buffer } from "node:buffer";
import type { BatchHead, Layout } from "../batch.ts";
import { type Event, type Owner, routingOf } from "../event.ts";

/** The layout made here. */
export const envelopeLayout: Layout = "envelope/1";

/** One event of a batch. */
export interface Member {
  readonly event: Event;
  readonly owner: Owner;
  /** The JSON text as received, or what stands for it; white space around it does not matter. */
  readonly raw: Uint8Array;
}

const isSpace = (byte: number | undefined) =>
  byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

/** A JSON text from its first to its last character: without the white space around it. */
export function trimmed(text: Uint8Array): Uint8Array {
  let start = 0;
  let end = text.byteLength;
  while (start < end && isSpace(text[start])) start++;
  while (end > start && isSpace(text[end - 1])) end--;
  return text.subarray(start, end);
}

const isoOf = (at: number) => new Date(at).toISOString();

/** Everything before the first event. */
function opening(head: BatchHead, count: number): string {
  const text = JSON.stringify({
    type: "aggregator.batch",
    version: 1,
    id: head.id,
    stream: head.stream,
    tenant: head.tenant,
    sequence: head.sequence,
    previous_id: head.previousId ?? null,
    ...(head.continues === undefined ? {} : { continues: head.continues }),
    timestamp: isoOf(head.sealedAt),
    window: {
      opened_at: isoOf(head.openedAt),
      closed_at: isoOf(head.sealedAt),
      reason: head.reason,
    },
    count,
  });
  return `${text.slice(0, -1)},"events":[`;
}

const between = '],"routing":[';
const closing = "]}";

/** What one event adds to a payload: itself, its routing and a comma after each. */
export function envelopeBytesOf(member: Member): number {
  const routing = JSON.stringify(routingOf(member.event, member.owner));
  return trimmed(member.raw).byteLength + Buffer.byteLength(routing) + 2;
}

/** What a payload has besides its events, for at most `countMax` of them. */
export function envelopeFrameBytesOf(head: BatchHead, countMax: number): number {
  const text = opening(head, countMax);
  return Buffer.byteLength(text) + between.length + closing.length;
}

/** The payload of a batch. */
export function renderEnvelope(head: BatchHead, members: readonly Member[]): Uint8Array {
  const comma = Buffer.from(",");
  const parts: Uint8Array[] = [Buffer.from(opening(head, members.length))];
  for (const [index, { raw }] of members.entries()) {
    if (index > 0) parts.push(comma);
    parts.push(trimmed(raw));
  }
  const routing = members.map(({ event, owner }) => JSON.stringify(routingOf(event, owner)));
  parts.push(Buffer.from(between + routing.join(",") + closing));
  return Buffer.concat(parts);
}
