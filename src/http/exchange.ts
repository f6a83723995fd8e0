/**
 * One HTTP request and its answer, under one absolute deadline: an endpoint that drips does not
 * extend it. What comes back is read to a bound and kept to a smaller one. Never rejects.
 */
import { Buffer } from "node:buffer";
import http, { type IncomingMessage } from "node:http";
import https from "node:https";
import { messageOf, systemCodeOf } from "../errors.ts";
import type { Answered } from "../pipeline/verdict.ts";

/** An answer longer than this is not read to its end. */
const readBytesMax = 256 * 1_024;
/** Interim answers (1xx) before the real one: a flood of them would cost everybody else time. */
const interimMax = 16;
/** So much of its text is kept. */
const keptBytesMax = 2 * 1_024;

/** One request to be made. */
export interface ExchangeOptions {
  readonly url: URL;
  readonly agent: http.Agent;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly body: Uint8Array;
  readonly timeoutMs: number;
}

interface Read {
  readonly text: string;
  readonly whole: boolean;
}

async function readAnswer(response: IncomingMessage, deadline: AbortSignal): Promise<Read> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  let kept = 0;
  let whole = true;
  try {
    for await (const piece of response as AsyncIterable<Uint8Array>) {
      length += piece.byteLength;
      if (length > readBytesMax) {
        whole = false;
        break;
      }
      if (kept < keptBytesMax) pieces.push(piece.subarray(0, keptBytesMax - kept));
      kept += Math.min(piece.byteLength, keptBytesMax - kept);
    }
  } catch {
    whole = false;
  }
  // Where no length was told, an answer that we cut off looks like one that ended.
  if (deadline.aborted) whole = false;
  return { text: Buffer.concat(pieces).toString("utf8"), whole };
}

const isJson = (response: IncomingMessage) =>
  /\bjson\b/i.test(response.headers["content-type"] ?? "");

function answeredOf(response: IncomingMessage, { text, whole }: Read, late: boolean): Answered {
  const status = response.statusCode ?? 0;
  const retryAfter = response.headers["retry-after"];
  const kept = text === "" ? {} : { text };
  // A 2xx that might have named failures, had we read it, says nothing.
  if (status >= 200 && status < 300 && !whole && isJson(response)) {
    return { error: late ? "timeout" : "answer cut off", ...kept };
  }
  return { status, ...(retryAfter === undefined ? {} : { retryAfter }), ...kept };
}

/** Closes the connections that nobody uses. */
export function closeIdle(agent: http.Agent): void {
  for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy();
}

/** Why there is no answer, in a word; never the endpoint's own text. */
function reasonOf(error: unknown, late: boolean): string {
  if (late) return "timeout";
  return systemCodeOf(error) ?? messageOf(error);
}

function attempt(options: ExchangeOptions, signal: AbortSignal): Promise<IncomingMessage> {
  const { url, agent, headers, body } = options;
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const { request } = url.protocol === "https:" ? https : http;
  const sent = request(url, { method: "POST", agent, headers, signal });
  sent.once("response", (response) => {
    // Answered before all was sent, by one who reads no more: nobody else would free the socket.
    response.once("close", () => sent.writableFinished || sent.destroy());
    resolve(response);
  });
  let interim = 0;
  sent.on("information", () => {
    interim += 1;
    if (interim > interimMax) sent.destroy(new Error("too many interim answers"));
  });
  // A request that still waits for a socket does not hear that its time is over.
  signal.addEventListener("abort", () => reject(new Error("timeout")), { once: true });
  sent.on("error", (error) => {
    // A kept connection that the other side had just closed: nothing was answered, try a new one.
    const stale = sent.reusedSocket && systemCodeOf(error) === "ECONNRESET" && !signal.aborted;
    reject(stale ? new StaleConnection() : error);
  });
  // Some ends come without an error: an answer that changes the protocol, for one.
  sent.once("close", () => reject(new Error("The connection was closed")));
  sent.end(body);
  return promise;
}

class StaleConnection extends Error {
  readonly code = "ECONNRESET";
}

async function attemptFresh(options: ExchangeOptions, signal: AbortSignal) {
  try {
    return await attempt(options, signal);
  } catch (error) {
    if (!(error instanceof StaleConnection)) throw error;
    closeIdle(options.agent);
    return await attempt(options, signal);
  }
}

/** Makes the request. Resolves with its answer, or with why there is none. */
export async function exchange(
  options: ExchangeOptions,
): Promise<Answered & { readonly tookMs: number }> {
  const startedAt = performance.now();
  const tookMs = () => performance.now() - startedAt;
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), options.timeoutMs);
  try {
    const response = await attemptFresh(options, deadline.signal);
    const read = await readAnswer(response, deadline.signal);
    return { ...answeredOf(response, read, deadline.signal.aborted), tookMs: tookMs() };
  } catch (error) {
    return { error: reasonOf(error, deadline.signal.aborted), tookMs: tookMs() };
  } finally {
    clearTimeout(timer);
  }
}
