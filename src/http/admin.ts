/**
 * The admin listener: for the operator, never for the world. Every route but the health checks
 * wants the bearer token; on a unix socket the file's mode is the authorization. `Host` and a
 * foreign `Origin` are checked, so that no page in a browser can be made to ask here.
 */
import { hash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { answerJson, type Handler } from "../http.ts";

/** What a route answers. */
export interface Reply {
  readonly status: number;
  readonly body: unknown;
}

/** One route: `GET /tenants/{id}`; its parameters in their order. */
export interface Route {
  readonly method: "GET" | "POST";
  /** Segments; `{…}` stands for any one. */
  readonly path: string;
  /** `none`: for anybody who reaches the listener; `read`: the read token will do. */
  readonly needs: "none" | "read" | "token";
  readonly answer: (parameters: readonly string[], query: URLSearchParams) => Promise<Reply>;
}

/** What the admin listener is given. */
export interface AdminOptions {
  readonly token: () => string;
  readonly readToken: () => string | undefined;
  /** Names it answers to besides the loopback ones. */
  readonly hosts: () => readonly string[];
  readonly routes: readonly Route[];
  /** True for a unix socket. */
  readonly trusted: boolean;
}

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

/** The values of a path's parameters; undefined when it is another path. */
export function matchPath(pattern: string, path: string): readonly string[] | undefined {
  const wanted = pattern.split("/");
  const given = path.split("/");
  if (wanted.length !== given.length) return undefined;
  const parameters: string[] = [];
  for (const [index, segment] of wanted.entries()) {
    const value = given[index] ?? "";
    if (segment.startsWith("{")) parameters.push(value);
    else if (segment !== value) return undefined;
  }
  return parameters;
}

function answerError(response: ServerResponse, status: number, error: string): void {
  const headers = status === 401 ? { "www-authenticate": "Bearer" } : {};
  answerJson(response, status, { error }, headers);
}

async function answerRoute(
  request: IncomingMessage,
  response: ServerResponse,
  options: AdminOptions,
): Promise<void> {
  const url = URL.parse(request.url ?? "/", "http://admin");
  if (url === null) return answerError(response, 404, "not found");
  const found = options.routes.flatMap((route) => {
    const parameters = matchPath(route.path, url.pathname);
    return parameters === undefined ? [] : [{ route, parameters }];
  });
  const match = found.find(({ route }) => route.method === request.method);
  // Without the token an unknown path looks like any other.
  const needs = match?.route.needs ?? found[0]?.route.needs ?? "token";
  if (!isAllowed(request, needs, options)) return answerError(response, 401, "unauthorized");
  if (match === undefined && found.length === 0) return answerError(response, 404, "not found");
  if (match === undefined) {
    const allow = found.map(({ route }) => route.method).join(", ");
    return answerJson(response, 405, { error: "method not allowed" }, { allow });
  }
  const { status, body } = await match.route.answer(match.parameters, url.searchParams);
  answerJson(response, status, body, { "cache-control": "no-store" });
}

/** The handler of an admin listener. */
export function createAdmin(options: AdminOptions): Handler {
  return (request, response) => {
    request.resume();
    if (!isKnownHost(request.headers.host, options) || !isKnownOrigin(request, options)) {
      return answerError(response, 403, "forbidden");
    }
    answerRoute(request, response, options).catch(() => {
      if (!response.headersSent) return answerError(response, 500, "internal error");
      response.destroy();
    });
  };
}
