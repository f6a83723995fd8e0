/** What a command is given to read: a file, or standard input. */
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import process from "node:process";
import { systemCodeOf } from "../errors.ts";
import { usageError } from "./arguments.ts";
import { printable } from "./text.ts";

function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw usageError(`Cannot read "${printable(path)}": ${systemCodeOf(error) ?? "unknown error"}`);
  }
}

/** A file's text. Throws `usage`. */
export const readText = (path: string): string => readBytes(path).toString("utf8");

/** A file, or standard input where it is `-`, of at most so many bytes. Throws `usage`. */
export async function readGiven(path: string, bytesMax: number): Promise<Uint8Array> {
  if (path !== "-") return readBytes(path);
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of process.stdin as AsyncIterable<Uint8Array>) {
    length += piece.byteLength;
    if (length > bytesMax) throw usageError(`Standard input has more than ${bytesMax} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
