/**
 * The bytes of batches just sealed: most are asked for at once, and once. What finds no room is
 * rendered once more, from the log.
 */
import type { BatchId } from "../../batch.ts";

/** Of sealed batches that wait for their first attempt. */
const freshBytesMax = 64 * 1024 * 1024;

/** Bytes that are kept until they are taken. */
export interface Fresh {
  /** The oldest go where there is no room for these. */
  put(lane: string, batch: BatchId, bytes: Uint8Array): void;
  /** Gives them away; undefined: they are not kept. */
  take(lane: string, batch: BatchId): Uint8Array | undefined;
}

/** Makes an empty cache of so many bytes. */
export function createFresh(bytesMax = freshBytesMax): Fresh {
  const batches = new Map<string, Uint8Array>();
  const keyOf = (lane: string, batch: BatchId) => `${batch} ${lane}`;
  let kept = 0;

  function take(key: string): Uint8Array | undefined {
    const bytes = batches.get(key);
    batches.delete(key);
    kept -= bytes?.byteLength ?? 0;
    return bytes;
  }

  return {
    put(lane, batch, bytes) {
      const key = keyOf(lane, batch);
      take(key);
      if (bytes.byteLength > bytesMax) return;
      for (const oldest of batches.keys()) {
        if (kept + bytes.byteLength <= bytesMax) break;
        take(oldest);
      }
      batches.set(key, bytes);
      kept += bytes.byteLength;
    },
    take: (lane, batch) => take(keyOf(lane, batch)),
  };
}
