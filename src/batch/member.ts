/** One event of a batch, and what every layout does with the text of one. */
import type { BatchHead } from "../batch.ts";
import type { Event, Owner } from "../event.ts";

/** One event of a batch. */
export interface Member {
  readonly event: Event;
  readonly owner: Owner;
  /** The JSON text as received, or what stands for it; white space around it does not matter. */
  readonly raw: Uint8Array;
  /** The body as received, where `raw` only stands for it. */
  readonly form?: Uint8Array;
  /** Telnyx's `timestamp signature` of the body, as received. */
  readonly proof: string;
}

/**
 * How the bytes of a batch are made. The same head and members always give the same bytes, in
 * this and in every later version: batches sealed before an upgrade are rendered after it.
 */
export interface Rendering {
  readonly contentType: string;
  /** Members that a payload has room for; absent: no bound but its bytes. */
  readonly membersMax?: number;
  /** What a payload has besides its events, for at most `countMax` of them. */
  frameBytesOf(head: BatchHead, countMax: number): number;
  /** What one event adds to a payload, at most. */
  bytesOf(member: Member): number;
  render(head: BatchHead, members: readonly Member[]): Uint8Array;
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

const quote = 0x22;
const backslash = 0x5c;

/** A JSON text without white space outside its strings: one line, otherwise byte for byte. */
export function minified(text: Uint8Array): Uint8Array {
  const kept = new Uint8Array(text.byteLength);
  let length = 0;
  let inString = false;
  let escaped = false;
  for (const byte of text) {
    if (!inString && isSpace(byte)) continue;
    kept[length++] = byte;
    if (byte === quote && !escaped) inString = !inString;
    escaped = inString && byte === backslash && !escaped;
  }
  return kept.subarray(0, length);
}

/** These, with a text between each two. */
export function joined(parts: readonly Uint8Array[], between: Uint8Array): Uint8Array[] {
  const all: Uint8Array[] = [];
  for (const part of parts) {
    if (all.length > 0) all.push(between);
    all.push(part);
  }
  return all;
}
