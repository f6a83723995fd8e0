/** Connections, requests and a config for the tests of what listens and of what sends. */
import { Buffer } from "node:buffer";
import { Agent, type IncomingHttpHeaders, request } from "node:http";
import net from "node:net";
import type { Config, Limits } from "../../src/config.ts";
import { buildDirectory } from "../../src/directory.ts";
import type { Handler, OpenServer, Patience } from "../../src/http.ts";
import { openServer } from "../../src/http.ts";

/** As short as a test can wait. */
export const shortPatience: Patience = {
  headersMsMax: 300,
  requestMsMax: 600,
  keepAliveMs: 2_000,
  lingerMsMax: 400,
  checkEveryMs: 50,
};

/** A listener on loopback, on a port of the system's choice. */
export async function listen(
  handle: Handler,
  patience?: Patience,
): Promise<OpenServer & { readonly port: number }> {
  const server = await openServer({
    at: { kind: "tcp", host: "127.0.0.1", port: 0 },
    handle,
    connectionsMax: 1_000,
    drainMsMax: 5_000,
    ...(patience === undefined ? {} : { patience }),
  });
  return { ...server, port: server.port ?? 0 };
}

/** What came back. */
export interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** One request to make. */
export interface Ask {
  readonly port: number;
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly agent?: Agent;
}

/** Makes one request, on a connection of its own unless an agent says otherwise. */
export function ask({ port, method = "GET", path = "/", headers, body, agent }: Ask): Promise<Got> {
  const { promise, resolve, reject } = Promise.withResolvers<Got>();
  const own = agent ?? new Agent({ keepAlive: false });
  const sent = request({
    host: "127.0.0.1",
    port,
    method,
    path,
    agent: own,
    headers: { ...(body === undefined ? {} : { "content-length": body.length }), ...headers },
  });
  sent.on("error", reject);
  sent.on("response", (response) => {
    const pieces: Uint8Array[] = [];
    response.on("data", (piece: Uint8Array) => pieces.push(piece));
    response.on("error", reject);
    response.on("end", () => {
      const { statusCode: status = 0, headers } = response;
      resolve({ status, headers, body: Buffer.concat(pieces).toString("utf8") });
    });
  });
  sent.end(body);
  return promise;
}

/** A connection on which a test writes what it likes. */
export interface RawConnection extends Disposable {
  write(text: string): void;
  /** Everything that came so far. */
  readonly came: () => string;
  /** Resolves with everything that came when the other side closes. */
  readonly closed: Promise<string>;
}

/** Opens one. */
export async function connectRaw(port: number): Promise<RawConnection> {
  const socket = net.connect({ host: "127.0.0.1", port });
  let came = "";
  socket.on("data", (piece) => came += String(piece));
  const closed = new Promise<string>((resolve) => {
    socket.on("error", () => {});
    socket.on("close", () => resolve(came));
  });
  await new Promise<void>((resolve) => socket.once("connect", resolve));
  return {
    write: (text) => void (socket.writable && socket.write(text)),
    came: () => came,
    closed,
    [Symbol.dispose]: () => socket.destroy(),
  };
}

const usualLimits: Limits = {
  bodyBytesMax: 4_096,
  inboxMax: 16,
  inboxBytesMax: 65_536,
  connectionsMax: 100,
  deliveriesMax: 10,
};

/** A config without tenants. */
export function configWith(limits: Partial<Limits> = {}): Config {
  return {
    path: "/nowhere/aggregator.yaml",
    stateFolder: "/nowhere",
    listen: { kind: "tcp", host: "127.0.0.1", port: 0 },
    admin: { listen: [], hosts: [] },
    telnyx: { publicKeys: [], maxSkewSeconds: 300 },
    store: { path: "/nowhere/log.db", retentionMs: 0, keepMs: 0 },
    limits: { ...usualLimits, ...limits },
    allowPrivate: [],
    alerts: { silenceMs: 30 * 60_000 },
    logLevel: "info",
    tenants: new Map(),
    unassigned: { holdMs: 72 * 3_600_000 },
    directory: buildDirectory([]),
  };
}
