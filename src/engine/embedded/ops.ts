/**
 * What is asked of the log's thread, and how it crosses: one message per commit. Facts cross as
 * one JSON text, which is cheaper than a structured clone of many small objects, and all bytes in
 * one block of memory that is handed over, not copied.
 */
import type { Batch, BatchId } from "../../batch.ts";
import type {
  BatchMember,
  BatchStory,
  DeadLetter,
  Halt,
  Replayed,
  Selection,
  Settled,
  UrlState,
} from "../../delivery.ts";
import type { Belongings, EngineCounts, Entry, Recorded, Rules } from "../../engine.ts";
import type { Pruned, SecretVersion, Tended } from "../../engine.ts";
import type { Cut } from "../../lane.ts";
import type { Known } from "../../ownership.ts";
import type { EventRef, Key } from "../../event.ts";
import type { Held, HeldSelection, Reclaim, Stored, Wanted } from "../../held.ts";
import type { Channel, TenantId } from "../../tenant.ts";
import type { LaneState, Settling } from "../handout.ts";
import type { Had } from "../../ownership/recycling.ts";

/** One thing to do. All of a message are done in one transaction, in their order. */
export type Op =
  | { readonly do: "append"; readonly entries: readonly Entry[] }
  | { readonly do: "seal"; readonly lane: string; readonly cut: Cut }
  | { readonly do: "settle"; readonly lane: string; readonly settling: Settling }
  | { readonly do: "members"; readonly lane: string; readonly batch: BatchId }
  | { readonly do: "urls"; readonly lane: string }
  | { readonly do: "halts"; readonly lane: string }
  | { readonly do: "halt"; readonly lane: string; readonly is: boolean }
  | { readonly do: "pause"; readonly tenant: TenantId }
  | { readonly do: "resume"; readonly tenant: TenantId }
  | { readonly do: "hurry"; readonly tenant?: TenantId }
  | { readonly do: "clockSet"; readonly byMs: number; readonly at: number }
  | { readonly do: "replay"; readonly what: Selection; readonly dryRun: boolean }
  | {
    readonly do: "dead";
    readonly what: Exclude<Selection, { batch: BatchId }>;
    readonly limit: number;
    readonly after?: Pick<DeadLetter, "at" | "ref">;
  }
  | { readonly do: "story"; readonly batch: BatchId }
  | {
    readonly do: "secretVersions";
    readonly wanted: readonly { readonly tenant: TenantId; readonly version: number }[];
  }
  | { readonly do: "unsettled"; readonly lane: string }
  | { readonly do: "bytes"; readonly lane: string; readonly batch: BatchId }
  | { readonly do: "counts" }
  | { readonly do: "raw"; readonly event: EventRef }
  | { readonly do: "prune"; readonly before: number; readonly limit: number }
  | { readonly do: "configure"; readonly rules: Rules }
  | { readonly do: "belongings" }
  | { readonly do: "had"; readonly tenant: TenantId }
  | {
    readonly do: "lose";
    readonly tenant: TenantId;
    readonly keys: readonly string[];
    readonly channels: readonly Channel[];
    readonly until: number;
  }
  | {
    readonly do: "regain";
    readonly tenant: TenantId;
    readonly keys: readonly string[];
    readonly channels: readonly Channel[];
  }
  | { readonly do: "belong"; readonly to: readonly Belongings[]; readonly until: number }
  | { readonly do: "wanted"; readonly after: string; readonly limit: number }
  | {
    readonly do: "naming";
    readonly keys: readonly string[];
  }
  | { readonly do: "held"; readonly refs: readonly EventRef[] }
  | { readonly do: "reclaim"; readonly claims: readonly Reclaim[] }
  | {
    readonly do: "release";
    readonly which: HeldSelection;
    readonly to: TenantId;
    readonly limit: number;
  }
  | { readonly do: "tend"; readonly now: number; readonly expire: boolean }
  | { readonly do: "postpone"; readonly until: number }
  | { readonly do: "known"; readonly keys: readonly Key[] }
  | { readonly do: "find"; readonly id: string; readonly limit: number };

