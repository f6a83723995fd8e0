/**
 * The embedded engine: one node, SQLite is the log, a thread of its own writes it. Here stands
 * what the rest of the program sees of it: lanes handed out, and their batches' bytes.
 */
import type { BatchId } from "../batch.ts";
import type { Engine } from "../engine.ts";
import type { LogOptions } from "./embedded/log.ts";
import { openThread } from "./embedded/thread.ts";
import { createHandout } from "./handout.ts";

/** Of sealed batches that wait for their first attempt; the others are rendered once more. */
const freshBytesMax = 64 * 1024 * 1024;

/** The bytes of batches just sealed: most are asked for at once, and once. */
function createFresh() {
  const batches = new Map<string, Uint8Array>();
  const keyOf = (lane: string, batch: BatchId) => `${batch} ${lane}`;
  let kept = 0;
  return {
    put(lane: string, batch: BatchId, bytes: Uint8Array): void {
      if (kept + bytes.byteLength > freshBytesMax) return;
      batches.set(keyOf(lane, batch), bytes);
      kept += bytes.byteLength;
    },
    take(lane: string, batch: BatchId): Uint8Array | undefined {
      const bytes = batches.get(keyOf(lane, batch));
      batches.delete(keyOf(lane, batch));
      kept -= bytes?.byteLength ?? 0;
      return bytes;
    },
  };
}

/**
 * Opens the log at this path, making it where there is none. Throws `store_in_use` when another
 * daemon holds it, `signing_key` when it has delivered under another seed, and `store` when it
 * cannot be read.
 */
export async function openEmbeddedEngine(options: LogOptions): Promise<Engine> {
  const fresh = createFresh();
  const handout = createHandout({
    unsettled: (lane) => thread.ask({ do: "unsettled", lane }),
    async seal(lane, cut) {
      const sealed = await thread.ask({ do: "seal", lane, cut });
      if (sealed !== undefined) fresh.put(lane, sealed.batch.id, sealed.bytes);
      return sealed?.batch;
    },
    bytes: async (lane, batch) =>
      fresh.take(lane, batch) ?? thread.ask({ do: "bytes", lane, batch }),
    async settle(lane, batch, attempt, settlement) {
      await thread.ask({ do: "settle", lane, batch, attempt, settlement });
      fresh.take(lane, batch);
    },
  });
  const thread = await openThread(options, handout.update);
  handout.update(thread.lanes);
  return {
    stream: thread.stream,
    broken: thread.broken,
    append: (entries) => thread.ask({ do: "append", entries }),
    lanes: handout.take,
    counts: () => thread.ask({ do: "counts" }),
    raw: (event) => thread.ask({ do: "raw", event }),
    prune: (before, limit) => thread.ask({ do: "prune", before, limit }),
    async [Symbol.asyncDispose]() {
      handout.close();
      await thread.close();
    },
  };
}
