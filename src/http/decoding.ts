/**
 * The text of an answer that says how it is encoded: some backends compress although they were
 * asked not to, and some name there what has no place there, such as a character set.
 */
import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";

/** What came of an answer. */
export interface Came {
  readonly bytes: Uint8Array;
  readonly whole: boolean;
}

/** A text does not become longer than this. */
export const textBytesMax = 256 * 1_024;
/** Encodings one over the other: nobody means more, and each costs time. */
const codingsMax = 4;

type Unpack = (bytes: Uint8Array, options: { readonly maxOutputLength: number }) => Uint8Array;

const compressions: ReadonlyMap<string, Unpack> = new Map([
  ["gzip", gunzipSync],
  ["x-gzip", gunzipSync],
  ["deflate", inflateSync],
  ["br", brotliDecompressSync],
]);

const codingsIn = (header: string) =>
  header.toLowerCase().split(",").map((coding) => coding.trim())
    .filter((coding) => coding !== "" && coding !== "identity");

/** Throws where it cannot be unpacked whole. */
function unpacked({ bytes, whole }: Came, unpack: Unpack): Came {
  const plain = unpack(bytes, { maxOutputLength: textBytesMax });
  // Deno's brotli does not mind what is cut off, and makes nothing of what is not brotli.
  if (!whole || plain.byteLength === 0) throw new Error("Nothing can be made of it");
  return { bytes: plain, whole };
}

/** By a character set, if that is what was named; else what cannot be UTF-8 is no text. */
function decoderFor(coding: string) {
  try {
    return new TextDecoder(coding);
  } catch {
    return new TextDecoder("utf-8", { fatal: true });
  }
}

/** The text, in UTF-8 where nothing else is said; undefined: it cannot be known. */
export function decoded(came: Came, header = ""): string | undefined {
  const codings = codingsIn(header);
  if (came.bytes.byteLength === 0) return "";
  if (codings.length > codingsMax) return undefined;
  let decoder = new TextDecoder();
  let plain = came;
  try {
    for (const coding of codings.reverse()) {
      const unpack = compressions.get(coding);
      if (unpack === undefined) decoder = decoderFor(coding);
      else plain = unpacked(plain, unpack);
    }
    return decoder.decode(plain.bytes);
  } catch {
    return undefined;
  }
}