/** A batch with the bytes that its first attempt sends. */
export interface Sealed {
  readonly batch: Batch;
  readonly bytes: Uint8Array;
}

/** What each of them answers. */
export interface Answers {
  readonly append: readonly Recorded[];
  readonly seal: Sealed | undefined;
  readonly settle: Settled;
  readonly members: readonly BatchMember[];
  readonly urls: readonly UrlState[];
  readonly halts: readonly Halt[];
  readonly halt: undefined;
  readonly pause: undefined;
  readonly resume: boolean;
  readonly hurry: number;
  readonly clockSet: undefined;
  readonly replay: Replayed;
  readonly dead: readonly DeadLetter[];
  readonly story: BatchStory | undefined;
  readonly secretVersions: readonly SecretVersion[];
  readonly unsettled: readonly Batch[];
  readonly bytes: Uint8Array;
  readonly counts: EngineCounts;
  readonly raw: Uint8Array | undefined;
  readonly prune: Pruned;
  readonly configure: undefined;
  readonly belongings: readonly [TenantId, string][];
  readonly had: Had;
  readonly lose: undefined;
  readonly regain: undefined;
  readonly belong: undefined;
  readonly wanted: readonly Wanted[];
  readonly naming: readonly EventRef[];
  readonly held: readonly Held[];
  readonly reclaim: number;
  readonly release: number;
  readonly tend: Tended;
  readonly postpone: undefined;
  readonly known: readonly (Known | null)[];
  readonly find: Stored | undefined;
}

/** To the thread; `close` is the last. */
export type Request = "close" | Packed;

/** Operations, made ready to cross. */
export interface Packed {
  /** JSON of the operations; of byte arrays it has the lengths. */
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

/** An entry, its bytes in the block, one after the other; 0 stands for what is absent. */
type PackedEntry = readonly [
  event: Entry["event"],
  evidence: Entry["evidence"],
  subject: Entry["subject"],
  wanted: Entry["wanted"],
  path: string,
  proof: string,
  signer: TenantId | 0,
  parked: 0 | 1,
  withinMs: number,
  rawBytes: number,
  jsonBytes: number,
];

type PackedOp =
  | Exclude<Op, { do: "append" }>
  | { readonly do: "append"; readonly entries: readonly PackedEntry[] };

const fingerprintBytes = { key: 24, content: 8 };

/** Makes operations ready to cross. */
export function pack(ops: readonly Op[]): Packed {
  const parts: Uint8Array[] = [];
  let length = 0;
  function put(bytes: Uint8Array): number {
    parts.push(bytes);
    length += bytes.byteLength;
    return bytes.byteLength;
  }
  function packEntry(entry: Entry): PackedEntry {
    const { event, evidence, subject, wanted, path, proof, signer = 0, fingerprint } = entry;
    const { key, content, withinMs = 0 } = fingerprint;
    put(key);
    put(content);
    const raw = put(entry.raw);
    const json = entry.json === undefined ? 0 : put(entry.json);
    const parked = entry.parked ? 1 : 0;
    return [event, evidence, subject, wanted, path, proof, signer, parked, withinMs, raw, json];
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
  let offset = 0;
  const take = (length: number) => block.subarray(offset, offset += length);
  function unpackEntry(packed: PackedEntry): Entry {
    const [event, evidence, subject, wanted, path, proof, signer, parked, withinMs, raw, json] =
      packed;
    const [key, content] = [take(fingerprintBytes.key), take(fingerprintBytes.content)];
    return {
      event,
      evidence,
      subject,
      wanted,
      path,
      proof,
      parked: parked === 1,
      fingerprint: withinMs === 0 ? { key, content } : { key, content, withinMs },
      raw: take(raw),
      ...(json === 0 ? {} : { json: take(json) }),
      ...(signer === 0 ? {} : { signer }),
    };
  }
  const packed: readonly PackedOp[] = JSON.parse(text);
  return packed.map((op) =>
    op.do === "append" ? { do: "append", entries: op.entries.map(unpackEntry) } : op
  );
}
