/**
 * Everything a config is made of, read and parsed but not yet understood: the file, `.env`, what it
 * includes, and the secrets that all of them refer to.
 */
import { basename, dirname, join, relative, resolve } from "node:path";
import { collectProblems, type Problems, shown } from "./problems.ts";
import { resolveSecrets, type Secrets } from "./secrets.ts";
import type { Surroundings } from "./surroundings.ts";
import { variablesOf, withVariables } from "./environment.ts";
import { entryAt, type Place, placeOutside, type Scalar, type Tree } from "./tree.ts";
import { parseYaml, yamlBytesMax } from "./yaml.ts";

const includesMax = 10_000;
const dotEnvBytesMax = 64 * 1024;

/** The parsed file. */
export interface Document {
  readonly tree: Tree;
  /** Where problems of the whole file are told. */
  readonly place: Place;
}

/** A config's sources. */
export interface Gathered {
  /** The config file, absolute. */
  readonly path: string;
  /** Absent when the file itself cannot be read. */
  readonly main?: Document;
  readonly included: readonly Tree[];
  readonly secrets: Secrets;
  /** What went wrong so far; whoever reads on adds to it. */
  readonly problems: Problems;
}

interface Gathering {
  readonly folder: string;
  readonly from: Surroundings;
  readonly problems: Problems;
}

/** The tree of a file; `unread` hears why there is no text to make one of. */
async function readTree(
  path: string,
  at: Gathering,
  unread: (why: string) => void,
): Promise<Tree | undefined> {
  const contents = await at.from.read(path, yamlBytesMax);
  if ("text" in contents) return parseYaml(contents.text, relative(at.folder, path), at.problems);
  unread(contents.problem);
  return undefined;
}

/** The paths a pattern stands for; `*` in its last segment only. */
async function matching({ text, place }: Scalar, at: Gathering): Promise<readonly string[]> {
  const path = resolve(at.folder, text);
  if (dirname(text).includes("*")) {
    at.problems.add(place, "include", 'may have "*" only after the last "/"');
    return [];
  }
  if (!text.includes("*")) return [path];
  return (await at.from.match(path)).map((name) => join(dirname(path), name));
}

/** A file to read besides, and where it is named. */
type Named = readonly [path: string, place: Place];

async function includedPaths(main: Tree, path: string, at: Gathering): Promise<readonly Named[]> {
  const include = entryAt(main, ["include"])?.value;
  const patterns = include?.kind === "list" ? include.items : include ? [include] : [];
  const paths = new Map<string, Place>();
  for (const pattern of patterns) {
    const found = pattern.kind === "scalar" ? await matching(pattern, at) : [];
    for (const one of found) if (one !== path) paths.set(one, pattern.place);
  }
  if (include && paths.size > includesMax) {
    at.problems.add(include.place, "include", `names more than ${includesMax} files`);
  }
  return [...paths].slice(0, includesMax);
}

async function readIncluded(main: Tree, path: string, at: Gathering): Promise<Tree[]> {
  const trees: Tree[] = [];
  for (const [found, namedAt] of await includedPaths(main, path, at)) {
    const file = relative(at.folder, found);
    const unread = (why: string) => at.problems.add(namedAt, "include", `"${shown(file)}" ${why}`);
    const tree = await readTree(found, at, unread);
    // Perhaps it is just being written: its tenants must not go for that.
    const isEmpty = tree?.kind === "empty";
    if (isEmpty) at.problems.add(placeOutside(file), undefined, "is empty: it needs tenants");
    else if (tree) trees.push(tree);
  }
  return trees;
}

async function readDotEnv(at: Gathering): Promise<string> {
  const contents = await at.from.read(join(at.folder, ".env"), dotEnvBytesMax);
  if ("text" in contents) return contents.text;
  if (contents.problem !== "does not exist") {
    at.problems.add(placeOutside(".env"), undefined, contents.problem);
  }
  return "";
}

/** Reads all sources of the config at this absolute path. Never rejects. */
export async function gather(path: string, from: Surroundings): Promise<Gathered> {
  const at: Gathering = { folder: dirname(path), from, problems: collectProblems() };
  const variables = variablesOf((name) => from.env(name), await readDotEnv(at));
  const place = placeOutside(basename(path));
  const unread = (why: string) => at.problems.add(place, undefined, why);
  const written = await readTree(path, at, unread);
  if (written?.kind === "empty") {
    at.problems.add(place, undefined, "is empty: it needs telnyx.public_keys and tenants");
  }
  if (written === undefined || written.kind === "empty") {
    return { path, included: [], secrets: new Map(), problems: at.problems };
  }
  const tree = withVariables(written, variables);
  const included = await readIncluded(tree, path, at);
  const secrets = await resolveSecrets([tree, ...included], at.folder, from, variables);
  return { path, main: { tree, place }, included, secrets, problems: at.problems };
}
