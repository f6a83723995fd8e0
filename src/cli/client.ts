/**
 * The running daemon, asked over its admin listener. It is found by --admin, $AGGREGATOR_ADMIN, or
 * where the config says it listens, as far as the config is known.
 */
import { Buffer } from "node:buffer";
import http, { type IncomingMessage } from "node:http";
import https from "node:https";
import type { Listen } from "../config.ts";
import { AggregatorError, messageOf, systemCodeOf } from "../errors.ts";
import { findToken } from "../secrets.ts";
import { type Fields, isFields } from "../telnyx/fields.ts";
import { usageError } from "./arguments.ts";
import type { Given } from "./command.ts";
import { configKnown, doubtsAbout, type Known } from "./source.ts";
import type { Terminal } from "./terminal.ts";
import { printable } from "./text.ts";

/** What the daemon answered; its body is JSON of which nothing is known. */
export interface Answer {
  readonly status: number;
  readonly body: Fields;
}

/** Something to send along. */
export interface Sent {
  readonly body: Uint8Array;
  readonly contentType?: string;
}

/** The running daemon. */
export interface Client {
  readonly address: string;
  /** Throws `admin` where nobody answers, or the token is refused. */
  ask(method: "GET" | "POST", path: string, sent?: Sent): Promise<Answer>;
}

/** A ping waits as long as a delivery may take. */
const answerMsMax = 11 * 60_000;
/** Ten thousand tenants take 3 MiB. */
const answerBytesMax = 64 * 1_024 * 1_024;

interface Target {
  readonly address: string;
  /** Base of URLs; of a socket the host says nothing. */
  readonly base: string;
  readonly socketPath?: string;
}

const nobodyThere: readonly string[] = ["ECONNREFUSED", "ENOENT"];

/** Whether an error says that no daemon runs there. */
export function isAbsent(error: unknown): boolean {
  return error instanceof AggregatorError &&
    nobodyThere.includes(systemCodeOf(error.cause) ?? "");
}

function unreachable({ address, doubts }: Found, cause: unknown): AggregatorError {
  const code = systemCodeOf(cause) ?? "no answer";
  const why = nobodyThere.includes(code)
    ? "nothing listens there: start it, or name another address with --admin or $AGGREGATOR_ADMIN"
    : code;
  const message = `Cannot reach the daemon at ${address}: ${why}${doubts}`;
  return new AggregatorError("admin", message, { cause });
}

async function readJson(response: IncomingMessage): Promise<Fields> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of response as AsyncIterable<Uint8Array>) {
    length += piece.byteLength;
    if (length > answerBytesMax) throw new Error("The answer is too long");
    pieces.push(piece);
  }
  try {
    const body: unknown = JSON.parse(Buffer.concat(pieces).toString("utf8"));
    return isFields(body) ? body : {};
  } catch {
    return {};
  }
}

function request(
  { base, socketPath }: Target,
  method: string,
  path: string,
  token: string | undefined,
  { body, contentType }: Partial<Sent>,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const url = new URL(path, base);
  const client = url.protocol === "https:" ? https : http;
  const sent = client.request(url, {
    method,
    agent: false,
    signal: AbortSignal.timeout(answerMsMax),
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(contentType === undefined ? {} : { "content-type": contentType }),
      ...(body === undefined ? {} : { "content-length": body.byteLength }),
    },
    ...(socketPath === undefined ? {} : { socketPath }),
  });
  sent.on("error", reject);
  sent.on("response", resolve);
  sent.end(body);
  return promise;
}

function targetOf(text: string): Target {
  if (text.startsWith("unix:")) {
    return { address: text, base: "http://localhost", socketPath: text.slice("unix:".length) };
  }
  const url = URL.parse(/^https?:\/\//.test(text) ? text : `http://${text}`);
  if (url !== null) return { address: url.origin, base: url.origin };
  throw usageError(
    `Cannot use the admin address "${printable(text)}": write http://HOST:PORT or unix:/PATH`,
  );
}

function reachable(at: Listen): Target | undefined {
  if (at.kind === "unix") return targetOf(`unix:${at.path}`);
  if (at.kind === "fd" || at.port === 0) return undefined;
  return targetOf(`http://${at.host.includes(":") ? `[${at.host}]` : at.host}:${at.port}`);
}

function targetIn(known: Known): Target {
  const found = known.config.admin.listen.map(reachable).find((target) => target !== undefined);
  if (found !== undefined) return found;
  throw new AggregatorError(
    "admin",
    "Cannot find the daemon: the config names no admin address with a port or a path; " +
      `name it with --admin or $AGGREGATOR_ADMIN${doubtsAbout(known)}`,
  );
}

/** Where the daemon is, and what to tell where it cannot be asked. */
interface Found extends Target {
  readonly token?: string;
  /** Why there is no token. */
  readonly tokenless: string;
  /** Further lines. */
  readonly doubts: string;
}

const certain = { tokenless: "no token was given", doubts: "" };

function tokenIn({ config: { admin, stateFolder } }: Known) {
  try {
    const token = admin.token ?? findToken(stateFolder);
    return { tokenless: `no token was found in "${stateFolder}"`, ...(token && { token }) };
  } catch (error) {
    // A socket needs none.
    return { tokenless: messageOf(error) };
  }
}

async function find(given: Given, terminal: Terminal): Promise<Found> {
  const named = given.text("admin") ?? terminal.env["AGGREGATOR_ADMIN"];
  const token = terminal.env["AGGREGATOR_TOKEN"];
  if (named && token) return { ...targetOf(named), ...certain, token };
  const known = await configKnown(given, terminal);
  const target = named ? targetOf(named) : targetIn(known);
  const doubts = doubtsAbout(known);
  return { ...target, ...tokenIn(known), ...(token && { token }), doubts };
}

/** Finds the daemon; throws `admin` where nothing says where it is. */
export async function findDaemon(given: Given, terminal: Terminal): Promise<Client> {
  return openClient(await find(given, terminal));
}

function refused({ address, token, tokenless, doubts }: Found): AggregatorError {
  const why = token === undefined ? tokenless : "it refused the token";
  return new AggregatorError(
    "admin",
    `Cannot ask the daemon at ${address}: ${why}: set $AGGREGATOR_TOKEN, ` +
      `or name the config it runs with by --config and its state folder by --state${doubts}`,
  );
}

function openClient(found: Found): Client {
  return {
    address: found.address,
    async ask(method, path, sent?: Sent) {
      let answer: Answer;
      try {
        const response = await request(found, method, path, found.token, sent ?? {});
        answer = { status: response.statusCode ?? 0, body: await readJson(response) };
      } catch (error) {
        throw unreachable(found, error);
      }
      if (answer.status === 401 || answer.status === 403) throw refused(found);
      return answer;
    },
  };
}

/** A client of a daemon whose address and token are known. */
export function clientOf(address: string, token: string): Client {
  return openClient({ ...targetOf(address), ...certain, token });
}

/** The body of a 200; throws `admin` with the daemon's own words for anything else. */
export async function askFor(
  client: Client,
  method: "GET" | "POST",
  path: string,
  sent?: Sent,
): Promise<Fields> {
  const { status, body } = await client.ask(method, path, sent);
  if (status === 200) return body;
  const why = typeof body["error"] === "string" ? printable(body["error"]) : `status ${status}`;
  throw new AggregatorError("admin", `The daemon at ${client.address} answered: ${why}`);
}
