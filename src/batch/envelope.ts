/**
 * The layouts `envelope/1` and `envelope/1+proof`: the events of a batch, and beside them what is
 * known of the batch and of each event.
 *
 *     {…head, "events":[event,…], "routing":[routing,…]}
 *
 * Events stand in it byte for byte as they came. With proof each routing has Telnyx's signature
 * and says where the signed bytes are: between two offsets in the payload, or, for a form, in
 * `body`. A change of the texts below is a new layout with a new name.
 */
import { Buffer } from "node:buffer";
import type { BatchHead, Layout } from "../batch.ts";
import { type Routing, routingOf } from "../event.ts";
import { joined, type Member, type Rendering, trimmed } from "./member.ts";

/** The layout that is made where nothing else is wanted. */
export const envelopeLayout: Layout = "envelope/1";

const isoOf = (at: number) => new Date(at).toISOString();

/** Everything before the first event. */
function opening(head: BatchHead, count: number): string {
  const { continues, retryOf, replayOf } = head;
  const text = JSON.stringify({
    type: "aggregator.batch",
    version: 1,
    id: head.id,
    stream: head.stream,
    tenant: head.tenant,
    sequence: head.sequence,
    previous_id: head.previousId ?? null,
    ...(continues === undefined ? {} : { continues }),
    ...(retryOf === undefined ? {} : { retry_of: retryOf }),
    ...(replayOf === undefined ? {} : { replay_of: replayOf }),
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

const comma = Buffer.from(",");
const between = '],"routing":[';
const closing = "]}";

/** What one event adds to a payload: itself, its routing and a comma after each. */
export function envelopeBytesOf({ event, owner, raw }: Omit<Member, "form" | "proof">): number {
  const routing = JSON.stringify(routingOf(event, owner));
  return trimmed(raw).byteLength + Buffer.byteLength(routing) + 2;
}

function frameBytesOf(head: BatchHead, countMax: number): number {
  const text = opening(head, countMax);
  return Buffer.byteLength(text) + between.length + closing.length;
}

/** `routingAt` tells an event's routing from where it begins in the payload. */
function renderWith(
  head: BatchHead,
  members: readonly Member[],
  textOf: (member: Member) => Uint8Array,
  routingAt: (member: Member, start: number) => Routing,
): Uint8Array {
  const before = Buffer.from(opening(head, members.length));
  const texts = members.map(textOf);
  const routings: string[] = [];
  let start = before.byteLength;
  for (const [index, member] of members.entries()) {
    routings.push(JSON.stringify(routingAt(member, start)));
    start += (texts[index]?.byteLength ?? 0) + comma.byteLength;
  }
  const after = Buffer.from(between + routings.join(",") + closing);
  return Buffer.concat([before, ...joined(texts, comma), after]);
}

/** `envelope/1`. */
export const envelope: Rendering = {
  contentType: "application/json",
  frameBytesOf,
  bytesOf: envelopeBytesOf,
  render: (head, members) =>
    renderWith(
      head,
      members,
      ({ raw }) => trimmed(raw),
      ({ event, owner }) => routingOf(event, owner),
    ),
};

/** What a receiver needs to verify Telnyx's own signature. */
interface ProvenRouting extends Routing {
  readonly telnyx_timestamp: string;
  readonly telnyx_signature: string;
  /** Where the signed bytes begin and end in the payload. */
  readonly span?: readonly [number, number];
  /** The signed text, where it is a form. */
  readonly body?: string;
}

function provenRoutingOf({ event, owner, raw, form, proof }: Member, start: number): ProvenRouting {
  const [timestamp = "", signature = ""] = proof.split(" ");
  return {
    ...routingOf(event, owner),
    telnyx_timestamp: timestamp,
    telnyx_signature: signature,
    ...(form === undefined
      ? { span: [start, start + raw.byteLength] }
      : { body: Buffer.from(form).toString("utf8") }),
  };
}

/** No payload is as long as this: an offset has at most so many digits. */
const offsetMax = 999_999_999;

/** `envelope/1+proof`: the white space around an event is signed too, and stays. */
export const provenEnvelope: Rendering = {
  contentType: "application/json",
  frameBytesOf,
  bytesOf(member) {
    const routing = JSON.stringify(provenRoutingOf(member, offsetMax));
    return member.raw.byteLength + Buffer.byteLength(routing) + 2;
  },
  render: (head, members) => renderWith(head, members, ({ raw }) => raw, provenRoutingOf),
};
