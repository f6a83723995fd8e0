/**
 * One HTTP request and its answer, under one absolute deadline: an endpoint that drips does not
 * extend it. However it ends, its connection is either whole, and may be used again, or closed.
 * Never rejects.
 */
import http, { type IncomingMessage } from "node:http";
import https from "node:https";
import type { Socket } from "node:net";
import { messageOf, systemCodeOf } from "../errors.ts";
import type { Answered } from "../pipeline/verdict.ts";
import { readAnswer } from "./answer.ts";
import { type Deadline, openDeadline } from "./deadline.ts";

/** Until a connection stands, its TLS handshake included; less where the whole time is less. */
export const connectMsMax = 10_000;
/** Interim answers (1xx) before the real one: a flood of them would cost everybody else time. */
const interimMax = 16;

/** One request to be made. */
export interface ExchangeOptions {
  readonly url: URL;
  readonly agent: http.Agent;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly body: Uint8Array;
  /** For connecting, the answer's headers and its body together. */
  readonly timeoutMs: number;
  /** For connecting alone, instead of the usual bound. */
  readonly connectMsMax?: number;
}

/** Closes the connections that nobody uses. */
export function closeIdle(agent: http.Agent): void {
  for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy();
}

/** Why there is no answer, in a word; never the endpoint's own text. */
function reasonOf(error: unknown, deadline: Deadline): string {
  const code = systemCodeOf(error);
  // The agent, or the system, may have given up connecting a moment before we do.
  const isSlow = code === "ETIMEDOUT" && deadline.step() === "connecting";
  return deadline.error() ?? (isSlow ? "timeout connecting" : code ?? messageOf(error));
}

/** Calls when the connection stands: at once if it has been used before. */
function onceConnected(socket: Socket, then: () => void): void {
  const isShaking = "secureConnecting" in socket && socket.secureConnecting === true;
  if (isShaking) socket.once("secureConnect", then);
  else if (socket.connecting) socket.once("connect", then);
  else then();
}

function attempt(options: ExchangeOptions, deadline: Deadline): Promise<IncomingMessage> {
  const { url, agent, headers, body } = options;
  const { signal } = deadline;
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const { request } = url.protocol === "https:" ? https : http;
  deadline.enter("connecting");
  const sent = request(url, { method: "POST", agent, headers, signal });
  let isReused = false;
  sent.once("socket", (socket) => {
    isReused = sent.reusedSocket;
    // Deno would connect and send again by itself what ends on a kept connection, even by us.
    sent.reusedSocket = false;
    onceConnected(socket, () => deadline.enter("waiting for an answer"));
  });
  sent.once("response", (response) => {
    deadline.enter("reading the answer");
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
  signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  sent.on("error", (error) => {
    // One who stopped talking, and does not read either, would keep the socket for ever.
    sent.destroy();
    // A kept connection that the other side had just closed: nothing was answered, try a new one.
    const stale = isReused && systemCodeOf(error) === "ECONNRESET" && !signal.aborted;
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

async function attemptFresh(options: ExchangeOptions, deadline: Deadline) {
  try {
    return await attempt(options, deadline);
  } catch (error) {
    if (!(error instanceof StaleConnection)) throw error;
    closeIdle(options.agent);
    return await attempt(options, deadline);
  }
}

/** Makes the request. Resolves with its answer, or with why there is none. */
export async function exchange(
  options: ExchangeOptions,
): Promise<Answered & { readonly tookMs: number }> {
  const startedAt = performance.now();
  const tookMs = () => performance.now() - startedAt;
  using deadline = openDeadline(options.timeoutMs, options.connectMsMax ?? connectMsMax);
  try {
    const response = await attemptFresh(options, deadline);
    return { ...await readAnswer(response, deadline), tookMs: tookMs() };
  } catch (error) {
    return { error: reasonOf(error, deadline), tookMs: tookMs() };
  }
}
