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
import type { Duplex } from "node:stream";
import type { AddressRule } from "../address.ts";

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
}

type Callback = (error: Error | null, stream: Duplex) => void;
type ConnectOptions = net.NetConnectOpts & { readonly host?: string; readonly port?: number };

const idleMsMax = 30_000;

/** The addresses of this machine, in whatever notation they are asked for. */
function ownAddresses(): net.BlockList {
  const own = new net.BlockList();
  own.addSubnet("127.0.0.0", 8, "ipv4");
  for (const address of ["0.0.0.0", "::", "::1"]) {
    own.addAddress(address, net.isIPv6(address) ? "ipv6" : "ipv4");
  }
  try {
    for (
      const { address, family } of Object.values(networkInterfaces()).flatMap((all) => all ?? [])
    ) {
      own.addAddress(address, family === "IPv6" ? "ipv6" : "ipv4");
    }
  } catch {
    // A sandbox may hide the interfaces; the rule for private addresses still holds.
  }
  return own;
}

/** What node asks before each connection. */
class Guard extends net.BlockList {
  readonly #refuses: (address: string, family: 4 | 6) => boolean;

  constructor({ rule, ownPorts }: GuardOptions, port: number) {
    super();
    this.#refuses = (address, family) =>
      rule.refuses(address, family) !== undefined ||
      (ownPorts().has(port) && ownAddresses().check(address, `ipv${family}`));
  }

  override check(address: string | net.SocketAddress, type?: string): boolean {
    const text = typeof address === "string" ? address : address.address;
    const family = type === "ipv6" || (type === undefined && net.isIPv6(text)) ? 6 : 4;
    return this.#refuses(text, family);
  }
}

/** Opens a guarded connection; `done` is called once. */
function connect(
  { host, port }: ConnectOptions,
  options: GuardOptions,
  done: (error: Error | null, socket: net.Socket) => void,
): void {
  const to = Number(port);
  const blockList = new Guard(options, to);
  const connection = { host: host ?? "", port: to, blockList, autoSelectFamily: true };
  const socket = net.connect(connection);
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

class GuardedHttpAgent extends http.Agent {
  readonly #guard: GuardOptions;

  constructor(guard: GuardOptions) {
    super({ keepAlive: true, maxSockets: guard.socketsMax, timeout: idleMsMax });
    this.#guard = guard;
  }

  override createConnection(options: http.ClientRequestArgs, callback?: Callback): undefined {
    const { host, port } = options;
    const to = { host: host ?? "", port: Number(port) };
    connect(to, this.#guard, (error, socket) => callback?.(error, socket));
  }
}

class GuardedHttpsAgent extends https.Agent {
  readonly #guard: GuardOptions;

  constructor(guard: GuardOptions) {
    super({
      keepAlive: true,
      maxSockets: guard.socketsMax,
      timeout: idleMsMax,
      rejectUnauthorized: true,
      minVersion: "TLSv1.2",
      ...(guard.authorities.length === 0
        ? {}
        : { ca: [...tls.rootCertificates, ...guard.authorities] }),
    });
    this.#guard = guard;
  }

  override createConnection(options: https.RequestOptions, callback?: Callback): undefined {
    const { host, port } = options;
    const to = { host: host ?? "", port: Number(port) };
    connect(to, this.#guard, (error, socket) => {
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
