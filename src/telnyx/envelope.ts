/**
 * A body, opened. Telnyx wraps its events in nine ways; what is inside looks the same afterwards:
 *
 *     {data: event, meta}  {data: event}  event  {data: fields}  flat v1  {metadata: {event}}
 *     flat 10DLC           link_clicked   a TeXML form
 *           └────────────▶ type · id · when · event · payload · content
 *
 * A body is parked, not an event, when it is not UTF-8, not one JSON object (forms excepted),
 * nested deeper than 200, or when nothing in it names an event: neither in `data`, nor in
 * `metadata.event`, nor at the top is there an `event_type`, a `record_type`, a `name` beside a
 * payload, or a field that only TeXML, a v1 message or a flat 10DLC body has.
 */
import { canonicalFields, isDeeperThan } from "./canonical.ts";
import { type Fields, isFields, nameIn } from "./fields.ts";
import { isForm, readForm } from "./form.ts";
import { typeOf } from "./types.ts";

/** One event, out of whatever it came in. */
export interface Envelope {
  /** Telnyx's `data.id`: the same on every attempt. */
  readonly id?: string;
  /** Telnyx's name of it, or one of ours where it has none (`types.ts`). */
  readonly type: string;
  /** In epoch ms; absent where Telnyx does not tell, or not a time. */
  readonly occurredAt?: number;
  readonly event: Fields;
  /** The event itself where its fields are its payload. */
  readonly payload: Fields;
  /** The URL that Telnyx sent it to. */
  readonly deliveredTo?: string;
  /** Of a form only: a JSON object of its fields; repeated ones are lists. */
  readonly json?: Uint8Array;
  /** Equal for two bodies that say the same; what changes per attempt is left out. */
  readonly content: string;
  /** Somewhere in it there is a link that says when it ends. */
  readonly presigned?: true;
}

/** Arrays and objects within each other. */
const depthMax = 200;
const urlLengthMax = 2048;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function textOf(body: Uint8Array): string | undefined {
  try {
    return utf8.decode(body);
  } catch {
    return undefined;
  }
}

function objectIn(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) && !isDeeperThan(depthMax, value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Where the event lies in a body, and what its attempt says of itself. */
interface Opened {
  readonly event: Fields;
  readonly type: string;
  readonly meta: unknown;
  readonly content: string;
}

function open(root: Fields): Opened | undefined {
  const { data, meta, metadata } = root;
  const inData = isFields(data) ? typeOf(data) : undefined;
  if (isFields(data) && inData !== undefined) {
    return { event: data, type: inData, meta, content: canonicalFields(root, "meta") };
  }
  const wrapped = isFields(metadata) && isFields(metadata.event) ? metadata.event : undefined;
  const inWrapper = wrapped && typeOf(wrapped);
  if (wrapped && inWrapper !== undefined) {
    // The wrapper tells of one attempt throughout, so only the event counts.
    return { event: wrapped, type: inWrapper, meta: metadata, content: canonicalFields(wrapped) };
  }
  const type = typeOf(root);
  if (type === undefined) return undefined;
  return { event: root, type, meta, content: canonicalFields(root, "meta") };
}

/** With a space, without a zone, or with microseconds: all have been seen. */
const timeText = new RegExp(
  "^([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2}:[0-9]{2})" +
    "(?:\\.([0-9]+))?(Z|[+-][0-9]{2}:?[0-9]{2})?$",
);

function timeIn(value: unknown): number | undefined {
  if (typeof value !== "string" || value.length > 64) return undefined;
  const parts = timeText.exec(value);
  if (parts === null) return undefined;
  const [, day, time, fraction = "0", zone = "Z"] = parts;
  const at = Date.parse(`${day}T${time}.${fraction.slice(0, 3)}${zone}`);
  return at >= 0 ? at : undefined;
}

function occurredAtOf(event: Fields, payload: Fields): number | undefined {
  return timeIn(event.occurred_at) ?? timeIn(payload.occurred_at) ??
    // Conference events of older revisions spell it so.
    timeIn(payload.occured_at) ??
    timeIn(event.created_at) ?? timeIn(event.time_clicked) ?? timeIn(event.Timestamp) ??
    timeIn(event.date_updated);
}

function described(opened: Opened): Envelope {
  const { event, type, meta, content } = opened;
  const payload = isFields(event.payload) ? event.payload : event;
  const id = nameIn(event.id);
  const occurredAt = occurredAtOf(event, payload);
  const deliveredTo = isFields(meta) ? nameIn(meta.delivered_to, urlLengthMax) : undefined;
  return {
    type,
    event,
    payload,
    content,
    ...(id !== undefined && { id }),
    ...(occurredAt !== undefined && { occurredAt }),
    ...(deliveredTo !== undefined && { deliveredTo }),
  };
}

function describedForm(fields: Fields): Envelope | undefined {
  const type = typeOf(fields);
  if (type === undefined) return undefined;
  const opened = { event: fields, type, meta: undefined, content: canonicalFields(fields) };
  return { ...described(opened), json: new TextEncoder().encode(JSON.stringify(fields)) };
}

/** As AWS writes it, and in lower case. */
const isPresigned = (text: string) =>
  text.includes("X-Amz-Expires") || text.includes("x-amz-expires");

function marked(text: string, envelope: Envelope | undefined): Envelope | undefined {
  return envelope && isPresigned(text) ? { ...envelope, presigned: true } : envelope;
}

/** Opens a verified body; nothing if it is to be parked. Never throws. */
export function readEnvelope(
  body: Uint8Array,
  contentType: string | undefined,
): Envelope | undefined {
  const text = textOf(body);
  if (text === undefined) return undefined;
  if (isForm(text, contentType)) {
    const fields = readForm(text);
    return marked(text, fields && describedForm(fields));
  }
  const root = objectIn(text);
  const opened = root && open(root);
  return marked(text, opened && described(opened));
}
