/**
 * The visitors of a listener, and how they leave: whoever is being answered is told that the
 * connection ends with that answer; whoever was answered early may finish sending; whoever is
 * idle may bring one more request that was on its way. Nobody is reset.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import net from "node:net";

/** Idle connections are left open for so long after the listener closed. */
const idleGraceMs = 300;
const idleEveryMs = 1_000;

/** The connections and requests of one listener. */
export interface Visitors {
  /** To be called for every request, before it is handled. */
  enter(request: IncomingMessage, response: ServerResponse): void;
  /** Accepts nobody any more; resolves when all have left, or were thrown out after `msMax`. */
  leave(msMax: number): Promise<void>;
}

/** Counts the visitors of a listener; one that was answered early may send for `lingerMsMax`. */
export function watchVisitors(server: Server, lingerMsMax: number): Visitors {
  const sockets = new Set<net.Socket>();
  const responses = new Set<ServerResponse>();
  let leaving = false;

  server.on("connection", (socket: net.Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });

  /** Reads what is left of a body, so that its sender comes to read its answer. */
  function linger(request: IncomingMessage): void {
    const { socket } = request;
    const end = setTimeout(() => socket.destroy(), lingerMsMax);
    const over = () => {
      clearTimeout(end);
      request.off("close", over);
      socket.off("close", over);
    };
    // A request that was answered does not hear of it when its connection ends.
    request.once("close", over);
    socket.once("close", over);
    request.resume();
  }

  function endIdle(): void {
    server.closeIdleConnections();
    // Those that never sent a byte are not idle to node.
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  }

  return {
    enter(request, response) {
      if (leaving) response.setHeader("connection", "close");
      responses.add(response);
      response.once("close", () => {
        responses.delete(response);
        if (!request.complete && !request.socket.destroyed) linger(request);
      });
    },
    async leave(msMax) {
      leaving = true;
      for (const response of responses) {
        if (!response.headersSent) response.setHeader("connection", "close");
      }
      const closed = Promise.withResolvers<void>();
      // http's own close() ends idle connections at once, and with them what is on its way.
      net.Server.prototype.close.call(server, () => closed.resolve());
      const first = setTimeout(endIdle, idleGraceMs);
      const again = setInterval(endIdle, idleEveryMs);
      const last = setTimeout(() => server.closeAllConnections(), msMax);
      await closed.promise;
      clearTimeout(first);
      clearInterval(again);
      clearTimeout(last);
      // Nothing is left to close but the timer that looks for slow senders.
      server.close();
    },
  };
}
