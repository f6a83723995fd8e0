/**
 * Reading an answer, to a bound: what a backend says beyond it, or too slowly, is not waited for.
 * Its status says enough, except where a body that could name failures is not known whole: then
 * it is as if nothing had been answered. What cannot be decoded could name them where it is JSON by
 * its content type; all else goes by its status, or who always encodes would never accept anything.
 */
import { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import type { Answered } from "../pipeline/verdict.ts";
import type { Deadline } from "./deadline.ts";
import { type Came, decoded, textBytesMax } from "./decoding.ts";

/** So much of its text is kept. */
const keptBytesMax = 2 * 1_024;

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
      whole = length + piece.byteLength <= textBytesMax;
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

const isJsonByName = ({ headers }: IncomingMessage) =>
  /\bjson\b/i.test(headers["content-type"] ?? "");

/** A body that ends where its connection does may have ended there by accident. */
function isCut(response: IncomingMessage, { text, whole }: Read): boolean {
  if (!whole) return isJsonByName(response) || isObject(text);
  const { headers } = response;
  const isDelimited = "content-length" in headers || "transfer-encoding" in headers;
  return !isDelimited && isObject(text) && !isJson(text);
}

/** Why a body that could name failures is not known; undefined: it is, or it could not. */
function unknownIn(response: IncomingMessage, { whole }: Came, text: string | undefined) {
  if (text !== undefined) return isCut(response, { text, whole }) ? "answer cut off" : undefined;
  if (!isJsonByName(response)) return undefined;
  return whole ? "answer encoded" : "answer cut off";
}

/** Reads an answer. Resolves with what it says, or why that is not known; never rejects. */
export async function readAnswer(
  response: IncomingMessage,
  deadline: Deadline,
): Promise<Answered> {
  const came = await receive(response, deadline);
  const { statusCode: status = 0, headers } = response;
  const text = decoded(came, headers["content-encoding"]);
  const isAccepting = status >= 200 && status < 300;
  const unknown = isAccepting ? unknownIn(response, came, text) : undefined;
  const kept = text ? { text: beginningOf(text) } : {};
  if (unknown !== undefined) return { error: deadline.error() ?? unknown, ...kept };
  const body = isAccepting && came.whole && text ? { body: text } : {};
  const retryAfter = headers["retry-after"];
  return { status, ...(retryAfter === undefined ? {} : { retryAfter }), ...kept, ...body };
}
