/** Reading a request's body, never more of it than allowed. */
import { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";

/** How reading a body ended. */
export type Body =
  | { readonly is: "read"; readonly bytes: Uint8Array }
  /** Larger than allowed; the rest is not read. */
  | { readonly is: "too_large" }
  /** The sender went away, or was too slow. */
  | { readonly is: "aborted" };

/** Reads a body of at most `bytesMax`; calls `received` with the size of each piece. */
export function readBody(
  request: IncomingMessage,
  bytesMax: number,
  received: (bytes: number) => void,
  done: (body: Body) => void,
): void {
  const pieces: Uint8Array[] = [];
  let length = 0;
  let ended = false;
  function end(body: Body): void {
    if (ended) return;
    ended = true;
    done(body);
  }
  request.on("data", (piece: Uint8Array) => {
    if (ended) return;
    length += piece.byteLength;
    if (length > bytesMax) return end({ is: "too_large" });
    received(piece.byteLength);
    pieces.push(piece);
  });
  request.on("end", () => {
    const [first] = pieces;
    const bytes = pieces.length === 1 && first !== undefined ? first : Buffer.concat(pieces);
    end({ is: "read", bytes });
  });
  request.on("error", () => end({ is: "aborted" }));
  request.on("close", () => end({ is: "aborted" }));
}
