/** Backends that do as they like with a connection, and what `exchange` makes of them. */
import assert from "node:assert/strict";
import http, { type Agent } from "node:http";
import net from "node:net";
import tls from "node:tls";
import { createAddressRule } from "../../src/address.ts";
import { exchange } from "../../src/http/exchange.ts";
import { createGuardedAgent } from "../../src/http/guard.ts";
import type { Answered } from "../../src/pipeline/verdict.ts";
import { certificate } from "../support/certificate.ts";
import { eventually } from "../support/eventually.ts";

/** What the backend does with a connection; the first is 1. */
export type Serve = (socket: net.Socket, connection: number) => void;

/** How a backend is reached, and whether it speaks TLS as it should. */
export interface Way {
  /** `plain` has one connection at a time, the others are those that the daemon uses. */
  readonly by?: "plain" | "http" | "https";
  /** The backend does not take part in a handshake. */
  readonly mute?: boolean;
}

/** One POST. */
export interface Ask {
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  readonly connectMsMax?: number;
  readonly text?: string;
}

/** A running backend. */
export interface Backend extends AsyncDisposable {
  readonly connections: () => number;
  post(ask?: Ask): Promise<Answered>;
  /** Resolves when neither side has a connection any more, idle ones included. */
  closed(): Promise<void>;
}

/** The common answer. */
export const ok = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/** Answers every request on a connection with this text. */
export const answering = (text: string): Serve => (socket) =>
  void socket.on("data", () => socket.write(text));

/** Says one thing once a request comes, then the other again and again. */
export const dripping = (first: string, then: string): Serve => (socket) => {
  socket.once("data", () => {
    socket.write(first);
    const timer = setInterval(() => socket.write(then), 60);
    socket.on("close", () => clearInterval(timer));
  });
};

function agentFor(by: Way["by"]): Agent {
  if (by === undefined || by === "plain") return new http.Agent({ keepAlive: true, maxSockets: 1 });
  return createGuardedAgent(`${by}:`, {
    rule: createAddressRule(["127.0.0.1/32"]),
    ownPorts: () => new Set(),
    connectMsMax: 10_000,
    socketsMax: 4,
    authorities: [certificate.authority],
  });
}

/** Who does not read does not hear that the other side is gone. */
function endAfterTheOther(socket: net.Socket): void {
  if (socket.readableEnded) socket.destroy();
  else socket.resume().on("end", () => socket.destroy());
}

/** Closes so that what is under way is lost; TLS cannot, and just closes. */
export function reset(socket: net.Socket): void {
  if (socket instanceof tls.TLSSocket) socket.destroy();
  else socket.resetAndDestroy();
}

const countOf = ({ sockets, freeSockets, requests }: Agent) =>
  [sockets, freeSockets, requests].flatMap((kind) => Object.values(kind).flat()).length;

/** Starts a backend on loopback. */
export async function openBackend(serve: Serve, { by, mute }: Way = {}): Promise<Backend> {
  const sockets = new Set<net.Socket>();
  let connections = 0;
  const accept = (socket: net.Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    serve(socket, ++connections);
  };
  const options = { allowHalfOpen: true };
  const server = by === "https" && mute !== true
    ? tls.createServer({ ...options, ...certificate }, accept)
    : net.createServer(options, accept);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const agent = agentFor(by);
  const url = new URL(`${by === "https" ? "https" : "http"}://127.0.0.1:${port}/`);

  async function post({ text = "{}", headers = {}, timeoutMs = 10_000, ...more }: Ask = {}) {
    const body = new TextEncoder().encode(text);
    const all = { "content-length": body.byteLength, ...headers };
    const asked = { url, agent, headers: all, body, timeoutMs, ...more };
    const { tookMs, ...answered } = await exchange(asked);
    assert.ok(tookMs >= 0 && tookMs < timeoutMs + 5_000);
    return answered;
  }

  return {
    connections: () => connections,
    post,
    async closed() {
      await eventually("the agent has no connection", () => countOf(agent) === 0);
      for (const socket of sockets) endAfterTheOther(socket);
      await eventually("the backend has no connection", () => sockets.size === 0);
    },
    async [Symbol.asyncDispose]() {
      agent.destroy();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
