/**
 * Everything that a reading asked for and was answered is noted down, so that it can be compared
 * with the disk a moment later, and repeated from the notes when the files are gone.
 *
 *     disk ──recorded──▶ Notes ──asked──▶ fingerprint of now: has anything changed?
 *                          └──remembered──▶ the last good config, read again
 */
import { createHash } from "node:crypto";
import { type Contents, digesting, type Surroundings } from "./surroundings.ts";

/** Everything that was asked and answered. */
export interface Notes {
  readonly files: Readonly<Record<string, { readonly bytesMax: number } & Contents>>;
  /** Names by pattern. */
  readonly matches: Readonly<Record<string, readonly string[]>>;
  readonly env: Readonly<Record<string, string>>;
}

/** What was asked, without the answers, which may be large. */
export interface Asked {
  /** The most bytes of each by its path. */
  readonly files: Readonly<Record<string, number>>;
  readonly patterns: readonly string[];
  readonly variables: readonly string[];
}

/** The same surroundings, and a way to ask what was read of them. */
export function recorded(from: Surroundings): Surroundings & { notes(): Notes } {
  const files = new Map<string, { readonly bytesMax: number } & Contents>();
  const matches = new Map<string, readonly string[]>();
  const used = new Map<string, string>();
  return {
    ...from,
    env(name) {
      const value = from.env(name);
      if (value !== undefined) used.set(name, value);
      return value;
    },
    async read(path, bytesMax) {
      const contents = await from.read(path, bytesMax);
      files.set(path, { bytesMax, ...contents });
      return contents;
    },
    async match(path) {
      const names = await from.match(path);
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

function digestOf(contents: Contents): string {
  const { hear, digest } = digesting();
  if ("problem" in contents) return digest(contents.problem);
  hear(contents.text);
  return digest();
}

/** Surroundings in which everything is as it was noted. */
export function remembered(notes: Notes): Surroundings {
  const contentsOf = (path: string): Contents =>
    Object.hasOwn(notes.files, path) && notes.files[path] || { problem: "does not exist" };
  return {
    source: { notes },
    env: (name) => Object.hasOwn(notes.env, name) ? notes.env[name] : undefined,
    read: async (path) => contentsOf(path),
    digest: async (path) => digestOf(contentsOf(path)),
    match: async (path) => Object.hasOwn(notes.matches, path) && notes.matches[path] || [],
  };
}

/** Surroundings that give so many characters of text and then no more. */
export function rationed(
  from: Surroundings,
  charactersMax: number,
): Surroundings & { exceeded(): boolean } {
  let left = charactersMax;
  return {
    ...from,
    exceeded: () => left < 0,
    async read(path, bytesMax) {
      const contents: Contents = left < 0 ? { text: "" } : await from.read(path, bytesMax);
      if ("text" in contents) left -= contents.text.length;
      return left < 0 ? { problem: "is not read here" } : contents;
    },
  };
}

/** What must be asked again to learn whether a reading would be the same. */
export function askedOf({ files, matches, env }: Notes): Asked {
  const bounds = Object.entries(files).map(([path, { bytesMax }]) => [path, bytesMax] as const);
  return {
    files: Object.fromEntries(bounds),
    patterns: Object.keys(matches),
    variables: Object.keys(env),
  };
}

/** The same for the same answers only. Takes one file at a time, and a part of it. */
export async function fingerprintOf(asked: Asked, from: Surroundings): Promise<string> {
  const hash = createHash("sha256");
  const tell = (...told: readonly unknown[]) => hash.update(JSON.stringify(told));
  for (const [path, bytesMax] of Object.entries(asked.files).sort()) {
    tell(path, await from.digest(path, bytesMax));
  }
  for (const pattern of asked.patterns.toSorted()) tell(pattern, await from.match(pattern));
  for (const name of asked.variables.toSorted()) tell(name, from.env(name) ?? null);
  return hash.digest("base64");
}
