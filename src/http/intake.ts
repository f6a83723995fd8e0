/**
 * The door for webhooks: who may come in, checked so that what nobody signed costs least.
 *
 *     path ▸ method ▸ headers ▸ clock ▸ size ▸ inbox ▸ body ─▶ the pipeline ─▶ its answer
 *
 * Telnyx's voice gives up for good on any 4xx but 408 and 429, so whatever could still be
 * accepted later is a 503.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Config } from "../config.ts";
import { answerJson, type Handler } from "../http.ts";
import type { Answer, Inbound } from "../pipeline/inbound.ts";
import type { SkewWatch } from "../pipeline/skew.ts";
import type { Refusal, State } from "../telemetry.ts";
import { type Proof, readProof, signatureHeader, timestampHeader } from "../telnyx/signature.ts";
import { readBody } from "./body.ts";
import type { Inbox } from "./inbox.ts";

/** What the door is given. */
export interface IntakeOptions {
  readonly config: () => Config;
  readonly inbox: Inbox;
  readonly skew: SkewWatch;
  /** Hands a webhook to the pipeline; false when it is closed. */
  readonly accept: (inbound: Inbound) => boolean;
  /** Why nothing is taken at the moment, if so. */
  readonly closed: () => "stopping" | "log_unavailable" | undefined;
  readonly state: State;
}

const retryAfterSeconds = "2";
const webhookPath = /^\/webhooks\/[^/]+$/;

/** Without a host (RFC 9112, 3.2.2), its query and a trailing slash. */
function pathOf(url: string | undefined): string {
  const [path = "/"] = (url ?? "/").replace(/^https?:\/\/[^/?]*/i, "").split("?", 1);
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}

function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === "string" ? value : undefined;
}

function refuse(response: ServerResponse, status: number, error: string): void {
  answer(response, status, { error });
}

function answer(response: ServerResponse, status: number, body: Answer["body"]): void {
  const headers = status === 503 ? { "retry-after": retryAfterSeconds } : {};
  answerJson(response, status, body, headers);
}

/** Answers `/health`, which is all that a load balancer sees. */
function answerHealth(response: ServerResponse, healthy: boolean): void {
  const status = healthy ? "ok" : "unavailable";
  answerJson(response, healthy ? 200 : 503, { status, service: "edge-webhook-aggregator" });
}

const isHealthy = (options: IntakeOptions): boolean =>
  unavailable(options) === undefined && !options.skew.suspect();

/** One request at the door, with everything that decides about it. */
interface Visit extends IntakeOptions {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

const unavailable = ({ closed, inbox }: IntakeOptions): Refusal | undefined =>
  closed() ?? (inbox.full() ? "inbox_full" : undefined);

function shed({ state, response }: Visit, why: Refusal): void {
  state({ is: "webhook.refused", why });
  refuse(response, 503, why.replaceAll("_", " "));
}

/** What the headers alone tell; undefined when the request was answered. */
function checkHeaders({ request, response, state }: Visit): Proof | undefined {
  const signature = headerOf(request, signatureHeader);
  const proof = readProof(signature, headerOf(request, timestampHeader));
  if (typeof proof === "object") return proof;
  state({ is: "webhook.refused", why: `signature_${proof}` });
  refuse(response, 401, "invalid signature");
  return undefined;
}

/** Answers what is too old or new, but for a few that tell whether our own clock is wrong. */
function checkClock({ config, skew, state, response }: Visit, skewSeconds: number): boolean {
  if (Math.abs(skewSeconds) <= config().telnyx.maxSkewSeconds || skew.admits()) return true;
  const suspect = skew.suspect();
  const why = suspect ? "clock_suspect" : "timestamp_skewed";
  state({ is: "webhook.refused", why, skewSeconds });
  refuse(response, suspect ? 503 : 401, suspect ? "clock suspect" : "invalid signature");
  return false;
}

function tooLarge({ state, response }: Visit): void {
  state({ is: "webhook.large_or_encoded", status: 413 });
  refuse(response, 413, "body too large");
}

/** Answers what could not be read anyway. */
function checkBody(visit: Visit): boolean {
  const { request, response, config, state } = visit;
  const encoding = headerOf(request, "content-encoding")?.toLowerCase() ?? "identity";
  if (encoding !== "identity") {
    state({ is: "webhook.large_or_encoded", status: 415 });
    refuse(response, 415, "content-encoding not supported");
    return false;
  }
  const length = Number(headerOf(request, "content-length") ?? 0);
  if (length <= config().limits.bodyBytesMax) return true;
  tooLarge(visit);
  return false;
}

/** Hands a webhook whose body is complete to the pipeline. */
function enter(visit: Visit, webhook: Omit<Inbound, "answer">, release: () => void): void {
  const { inbox, accept, response } = visit;
  const why = unavailable(visit);
  if (why !== undefined) {
    release();
    return shed(visit, why);
  }
  inbox.addWebhooks(1);
  const leave = () => {
    inbox.addWebhooks(-1);
    release();
  };
  const accepted = accept({
    ...webhook,
    answer(given) {
      leave();
      answer(response, given.status, given.body);
    },
  });
  if (accepted) return;
  leave();
  shed(visit, "stopping");
}

/** Reads a webhook whose headers are right. */
function take(visit: Visit, path: string, proof: Proof): void {
  const { request, response, inbox, config, state } = visit;
  const receivedAt = Date.now();
  const skewSeconds = Math.floor(receivedAt / 1_000) - proof.seconds;
  if (!checkClock(visit, skewSeconds) || !checkBody(visit)) return;
  const why = unavailable(visit);
  if (why !== undefined) return shed(visit, why);
  if (request.httpVersion === "1.1" && request.headers.expect) response.writeContinue();
  let held = 0;
  const admit = (bytes: number) => {
    if (!inbox.takeBytes(bytes)) return false;
    held += bytes;
    return true;
  };
  const release = () => inbox.releaseBytes(held);
  readBody(request, config().limits.bodyBytesMax, admit, (body) => {
    if (body.is === "read") {
      const contentType = headerOf(request, "content-type");
      const type = contentType === undefined ? {} : { contentType };
      const webhook = { proof, body: body.bytes, ...type, path, receivedAt, skewSeconds };
      return enter(visit, webhook, release);
    }
    release();
    if (body.is === "too_large") return tooLarge(visit);
    if (body.is === "refused") return shed(visit, "inbox_full");
    state({ is: "webhook.refused", why: "aborted" });
  });
}

/** The handler of the public listener. */
export function createIntake(options: IntakeOptions): Handler {
  return (request, response) => {
    const visit: Visit = { ...options, request, response };
    const path = pathOf(request.url);
    const isPost = request.method === "POST";
    const signed = signatureHeader in request.headers && timestampHeader in request.headers;
    if (path === "/health" && !signed) {
      const readable = request.method === "GET" || request.method === "HEAD";
      if (readable) return answerHealth(response, isHealthy(options));
      return answerJson(response, 405, { error: "method not allowed" }, { allow: "GET, HEAD" });
    }
    if (!webhookPath.test(path) && !(signed && isPost)) return refuse(response, 404, "not found");
    if (!isPost) {
      return answerJson(response, 405, { error: "method not allowed" }, { allow: "POST" });
    }
    const proof = checkHeaders(visit);
    if (proof !== undefined) take(visit, path, proof);
  };
}
