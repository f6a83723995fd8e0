/**
 * Connections to tenants' backends: to public addresses only, checked on the address that is
 * actually connected to, at every connection and for every answer of the DNS. A literal, a second
 * look-up that answers otherwise, a redirect: there is no way around it, because it sits where
 * the socket is opened.
 */
import http from "node:http";
import https from "node:https";
import net from "node:net";
import { networkInterfaces } from "node:os";
import tls from "node:tls";
import { addAbortSignal, type Duplex } from "node:stream";
import { type AddressRule, createAddressSet } from "../address.ts";
import { createLookup } from "./lookup.ts";

/** How connections of one destination are opened. */
export interface GuardOptions {
  readonly rule: AddressRule;
  /** Ports of our own listeners: on our own addresses they are never connected to. */
  readonly ownPorts: () => ReadonlySet<number>;
  /** Until the connection stands, in ms. */
  readonly connectMsMax: number;
  /** Connections kept open at once. */
  readonly socketsMax: number;
  /** Certificate authorities besides those of the runtime, in PEM. */
  readonly authorities: readonly string[];
  /**
   * Resolves names, to at least one address each; absent: with `createLookup()`, each connection
   * for itself. Of several addresses those that are refused are passed over, and the others are
   * tried in turn.
   */
  readonly lookup?: net.LookupFunction;
}

type Callback = (error: Error | null, stream: Duplex) => void;

interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** Kept while in use; through no proxy, where Deno would take one from the environment. */
const kept = { keepAlive: true, timeout: 30_000, proxyEnv: {} };

const everywhere = ["0.0.0.0/8", "127.0.0.0/8", "::/128", "::1/128"];

/** The addresses of this machine, in whatever notation they are asked for. */
function ownAddresses(): (address: string) => boolean {
  try {
    const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
    return createAddressSet([...everywhere, ...all.map(({ address }) => zoneless(address))]);
  } catch {
    // A sandbox may hide the interfaces; the rule for private addresses still holds.
    return createAddressSet(everywhere);
  }
}

const zoneless = (address: string) => address.replace(/%.*$/, "");

/** What node asks before each connection. */
class Guard extends net.BlockList {
  readonly #refuses: (address: string, family: 4 | 6) => boolean;

  constructor({ rule, ownPorts }: GuardOptions, port: number) {
    super();
    this.#refuses = (address, family) =>
      rule.refuses(address, family) !== undefined ||
      (ownPorts().has(port) && ownAddresses()(address));
  }

  override check(address: string | net.SocketAddress, type?: string): boolean {
    const text = typeof address === "string" ? address : address.address;
    const family = type === "ipv6" || (type === undefined && net.isIPv6(text)) ? 6 : 4;
    return this.#refuses(text, family);
  }
}

/** Opens a guarded connection; `done` is called once. */
function connect(
  { host, port }: Endpoint,
  options: GuardOptions,
  done: (error: Error | null, socket: net.Socket) => void,
): void {
  const blockList = new Guard(options, port);
  const { lookup = createLookup().lookup } = options;
  const socket = net.connect({ host, port, blockList, lookup, autoSelectFamily: true });
  const late = Object.assign(new Error("The connection took too long"), { code: "ETIMEDOUT" });
  const deadline = setTimeout(() => socket.destroy(late), options.connectMsMax);
  let connected = false;
  socket.on("error", (error) => {
    clearTimeout(deadline);
    if (!connected) done(error, socket);
  });
  // Waiting for `connect`: a socket wrapped earlier crashes when its second address is tried.
  socket.once("connect", () => {
    clearTimeout(deadline);
    connected = true;
    done(null, socket);
  });
}

/** Whom to believe, said in full: nothing in the environment weakens it. */
function trust({ authorities }: GuardOptions) {
  return {
    rejectUnauthorized: true,
    minVersion: "TLSv1.2",
    ...(authorities.length === 0 ? {} : { ca: [...tls.rootCertificates, ...authorities] }),
  } as const;
}

const endpointOf = ({ host, port }: http.ClientRequestArgs): Endpoint => ({
  host: host ?? "",
  port: Number(port),
});

/**
 * Shakes hands as the agent for `https:` does, and resolves with the certificate it believed.
 * Rejects with why it must not be used; when `signal` aborts, too.
 */
export function handshake(
  { hostname, port }: URL,
  guard: GuardOptions,
  signal: AbortSignal,
): Promise<tls.PeerCertificate> {
  const { promise, resolve, reject } = Promise.withResolvers<tls.PeerCertificate>();
  const host = hostname.replace(/^\[|\]$/g, "");
  connect({ host, port: Number(port || 443) }, guard, (error, socket) => {
    if (error !== null) return reject(error);
    const servername = net.isIP(host) > 0 ? "" : host;
    const secure = tls.connect({ ...trust(guard), socket, host, servername });
    addAbortSignal(signal, secure);
    secure.on("error", reject);
    secure.once("close", () => reject(new Error("The connection was closed")));
    secure.once("secureConnect", () => {
      resolve(secure.getPeerCertificate());
      secure.destroy();
    });
  });
  return promise;
}

class GuardedHttpAgent extends http.Agent {
  readonly #guard: GuardOptions;

  constructor(guard: GuardOptions) {
    super({ ...kept, maxSockets: guard.socketsMax });
    this.#guard = guard;
  }

  override createConnection(options: http.ClientRequestArgs, callback?: Callback): undefined {
    connect(endpointOf(options), this.#guard, (error, socket) => callback?.(error, socket));
  }
}

class GuardedHttpsAgent extends https.Agent {
  readonly #guard: GuardOptions;

  constructor(guard: GuardOptions) {
    super({ ...kept, ...trust(guard), maxSockets: guard.socketsMax });
    this.#guard = guard;
  }

  override createConnection(options: https.RequestOptions, callback?: Callback): undefined {
    connect(endpointOf(options), this.#guard, (error, socket) => {
      if (error !== null) return callback?.(error, socket);
      const wrapped = super.createConnection({ ...options, socket } as https.RequestOptions);
      if (wrapped) callback?.(null, wrapped);
    });
  }
}

/** An agent that opens guarded connections, for `http:` or `https:`. */
export function createGuardedAgent(protocol: string, guard: GuardOptions): http.Agent {
  return protocol === "https:" ? new GuardedHttpsAgent(guard) : new GuardedHttpAgent(guard);
}
