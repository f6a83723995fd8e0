/**
 * Reading a request's body, never more of it than allowed, in memory that is proportional to what
 * came: however small the pieces are, they end in one buffer.
 */
import { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";

/** How reading a body ended. */
export type Body =
  | { readonly is: "read"; readonly bytes: Uint8Array }
  /** Larger than allowed; the rest is not read. */
  | { readonly is: "too_large" }
  /** There was no room for more of it; the rest is not read. */
  | { readonly is: "refused" }
  /** The sender went away, or was too slow. */
  | { readonly is: "aborted" };

/** Pieces put together; a single one, which is the rule, is not copied. */
function createPieces(bytesMax: number) {
  let bytes: Uint8Array = new Uint8Array();
  let length = 0;
  return {
    get length() {
      return length;
    },
    add(piece: Uint8Array): void {
      const before = length;
      length += piece.byteLength;
      if (before === 0) {
        bytes = piece;
        return;
      }
      if (bytes.byteLength < length) {
        const larger = Buffer.allocUnsafe(Math.min(Math.max(2 * length, 4_096), bytesMax));
        larger.set(bytes.subarray(0, before));
        bytes = larger;
      }
      bytes.set(piece, before);
    },
    whole: () => bytes.subarray(0, length),
  };
}

/** Reads a body of at most `bytesMax`; asks `admit` for room for each piece of so many bytes. */
export function readBody(
  request: IncomingMessage,
  bytesMax: number,
  admit: (bytes: number) => boolean,
  done: (body: Body) => void,
): void {
  const pieces = createPieces(bytesMax);
  let ended = false;
  function end(body: Body): void {
    if (ended) return;
    ended = true;
    done(body);
  }
  request.on("data", (piece: Uint8Array) => {
    if (ended) return;
    if (pieces.length + piece.byteLength > bytesMax) return end({ is: "too_large" });
    if (!admit(piece.byteLength)) return end({ is: "refused" });
    pieces.add(piece);
  });
  request.on("end", () => end({ is: "read", bytes: pieces.whole() }));
  request.on("error", () => end({ is: "aborted" }));
  request.on("close", () => end({ is: "aborted" }));
}
