/**
 * Reading an answer, to a bound: what a backend says beyond it, or too slowly, is not waited for.
 * Its status says enough, except where a body that could name failures is not known whole: then
 * it is as if nothing had been answered.
 */
import { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { gunzipSync, inflateSync } from "node:zlib";
import type { Answered } from "../pipeline/verdict.ts";
import type { Deadline } from "./deadline.ts";

/** An answer longer than this is not read to its end. */
const readBytesMax = 256 * 1_024;
/** So much of its text is kept. */
const keptBytesMax = 2 * 1_024;

interface Came {
  readonly bytes: Uint8Array;
  readonly whole: boolean;
}

interface Read {
  readonly text: string;
  readonly whole: boolean;
}

async function receive(response: IncomingMessage, { signal }: Deadline): Promise<Came> {
  // Copied as it comes: a list of pieces of one byte each would cost a hundred times their size.
  let bytes = Buffer.alloc(0);
  let length = 0;
  let whole = true;
  try {
    for await (const piece of response as AsyncIterable<Uint8Array>) {
      whole = length + piece.byteLength <= readBytesMax;
      if (!whole) break;
      if (length + piece.byteLength > bytes.byteLength) {
        const grown = Buffer.alloc(Math.max(1_024, 2 * (length + piece.byteLength)));
        bytes.copy(grown, 0, 0, length);
        bytes = grown;
      }
      bytes.set(piece, length);
      length += piece.byteLength;
    }
  } catch {
    whole = false;
  }
  // Where no length was told, an answer that we cut off looks like one that ended.
  return { bytes: bytes.subarray(0, length), whole: whole && !signal.aborted };
}

type Decode = (bytes: Uint8Array, options: { readonly maxOutputLength: number }) => Uint8Array;

/** Some backends compress although they were asked not to. */
const decoders: Readonly<Record<string, Decode>> = {
  gzip: gunzipSync,
  "x-gzip": gunzipSync,
  deflate: inflateSync,
};

/** The text of an answer; undefined: it is encoded in a way that we do not know. */
function textOf({ headers }: IncomingMessage, { bytes, whole }: Came): string | undefined {
  const coding = (headers["content-encoding"] ?? "").trim().toLowerCase();
  const decode = Object.hasOwn(decoders, coding) ? decoders[coding] : undefined;
  try {
    const plain = decode === undefined || bytes.byteLength === 0
      ? bytes
      : decode(bytes, { maxOutputLength: readBytesMax });
    const isCertain = coding === "" || coding === "identity" || decode !== undefined;
    return new TextDecoder("utf-8", { fatal: whole && !isCertain }).decode(plain);
  } catch {
    return undefined;
  }
}

/** A copy, so that the rest of the text is not kept for the sake of its beginning. */
function beginningOf(text: string): string {
  const bytes = Buffer.from(text.slice(0, keptBytesMax)).subarray(0, keptBytesMax);
  return new TextDecoder().decode(bytes, { stream: true });
}

const isObject = (text: string) => text.trimStart().startsWith("{");

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** A body that ends where its connection does may have ended there by accident. */
function isCut({ headers }: IncomingMessage, { text, whole }: Read): boolean {
  const isJsonByName = /\bjson\b/i.test(headers["content-type"] ?? "");
  if (!whole) return isJsonByName || isObject(text);
  const isDelimited = "content-length" in headers || "transfer-encoding" in headers;
  return !isDelimited && isObject(text) && !isJson(text);
}

/** Reads an answer. Resolves with what it says, or why that is not known; never rejects. */
export async function readAnswer(
  response: IncomingMessage,
  deadline: Deadline,
): Promise<Answered> {
  const came = await receive(response, deadline);
  const { statusCode: status = 0, headers: { "retry-after": retryAfter } } = response;
  const text = textOf(response, came);
  const isAccepting = status >= 200 && status < 300;
  if (isAccepting && text === undefined) return { error: deadline.error() ?? "answer encoded" };
  const read = { text: text ?? "", whole: came.whole };
  const kept = read.text === "" ? {} : { text: beginningOf(read.text) };
  if (isAccepting && isCut(response, read)) {
    return { error: deadline.error() ?? "answer cut off", ...kept };
  }
  const body = isAccepting && came.whole && read.text !== "" ? { body: read.text } : {};
  return { status, ...(retryAfter === undefined ? {} : { retryAfter }), ...kept, ...body };
}
