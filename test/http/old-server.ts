/** A server that shakes hands as TLS 1.1 did, whatever the client offers. */
import { Buffer } from "node:buffer";
import net from "node:net";

/** The extension `supported_versions` (RFC 8446, 4.2.1) of who offers TLS 1.3 and 1.2 alone. */
export const offeredVersions = Buffer.from([0, 43, 0, 5, 4, 3, 4, 3, 3]);

/** The first message of such a server (RFC 4346, 7.4.1.3). */
function oldHello(): Buffer {
  const version = Buffer.from([3, 2]);
  const cipherAndCompression = Buffer.from([0xc0, 0x14, 0]);
  const body = Buffer.concat([
    version,
    Buffer.alloc(32, 7),
    Buffer.from([0]),
    cipherAndCompression,
  ]);
  const message = Buffer.concat([Buffer.from([2, 0, 0, body.byteLength]), body]);
  return Buffer.concat([Buffer.from([22]), version, Buffer.from([0, message.byteLength]), message]);
}

/** Starts one, which keeps what it is told. */
export async function openOldServer() {
  const told: Buffer[] = [];
  const ended = Promise.withResolvers<void>();
  const server = net.createServer((socket) => {
    socket.on("error", () => {});
    socket.on("close", () => ended.resolve());
    socket.on("data", (piece) => {
      if (told.push(piece as Buffer) === 1) socket.write(oldHello());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    /** Everything that came; resolves when the first connection is closed. */
    told: async () => {
      await ended.promise;
      return Buffer.concat(told);
    },
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}
