/**
 * One listener over node:http: its address, its limits and timeouts, and how it stops without
 * resetting a connection.
 */
import { Buffer } from "node:buffer";
import { rmSync, statSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type net from "node:net";
import process from "node:process";
import type { Listen } from "./config.ts";
import { AggregatorError, messageOf } from "./errors.ts";
import { type Visitors, watchVisitors } from "./http/visitors.ts";

/** How long a listener waits for those who connect to it, in ms. */
export interface Patience {
  /** A sender that is slower than these is cut off. */
  readonly headersMsMax: number;
  readonly requestMsMax: number;
  /** Longer than load balancers keep theirs, so that it is never we who close one in use. */
  readonly keepAliveMs: number;
  /** A sender that was answered before its body was read may go on sending for so long. */
  readonly lingerMsMax: number;
  /** How often slow senders are looked for. */
  readonly checkEveryMs: number;
}

const usualPatience: Patience = {
  headersMsMax: 10_000,
  requestMsMax: 30_000,
  keepAliveMs: 65_000,
  lingerMsMax: 5_000,
  checkEveryMs: 1_000,
};

const headerBytesMax = 16 * 1_024;
/** The first descriptor that systemd passes (sd_listen_fds(3)). */
const passedFdFirst = 3;

/** Answers a request; must end the response. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** What a listener is given. */
export interface ServerOptions {
  readonly at: Listen;
  readonly handle: Handler;
  readonly connectionsMax: number;
  /** A unix socket that any local process, such as a proxy, may connect to; else only its owner. */
  readonly forEverybody?: boolean;
  /** How long requests under way may take when stopping. */
  readonly drainMsMax: number;
  readonly patience?: Patience;
}

/** An open listener. Disposal stops accepting, lets requests under way end, and closes. */
export interface OpenServer extends AsyncDisposable {
  /** `http://127.0.0.1:8080`, `unix:/run/aggregator.sock` or `fd:http`. */
  readonly address: string;
  /** Its TCP port, if it has one. */
  readonly port: number | undefined;
  setConnectionsMax(max: number): void;
}

function passedFd(name: string): number {
  const index = (process.env["LISTEN_FDNAMES"] ?? "").split(":").indexOf(name);
  if (index >= 0) return passedFdFirst + index;
  throw new AggregatorError(
    "listen",
    `Cannot listen on fd:${name}: systemd passed no socket of that name ` +
      "(FileDescriptorName= of the socket unit)",
  );
}

/** A socket file that a daemon left behind; whoever holds the store knows that it is not in use. */
function removeStaleSocket(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isSocket()) rmSync(path);
}

function listenOptions(at: Listen): net.ListenOptions & { readonly fd?: number } {
  if (at.kind === "tcp") return { host: at.host, port: at.port };
  if (at.kind === "fd") return { fd: passedFd(at.name) };
  removeStaleSocket(at.path);
  return { path: at.path };
}

/** A listener's address as people write it. */
export function describeListen(at: Listen): string {
  if (at.kind === "unix") return `unix:${at.path}`;
  if (at.kind === "fd") return `fd:${at.name}`;
  return `http://${at.host.includes(":") ? `[${at.host}]` : at.host}:${at.port}`;
}

async function listening(server: Server, at: Listen, forEverybody: boolean): Promise<void> {
  const where = listenOptions(at);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.once("listening", resolve);
  // A socket file has its mode from the moment it is there.
  const umask = process.umask(forEverybody ? 0o111 : 0o177);
  try {
    server.listen(where);
  } finally {
    process.umask(umask);
  }
  try {
    await promise;
  } catch (cause) {
    const text = `Cannot listen on ${describeListen(at)}: ${messageOf(cause)}`;
    throw new AggregatorError("listen", text, { cause });
  } finally {
    server.off("error", reject);
  }
  // A connection that could not be accepted, for want of descriptors, must not end the daemon.
  server.on("error", () => {});
}

function createListener(
  handle: Handler,
  patience: Patience,
): { readonly server: Server; readonly visitors: Visitors } {
  const { headersMsMax, requestMsMax, keepAliveMs, checkEveryMs, lingerMsMax } = patience;
  const server = createServer({
    headersTimeout: headersMsMax,
    requestTimeout: requestMsMax,
    keepAliveTimeout: keepAliveMs,
    connectionsCheckingInterval: checkEveryMs,
    maxHeaderSize: headerBytesMax,
  });
  const visitors = watchVisitors(server, lingerMsMax);
  const onRequest: Handler = (request, response) => {
    visitors.enter(request, response);
    handle(request, response);
  };
  server.on("request", onRequest);
  // Whoever asks before sending is told to go on by the handler, if at all; then nobody can tell
  // whether a body follows, so the connection ends with the answer.
  server.on("checkContinue", (request, response) => {
    response.setHeader("connection", "close");
    onRequest(request, response);
  });
  // Whatever else is expected of us: node would answer 417, and voice would give up for good.
  server.on("checkExpectation", onRequest);
  return { server, visitors };
}

/** Opens a listener; resolves when it accepts connections. Throws `listen`. */
export async function openServer(options: ServerOptions): Promise<OpenServer> {
  const { at, handle, drainMsMax, forEverybody = false, patience = usualPatience } = options;
  const { server, visitors } = createListener(handle, patience);
  let left: Promise<void> | undefined;
  server.maxConnections = options.connectionsMax;
  await listening(server, at, forEverybody);
  const bound = server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : undefined;
  const actual: Listen = at.kind === "tcp" && port !== undefined ? { ...at, port } : at;
  return {
    address: describeListen(actual),
    port,
    setConnectionsMax(max) {
      server.maxConnections = max;
    },
    [Symbol.asyncDispose]() {
      left ??= visitors.leave(drainMsMax);
      return left;
    },
  };
}

/** Answers with JSON. */
export function answerJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
    ...headers,
  });
  response.end(text);
}
