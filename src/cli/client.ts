/**
 * The running daemon, asked over its admin listener. It is found by --admin, $AGGREGATOR_ADMIN, or
 * where the config says it listens.
 */
import { Buffer } from "node:buffer";
import http, { type IncomingMessage } from "node:http";
import https from "node:https";
import type { Config, Listen } from "../config.ts";
import { AggregatorError, systemCodeOf } from "../errors.ts";
import { findToken } from "../secrets.ts";
import { type Fields, isFields } from "../telnyx/fields.ts";
import { usageError } from "./arguments.ts";
import type { Given } from "./command.ts";
import { configGiven } from "./source.ts";
import type { Terminal } from "./terminal.ts";
import { printable } from "./text.ts";

/** What the daemon answered; its body is JSON of which nothing is known. */
export interface Answer {
  readonly status: number;
  readonly body: Fields;
}

/** The running daemon. */
export interface Client {
  readonly address: string;
  /** Throws `admin` where nobody answers, or the token is refused. */
  ask(method: "GET" | "POST", path: string): Promise<Answer>;
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

function unreachable(address: string, cause: unknown): AggregatorError {
  const code = systemCodeOf(cause) ?? "no answer";
  const why = nobodyThere.includes(code)
    ? "nothing listens there: start it, or name another address with --admin or $AGGREGATOR_ADMIN"
    : code;
  return new AggregatorError("admin", `Cannot reach the daemon at ${address}: ${why}`, {
    cause,
  });
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
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const url = new URL(path, base);
  const client = url.protocol === "https:" ? https : http;
  const sent = client.request(url, {
    method,
    agent: false,
    signal: AbortSignal.timeout(answerMsMax),
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    ...(socketPath === undefined ? {} : { socketPath }),
  });
  sent.on("error", reject);
  sent.on("response", resolve);
  sent.end();
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

function targetIn({ admin }: Config): Target {
  const found = admin.listen.map(reachable).find((target) => target !== undefined);
  if (found !== undefined) return found;
  throw new AggregatorError(
    "admin",
    "Cannot find the daemon: the config names no admin address with a port or a path; " +
      "name it with --admin or $AGGREGATOR_ADMIN",
  );
}

interface Found {
  readonly target: Target;
  readonly token: string | undefined;
}

async function find(given: Given, terminal: Terminal): Promise<Found> {
  const named = given.text("admin") ?? terminal.env["AGGREGATOR_ADMIN"];
  const fromEnv = terminal.env["AGGREGATOR_TOKEN"];
  const config = named && fromEnv ? undefined : await configGiven(given, terminal)
    .catch((error) => {
      if (named) return undefined;
      throw error;
    });
  const target = named ? targetOf(named) : config && targetIn(config);
  if (target === undefined) throw usageError("Name the daemon with --admin");
  return { target, token: fromEnv ?? config?.admin.token ?? tokenIn(config) };
}

const tokenIn = (config: Config | undefined) => config && findToken(config.stateFolder);

/** Finds the daemon; throws `config` where nothing says where it is. */
export async function findDaemon(given: Given, terminal: Terminal): Promise<Client> {
  const { target, token } = await find(given, terminal);
  return openClient(target, token);
}

function openClient(target: Target, token: string | undefined): Client {
  const { address } = target;
  return {
    address,
    async ask(method, path) {
      let answer: Answer;
      try {
        const response = await request(target, method, path, token);
        answer = { status: response.statusCode ?? 0, body: await readJson(response) };
      } catch (error) {
        throw unreachable(address, error);
      }
      if (answer.status !== 401 && answer.status !== 403) return answer;
      const why = token === undefined ? "no token was found" : "it refused the token";
      throw new AggregatorError(
        "admin",
        `Cannot ask the daemon at ${address}: ${why}: set $AGGREGATOR_TOKEN, ` +
          "or name the config it runs with by --config",
      );
    },
  };
}

/** A client of a daemon whose address and token are known. */
export function clientOf(address: string, token: string): Client {
  return openClient(targetOf(address), token);
}

/** The body of a 200; throws `admin` with the daemon's own words for anything else. */
export async function askFor(
  client: Client,
  method: "GET" | "POST",
  path: string,
): Promise<Fields> {
  const { status, body } = await client.ask(method, path);
  if (status === 200) return body;
  const why = typeof body["error"] === "string" ? printable(body["error"]) : `status ${status}`;
  throw new AggregatorError("admin", `The daemon at ${client.address} answered: ${why}`);
}
