/**
 * HTTP as far as backends need it that misbehave: requests are read, and what is written in answer
 * is up to them, byte by byte. No server of the runtime lets anybody do that.
 */
import { Buffer } from "node:buffer";
import net from "node:net";

/** One request, from when its head has come. */
export interface Asked {
  /** By their names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** Of the body, as its head says. */
  readonly length: number;
  /** Resolves with the body; undefined: the connection was closed before it had come. */
  readonly body: Promise<Buffer | undefined>;
  write(text: string | Uint8Array): void;
  /** The answer is complete; the connection may be used again. */
  end(): void;
  /** Closes the connection, after what has been written. */
  close(): void;
  /** Closes it so that what is under way is lost. */
  reset(): void;
  /** Called once, when the answer is complete or the connection closed. */
  onceOver(then: () => void): void;
  readonly isOver: () => boolean;
}

/** A listener on loopback. */
export interface Wire extends AsyncDisposable {
  readonly url: string;
  /** Connections that are open, … */
  readonly open: () => number;
  /** … that were open at once at most, … */
  readonly most: () => number;
  /** … and all there ever were. */
  readonly connections: () => number;
}

function headersIn(head: string): ReadonlyMap<string, string> {
  return new Map(
    head.split("\r\n").slice(1).map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
}

/** A request in the making, and where its parts are told. */
function begin(socket: net.Socket, head: string, ended: () => void) {
  const headers = headersIn(head);
  const body = Promise.withResolvers<Buffer | undefined>();
  const listeners: (() => void)[] = [];
  let isOver = false;
  function over(): void {
    if (isOver) return;
    isOver = true;
    for (const listener of listeners) listener();
  }
  function finish(how: () => void): void {
    over();
    how();
  }
  const asked: Asked = {
    headers,
    length: Number(headers.get("content-length") ?? 0),
    body: body.promise,
    write: (text) => void (socket.writable && socket.write(text)),
    end: () => finish(ended),
    close: () => finish(() => socket.end()),
    reset: () => finish(() => socket.resetAndDestroy()),
    onceOver: (then) => void listeners.push(then),
    isOver: () => isOver,
  };
  return { asked, over, came: body.resolve };
}

/** Reads the requests on one connection, one after the other. */
function serve(socket: net.Socket, handle: (asked: Asked) => void): void {
  let pending = Buffer.alloc(0);
  let current: ReturnType<typeof begin> | undefined;
  let isWhole = false;

  function take(length: number): Buffer {
    const taken = pending.subarray(0, length);
    pending = pending.subarray(length);
    return taken;
  }

  function advance(): void {
    if (current === undefined) {
      // Whoever has said goodbye hears nothing more.
      if (!socket.writable) return;
      const end = pending.indexOf("\r\n\r\n");
      if (end < 0) return;
      isWhole = false;
      current = begin(socket, take(end + 4).toString("latin1"), () => queueMicrotask(advance));
      handle(current.asked);
    }
    if (!isWhole && pending.byteLength >= current.asked.length) {
      isWhole = true;
      current.came(take(current.asked.length));
    }
    if (!isWhole || !current.asked.isOver()) return;
    current = undefined;
    advance();
  }

  socket.on("data", (piece: Buffer) => {
    pending = Buffer.concat([pending, piece]);
    advance();
  });
  socket.on("close", () => {
    current?.over();
    current?.came(undefined);
  });
}

/** Starts listening. */
export async function openWire(handle: (asked: Asked) => void): Promise<Wire> {
  const sockets = new Set<net.Socket>();
  let most = 0;
  let connections = 0;
  const server = net.createServer((socket) => {
    sockets.add(socket);
    connections += 1;
    most = Math.max(most, sockets.size);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    serve(socket, handle);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/`,
    open: () => sockets.size,
    most: () => most,
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
