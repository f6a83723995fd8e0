/**
 * What a config is read from: files, folders and the environment. Files are read in pieces, since
 * whoever reads a large one at once stops the event loop, and webhooks with it.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { systemCodeOf } from "../errors.ts";
import type { Notes } from "./notes.ts";
import { formatSize } from "./units.ts";

/** A file's text, or why there is none. */
export type Contents = { readonly text: string } | { readonly problem: string };

/** Of what surroundings are made, as plain data, so that another thread can make the same. */
export type Source = { readonly env: Environment } | { readonly notes: Notes };

/** Where a config comes from. Paths are absolute. Nothing here rejects. */
export interface Surroundings {
  readonly source: Source;
  /** A variable of the process's environment; undefined where it is not set. */
  env(name: string): string | undefined;
  /** A regular file of UTF-8, of at most so many bytes. */
  read(path: string, bytesMax: number): Promise<Contents>;
  /** Tells what `read` would answer from anything else; equal for equal answers. */
  digest(path: string, bytesMax: number): Promise<string>;
  /** The names that match a path whose last segment has `*`, sorted; none where unreadable. */
  match(path: string): Promise<readonly string[]>;
}

const whyUnreadable: Readonly<Record<string, string>> = {
  ENOENT: "does not exist",
  ENOTDIR: "does not exist",
  EACCES: "may not be read by this process",
  EPERM: "may not be read by this process",
};

/** Decodes piece by piece, the end without any; undefined for what is not UTF-8. */
function decoding(): (piece?: Uint8Array) => string | undefined {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  return (piece) => {
    try {
      return decoder.decode(piece, { stream: piece !== undefined });
    } catch {
      return undefined;
    }
  };
}

async function* piecesOf(path: string, bytesMax: number): AsyncGenerator<Uint8Array | undefined> {
  // One byte more than is allowed shows that there is more.
  yield* createReadStream(path, { end: bytesMax });
  yield undefined;
}

/** Reads a file; why it has no text, if it has none, may come after some of it. */
async function visit(
  path: string,
  bytesMax: number,
  hear: (text: string) => void,
): Promise<string | undefined> {
  // Asked before opening: opening a pipe would wait for its writer.
  const about = await stat(path);
  if (!about.isFile()) return "is not a regular file";
  const decode = decoding();
  let bytes = 0;
  for await (const piece of piecesOf(path, bytesMax)) {
    bytes += piece?.length ?? 0;
    if (bytes > bytesMax) return `is larger than ${formatSize(bytesMax)}`;
    const text = decode(piece);
    if (text === undefined) return "is not valid UTF-8";
    hear(text);
  }
  return undefined;
}

async function visitOrSay(...visited: Parameters<typeof visit>): Promise<string | undefined> {
  try {
    return await visit(...visited);
  } catch (error) {
    const code = systemCodeOf(error) ?? "";
    return whyUnreadable[code] ?? `cannot be read: ${code || "unknown error"}`;
  }
}

/** The digest of a file's text, however that is divided, or of why there is none. */
export function digesting() {
  const hash = createHash("sha256");
  return {
    hear: (text: string) => void hash.update(text),
    digest: (problem?: string) => problem === undefined ? hash.digest("base64") : `! ${problem}`,
  };
}

/** A name in which `*` stands for any characters; hidden files match nothing. */
function patternOf(name: string): RegExp {
  const parts = name.split("*").map((part) => part.replace(/[\\^$.?+()[\]{}|]/g, "\\$&"));
  return new RegExp(`^(?!\\.)${parts.join(".*")}$`, "s");
}

/** A process's environment. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The machine as it is now, with this environment. */
export function diskWith(env: Environment): Surroundings {
  return {
    // A copy: the process's own is no plain data on every runtime.
    source: { env: { ...env } },
    env: (name) => Object.hasOwn(env, name) ? env[name] : undefined,
    async read(path, bytesMax) {
      const pieces: string[] = [];
      const problem = await visitOrSay(path, bytesMax, (text) => void pieces.push(text));
      return problem === undefined ? { text: pieces.join("") } : { problem };
    },
    async digest(path, bytesMax) {
      const { hear, digest } = digesting();
      return digest(await visitOrSay(path, bytesMax, hear));
    },
    async match(path) {
      const pattern = patternOf(basename(path));
      const names = await readdir(dirname(path)).catch(() => []);
      return names.filter((name) => pattern.test(name)).sort();
    },
  };
}
