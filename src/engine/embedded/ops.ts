/**
 * What is asked of the log's thread, and how it crosses: one message per commit. Facts cross as
 * one JSON text, which is cheaper than a structured clone of many small objects, and all bytes in
 * one block of memory that is handed over, not copied.
 */
import type { Batch, BatchId } from "../../batch.ts";
import type { Attempt, Settlement } from "../../delivery.ts";
import type { Cut, EngineCounts, Entry, Recorded } from "../../engine.ts";
import type { EventRef } from "../../event.ts";
import type { LaneState } from "../handout.ts";

/** One thing to do. All of a message are done in one transaction, in their order. */
export type Op =
  | { readonly do: "append"; readonly entries: readonly Entry[] }
  | { readonly do: "seal"; readonly lane: string; readonly cut: Cut }
  | {
    readonly do: "settle";
    readonly lane: string;
    readonly batch: BatchId;
    readonly attempt: Attempt;
    readonly settlement: Settlement;
  }
  | { readonly do: "unsettled"; readonly lane: string }
  | { readonly do: "bytes"; readonly lane: string; readonly batch: BatchId }
  | { readonly do: "counts" }
  | { readonly do: "raw"; readonly event: EventRef }
  | { readonly do: "prune"; readonly before: number; readonly limit: number };

/** A batch with the bytes that its first attempt sends. */
export interface Sealed {
  readonly batch: Batch;
  readonly bytes: Uint8Array;
}

/** What each of them answers. */
export interface Answers {
  readonly append: readonly Recorded[];
  readonly seal: Sealed | undefined;
  readonly settle: undefined;
  readonly unsettled: readonly Batch[];
  readonly bytes: Uint8Array;
  readonly counts: EngineCounts;
  readonly raw: Uint8Array | undefined;
  readonly prune: number;
}

/** To the thread; `close` is the last. */
export type Request = "close" | Packed;

/** Operations, made ready to cross. */
export interface Packed {
  /** JSON of the operations; a byte array stands in it as `{"at":[start,end]}`. */
  readonly text: string;
  readonly block: Uint8Array<ArrayBuffer>;
}

/** What one of them came to. */
export type Result = { readonly value: unknown } | { readonly error: string };

/** From the thread: `opened` or `failed`, then `done` for each request in order, then `closed`. */
export type Reply =
  | { readonly is: "opened"; readonly stream: string; readonly lanes: readonly LaneState[] }
  | { readonly is: "failed"; readonly code: string; readonly message: string }
  | {
    readonly is: "done";
    readonly results: readonly Result[];
    readonly lanes: readonly LaneState[];
  }
  | { readonly is: "closed" };

interface Span {
  readonly at: readonly [start: number, end: number];
}

/** An entry whose bytes stand in the block. */
interface PackedEntry extends Omit<Entry, "raw" | "json" | "fingerprint"> {
  readonly raw: Span;
  readonly json?: Span;
  readonly fingerprint: {
    readonly key: Span;
    readonly content: Span;
    readonly withinMs?: number;
  };
}

type PackedOp =
  | Exclude<Op, { do: "append" }>
  | { readonly do: "append"; readonly entries: readonly PackedEntry[] };

/** Makes operations ready to cross. */
export function pack(ops: readonly Op[]): Packed {
  const parts: Uint8Array[] = [];
  let length = 0;
  function put(bytes: Uint8Array): Span {
    const start = length;
    parts.push(bytes);
    length += bytes.byteLength;
    return { at: [start, length] };
  }
  function packEntry({ raw, json, fingerprint, ...facts }: Entry): PackedEntry {
    const { key, content } = fingerprint;
    return {
      ...facts,
      raw: put(raw),
      ...(json === undefined ? {} : { json: put(json) }),
      fingerprint: { ...fingerprint, key: put(key), content: put(content) },
    };
  }
  const packed = ops.map((op): PackedOp =>
    op.do === "append" ? { do: "append", entries: op.entries.map(packEntry) } : op
  );
  const block = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    block.set(part, offset);
    offset += part.byteLength;
  }
  return { text: JSON.stringify(packed), block };
}

/** The operations as they were; their bytes are views of the block. */
export function unpack({ text, block }: Packed): readonly Op[] {
  const get = ({ at: [start, end] }: Span) => block.subarray(start, end);
  function unpackEntry({ raw, json, fingerprint, ...facts }: PackedEntry): Entry {
    const { key, content } = fingerprint;
    return {
      ...facts,
      raw: get(raw),
      ...(json === undefined ? {} : { json: get(json) }),
      fingerprint: { ...fingerprint, key: get(key), content: get(content) },
    };
  }
  const packed: readonly PackedOp[] = JSON.parse(text);
  return packed.map((op) =>
    op.do === "append" ? { do: "append", entries: op.entries.map(unpackEntry) } : op
  );
}
