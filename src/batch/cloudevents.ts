/**
 * The layout `cloudevents/1`: a batch of CloudEvents 1.0 in JSON. An event's `source` is the
 * connection or messaging profile that Telnyx names in it.
 *
 * What is read of an event is read here and nowhere else, so that learning more about Telnyx's
 * events never changes the bytes of a batch that is sealed. A change is a new layout with a new
 * name.
 */
import { Buffer } from "node:buffer";
import { type Fields, isFields } from "../telnyx/fields.ts";
import { joined, type Member, type Rendering, trimmed } from "./member.ts";

const comma = Buffer.from(",");

/** Where the fields of an event are, in whatever it came. */
function payloadIn(root: Fields): Fields {
  const wrapped = isFields(root.metadata) ? root.metadata.event : undefined;
  const event = [root.data, wrapped].find(isFields) ?? root;
  return isFields(event.payload) ? event.payload : event;
}

const idIn = (value: unknown) =>
  typeof value === "string" && value !== "" && value.length <= 255 && value.isWellFormed()
    ? value
    : undefined;

/** `/telnyx/1293384261075731499`; a URI reference, whatever the id is. */
function sourceOf(raw: Uint8Array): string {
  const root: unknown = JSON.parse(Buffer.from(raw).toString("utf8"));
  if (!isFields(root)) return "/telnyx";
  const { connection_id, ConnectionId, messaging_profile_id } = payloadIn(root);
  const id = idIn(connection_id) ?? idIn(ConnectionId) ?? idIn(messaging_profile_id);
  return id === undefined ? "/telnyx" : `/telnyx/${encodeURIComponent(id)}`;
}

/** When it happened, unless that is no year that RFC 3339 can write. */
function timeOf({ occurredAt, receivedAt }: Member["event"]): string {
  const at = occurredAt ?? receivedAt;
  const year = new Date(at).getUTCFullYear();
  return new Date(year >= 0 && year <= 9_999 ? at : receivedAt).toISOString();
}

/** Everything before an event's own text. */
function attributesOf({ event, raw }: Member): string {
  const text = JSON.stringify({
    specversion: "1.0",
    id: event.id,
    source: sourceOf(raw),
    type: `com.telnyx.${event.type}`,
    time: timeOf(event),
    datacontenttype: "application/json",
  });
  return `${text.slice(0, -1)},"data":`;
}

function partOf(member: Member): Uint8Array {
  return Buffer.concat([
    Buffer.from(attributesOf(member)),
    trimmed(member.raw),
    Buffer.from("}"),
  ]);
}

/** `cloudevents/1`. */
export const cloudevents: Rendering = {
  contentType: "application/cloudevents-batch+json",
  frameBytesOf: () => 2,
  bytesOf: (member) => partOf(member).byteLength + 1,
  render: (_, members) =>
    Buffer.concat([Buffer.from("["), ...joined(members.map(partOf), comma), Buffer.from("]")]),
};
