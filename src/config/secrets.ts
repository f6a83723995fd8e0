/**
 * References to what must not stand in the file: `env:NAME`, `file:PATH` and systemd's `cred:NAME`,
 * alone or after a scheme word (`Bearer file:…`). They are resolved in values after parsing, so no
 * secret can ever be read as YAML.
 */
import { join, resolve } from "node:path";
import type { Contents, Surroundings } from "./surroundings.ts";
import type { Tree } from "./tree.ts";

/** The largest secret. */
const secretBytesMax = 64 * 1024;
/** Distinct references in one config. */
const referencesMax = 100_000;

/** A reference and the word before it. */
export interface Reference {
  /** `Bearer `, or nothing. */
  readonly before: string;
  readonly from: "env" | "file" | "cred";
  readonly name: string;
}

const form = /^((?:[A-Za-z][A-Za-z0-9_-]* )?)(env|file|cred):(\S.*)$/s;

/** The reference a text is, if it is one. */
export function referenceIn(text: string): Reference | undefined {
  const [, before = "", from, name = ""] = form.exec(text) ?? [];
  return from === "env" || from === "file" || from === "cred" ? { before, from, name } : undefined;
}

/** The resolved references of a config, by what stands after the scheme word. */
export type Secrets = ReadonlyMap<string, Contents>;

/** The name under which a reference is found among the secrets. */
export function keyOf(reference: Reference): string {
  return `${reference.from}:${reference.name}`;
}

function fromEnvironment(name: string, env: (name: string) => string | undefined): Contents {
  const text = env(name);
  if (text !== undefined) return { text };
  return {
    problem: `the environment variable "${name}" is not set; a running process's environment ` +
      `cannot change: write it to .env beside the config, or restart with it set`,
  };
}

/** Where a reference to a file leads; undefined for one that leads to none. */
export function pathOf(
  { from, name }: Reference,
  folder: string,
  surroundings: Surroundings,
): string | undefined {
  if (from === "file") return resolve(folder, name);
  const credentials = surroundings.env("CREDENTIALS_DIRECTORY");
  const isName = /^[^/\0]+$/.test(name) && name !== "." && name !== "..";
  return from === "cred" && credentials && isName ? join(credentials, name) : undefined;
}

async function fromFile(path: string, shown: string, from: Surroundings): Promise<Contents> {
  const contents = await from.read(path, secretBytesMax);
  if ("problem" in contents) return { problem: `${shown} ${contents.problem}` };
  return { text: contents.text.replace(/\r?\n$/, "") };
}

/** Resolves every reference in these trees; `env` answers for `.env` as well. */
export async function resolveSecrets(
  trees: Iterable<Tree>,
  folder: string,
  surroundings: Surroundings,
  env: (name: string) => string | undefined,
): Promise<Secrets> {
  const secrets = new Map<string, Contents>();
  for (const reference of referencesIn(trees)) {
    const key = keyOf(reference);
    if (secrets.has(key)) continue;
    if (secrets.size >= referencesMax) break;
    const path = pathOf(reference, folder, surroundings);
    secrets.set(
      key,
      reference.from === "env"
        ? fromEnvironment(reference.name, env)
        : path === undefined
        ? { problem: `"${key}" needs $CREDENTIALS_DIRECTORY, which systemd sets, and a plain name` }
        : await fromFile(path, `the file of "${key}"`, surroundings),
    );
  }
  return secrets;
}

/** An anchor's many uses are one tree, visited once. */
function* referencesIn(trees: Iterable<Tree>): Generator<Reference> {
  const seen = new Set<Tree>();
  const waiting = [...trees];
  for (let tree = waiting.pop(); tree !== undefined; tree = waiting.pop()) {
    if (seen.has(tree)) continue;
    seen.add(tree);
    if (tree.kind === "list") { for (const item of tree.items) waiting.push(item); }
    if (tree.kind === "map") { for (const { value } of tree.entries.values()) waiting.push(value); }
    const reference = tree.kind === "scalar" ? referenceIn(tree.text) : undefined;
    if (reference) yield reference;
  }
}
