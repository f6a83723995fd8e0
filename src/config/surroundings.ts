/**
 * What a config is read from: files, folders and the environment. Everything asked for is noted
 * down, so that the same reading can be compared with the disk a moment later, and repeated from
 * the notes when the files are gone.
 *
 *     disk ──recorded──▶ Notes ──fingerprint──▶ has anything changed?
 *                          └────remembered────▶ the last good config, read again
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { systemCodeOf } from "../errors.ts";
import { formatSize } from "./units.ts";

/** A file's text, or why there is none. */
export type Contents = { readonly text: string } | { readonly problem: string };

/** Where a config comes from. Paths are absolute. Nothing here rejects. */
export interface Surroundings {
  /** A variable of the process's environment; undefined where it is not set. */
  env(name: string): string | undefined;
  /** A regular file of UTF-8, of at most so many bytes. */
  read(path: string, bytesMax: number): Promise<Contents>;
  /** The names that match a path whose last segment has `*`, sorted; none where unreadable. */
  match(path: string): Promise<readonly string[]>;
}

/** Everything that was asked and answered. */
export interface Notes {
  readonly files: Readonly<Record<string, { readonly bytesMax: number } & Contents>>;
  /** Names by pattern. */
  readonly matches: Readonly<Record<string, readonly string[]>>;
  readonly env: Readonly<Record<string, string>>;
}

const whyUnreadable: Readonly<Record<string, string>> = {
  ENOENT: "does not exist",
  ENOTDIR: "does not exist",
  EACCES: "may not be read by this process",
  EPERM: "may not be read by this process",
};

async function readText(path: string, bytesMax: number): Promise<Contents> {
  // Asked before opening: opening a pipe would wait for its writer.
  const about = await stat(path);
  if (!about.isFile()) return { problem: "is not a regular file" };
  const chunks: Uint8Array[] = [];
  for await (const chunk of createReadStream(path, { end: bytesMax })) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  if (bytes.length > bytesMax) return { problem: `is larger than ${formatSize(bytesMax)}` };
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch {
    return { problem: "is not valid UTF-8" };
  }
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
    env: (name) => Object.hasOwn(env, name) ? env[name] : undefined,
    async read(path, bytesMax) {
      try {
        return await readText(path, bytesMax);
      } catch (error) {
        const code = systemCodeOf(error) ?? "";
        return { problem: whyUnreadable[code] ?? `cannot be read: ${code || "unknown error"}` };
      }
    },
    async match(path) {
      const pattern = patternOf(basename(path));
      const names = await readdir(dirname(path)).catch(() => []);
      return names.filter((name) => pattern.test(name)).sort();
    },
  };
}

/** The same surroundings, and a way to ask what was read of them. */
export function recorded(source: Surroundings): Surroundings & { notes(): Notes } {
  const files = new Map<string, { readonly bytesMax: number } & Contents>();
  const matches = new Map<string, readonly string[]>();
  const used = new Map<string, string>();
  return {
    env(name) {
      const value = source.env(name);
      if (value !== undefined) used.set(name, value);
      return value;
    },
    async read(path, bytesMax) {
      const contents = await source.read(path, bytesMax);
      files.set(path, { bytesMax, ...contents });
      return contents;
    },
    async match(path) {
      const names = await source.match(path);
      matches.set(path, names);
      return names;
    },
    notes: () => ({
      files: Object.fromEntries(files),
      matches: Object.fromEntries(matches),
      env: Object.fromEntries(used),
    }),
  };
}

/** Surroundings in which everything is as it was noted. */
export function remembered(notes: Notes): Surroundings {
  return {
    env: (name) => Object.hasOwn(notes.env, name) ? notes.env[name] : undefined,
    read: async (path) =>
      Object.hasOwn(notes.files, path) && notes.files[path] || { problem: "does not exist" },
    match: async (path) => Object.hasOwn(notes.matches, path) && notes.matches[path] || [],
  };
}

/** Tells notes apart by what they contain. */
export function fingerprintOf(notes: Notes): string {
  const inOrder = (record: object) => Object.entries(record).sort(([a], [b]) => a < b ? -1 : 1);
  const told = JSON.stringify([notes.files, notes.matches, notes.env].map(inOrder));
  return createHash("sha256").update(told).digest("base64");
}

/** The fingerprint that the same files, patterns and variables have now. */
export async function lookAgain(notes: Notes, source: Surroundings): Promise<string> {
  const now = recorded(source);
  for (const [path, { bytesMax }] of Object.entries(notes.files)) await now.read(path, bytesMax);
  for (const path of Object.keys(notes.matches)) await now.match(path);
  for (const name of Object.keys(notes.env)) now.env(name);
  return fingerprintOf(now.notes());
}
