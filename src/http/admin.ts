/**
 * The admin listener: for the operator, never for the world. Every route but the health checks
 * wants the bearer token; on a unix socket the file's mode is the authorization. `Host` and a
 * foreign `Origin` are checked, so that no page in a browser can be made to ask here.
 */
import { hash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { answerJson, type Handler } from "../http.ts";
import { type Body, readBody } from "./body.ts";
import { answerReply, type Reply } from "./reply.ts";

/** What was asked of a route. */
export interface Asked {
  /** The values of the path's parameters, decoded, in their order. */
  readonly parameters: readonly string[];
  readonly query: URLSearchParams;
  /** Empty where the route reads none. */
  readonly body: Uint8Array;
  readonly contentType?: string;
}

/** One route: `GET /tenants/{id}`. */
export interface Route {
  readonly method: "GET" | "POST";
  /** Segments; `{…}` stands for any one. */
  readonly path: string;
  /** `none`: for anybody who reaches the listener; `read`: the read token will do. */
  readonly needs: "none" | "read" | "token";
  /** It wants the request's body; that of others is not looked at. */
  readonly reads?: boolean;
  readonly answer: (asked: Asked) => Promise<Reply>;
}

/** What the admin listener is given. */
export interface AdminOptions {
  readonly token: () => string;
  readonly readToken: () => string | undefined;
  /** Names it answers to besides the loopback ones. */
  readonly hosts: () => readonly string[];
  readonly routes: readonly Route[];
  /** The largest body that is read. */
  readonly bodyBytesMax: () => number;
  /** True for a unix socket. */
  readonly trusted: boolean;
}

/** Bodies read at the same time: each may be as large as a webhook. */
const bodiesMax = 8;

const loopbackNames = ["localhost", "127.0.0.1", "[::1]"];

/** A host name without its port. */
const nameOf = (host: string) => host.toLowerCase().replace(/:\d+$/, "");

function isKnownHost(host: string | undefined, { hosts, trusted }: AdminOptions): boolean {
  if (trusted) return true;
  if (host === undefined) return false;
  const name = nameOf(host);
  return loopbackNames.includes(name) || hosts().some((known) => nameOf(known) === name);
}

function isKnownOrigin(request: IncomingMessage, options: AdminOptions): boolean {
  const { origin, host } = request.headers;
  if (origin === undefined) return true;
  const from = URL.parse(origin)?.host;
  return from !== undefined && from === host && isKnownHost(from, options);
}

/** Compares in a time that tells nothing about either. */
function isSame(given: string, expected: string): boolean {
  return timingSafeEqual(hash("sha256", given, "buffer"), hash("sha256", expected, "buffer"));
}

function isAllowed(request: IncomingMessage, needs: Route["needs"], options: AdminOptions) {
  if (needs === "none" || options.trusted) return true;
  const given = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
  if (given === undefined) return false;
  const full = isSame(given, options.token());
  const readToken = options.readToken();
  const read = readToken !== undefined && isSame(given, readToken);
  return full || (needs === "read" && read);
}

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

/** The values of a path's parameters, decoded; undefined when it is another path. */
export function matchPath(pattern: string, path: string): readonly string[] | undefined {
  const wanted = pattern.split("/");
  const given = path.split("/");
  if (wanted.length !== given.length) return undefined;
  const parameters: string[] = [];
  for (const [index, segment] of wanted.entries()) {
    const value = given[index] ?? "";
    const isParameter = segment.startsWith("{");
    const parameter = isParameter ? decoded(value) : undefined;
    if (isParameter ? parameter === undefined : segment !== value) return undefined;
    if (parameter !== undefined) parameters.push(parameter);
  }
  return parameters;
}

function answerError(response: ServerResponse, status: number, error: string): void {
  const headers = status === 401 ? { "www-authenticate": "Bearer" } : {};
  answerJson(response, status, { error }, headers);
}

/** Reads bodies, a few at a time. */
function createReader({ bodyBytesMax }: AdminOptions) {
  let reading = 0;
  return async (request: IncomingMessage, response: ServerResponse): Promise<Body> => {
    if (reading >= bodiesMax) return { is: "refused" };
    reading += 1;
    if (request.httpVersion === "1.1" && request.headers.expect) response.writeContinue();
    const { promise, resolve } = Promise.withResolvers<Body>();
    readBody(request, bodyBytesMax(), () => true, resolve);
    const body = await promise;
    reading -= 1;
    return body;
  };
}

type Reader = ReturnType<typeof createReader>;

/** The route that is meant; undefined when the request was answered. */
function routeOf(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  options: AdminOptions,
) {
  const found = options.routes.flatMap((route) => {
    const parameters = matchPath(route.path, url.pathname);
    return parameters === undefined ? [] : [{ route, parameters }];
  });
  const match = found.find(({ route }) => route.method === request.method);
  // Without the token an unknown path looks like any other.
  const needs = match?.route.needs ?? found[0]?.route.needs ?? "token";
  if (!isAllowed(request, needs, options)) answerError(response, 401, "unauthorized");
  else if (found.length === 0) answerError(response, 404, "not found");
  else if (match === undefined) {
    const allow = found.map(({ route }) => route.method).join(", ");
    answerJson(response, 405, { error: "method not allowed" }, { allow });
  } else return match;
  return undefined;
}

/** The body that a route wants; undefined when the request was answered, or is gone. */
async function bodyFor(
  { reads = false }: Route,
  request: IncomingMessage,
  response: ServerResponse,
  read: Reader,
): Promise<Uint8Array | undefined> {
  if (!reads) return new Uint8Array();
  const body = await read(request, response);
  if (body.is === "read") return body.bytes;
  if (body.is === "too_large") answerError(response, 413, "body too large");
  if (body.is === "refused") answerError(response, 503, "too many bodies at once");
  return undefined;
}

async function answerRoute(
  request: IncomingMessage,
  response: ServerResponse,
  options: AdminOptions,
  read: Reader,
): Promise<void> {
  const url = URL.parse(request.url ?? "/", "http://admin");
  if (url === null) return answerError(response, 404, "not found");
  const match = routeOf(request, response, url, options);
  if (match === undefined) return;
  const { route, parameters } = match;
  const body = await bodyFor(route, request, response, read);
  if (body === undefined) return;
  const contentType = request.headers["content-type"];
  const type = contentType === undefined ? {} : { contentType };
  const asked = { parameters, query: url.searchParams, body, ...type };
  answerReply(response, await route.answer(asked));
}

/** The handler of an admin listener. */
export function createAdmin(options: AdminOptions): Handler {
  const read = createReader(options);
  return (request, response) => {
    const isKnown = isKnownHost(request.headers.host, options) && isKnownOrigin(request, options);
    if (!isKnown) answerError(response, 403, "forbidden");
    const answered = isKnown ? answerRoute(request, response, options, read) : Promise.resolve();
    // What nobody reads must go by all the same.
    request.resume();
    answered.catch(() => {
      if (!response.headersSent) return answerError(response, 500, "internal error");
      response.destroy();
    });
  };
}
