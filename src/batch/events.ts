/**
 * The layouts that are the events alone: `array/1`, `ndjson/1`, and `single/1`, which is one
 * event's body as it came. What is known of the batch is in the headers. A change of what these
 * make is a new layout with a new name.
 */
import { Buffer } from "node:buffer";
import { joined, type Member, minified, type Rendering, trimmed } from "./member.ts";

const comma = Buffer.from(",");
const newline = Buffer.from("\n");

const textOf = ({ raw }: Member) => trimmed(raw);
const lineOf = ({ raw }: Member) => minified(raw);
const bodyOf = ({ raw, form }: Member) => form ?? raw;

/** `array/1`: each event from its first to its last character. */
export const array: Rendering = {
  contentType: "application/json",
  frameBytesOf: () => 2,
  bytesOf: (member) => textOf(member).byteLength + 1,
  render: (_, members) =>
    Buffer.concat([Buffer.from("["), ...joined(members.map(textOf), comma), Buffer.from("]")]),
};

/** `ndjson/1`: a line for each event. */
export const ndjson: Rendering = {
  contentType: "application/x-ndjson",
  frameBytesOf: () => 0,
  bytesOf: (member) => lineOf(member).byteLength + 1,
  render: (_, members) => Buffer.concat(members.flatMap((member) => [lineOf(member), newline])),
};

/** `single/1` and, where the body is a form, `single/1+form`. */
export const singleOf = (contentType: string): Rendering => ({
  contentType,
  membersMax: 1,
  frameBytesOf: () => 0,
  bytesOf: (member) => bodyOf(member).byteLength,
  render: (_, members) => Buffer.concat(members.map(bodyOf)),
});
