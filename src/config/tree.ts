/**
 * What a YAML file says, before anybody knows what it means: maps, lists and the source text of
 * scalars, each with its place. An anchor's many uses share one tree.
 */

/** Where something stands; `line` and `column` only when asked, since hardly anyone does. */
export interface Place {
  /** As shown in problems. */
  readonly file: string;
  position(): { readonly line: number; readonly column: number } | undefined;
}

/** Text; `12`, `"12"` and `'12'` are the same. */
export interface Scalar {
  readonly kind: "scalar";
  readonly text: string;
  readonly place: Place;
}

/** Nothing written, `~` or `null`. */
export interface Empty {
  readonly kind: "empty";
  readonly place: Place;
}

/** Trees in order. */
export interface List {
  readonly kind: "list";
  readonly items: readonly Tree[];
  readonly place: Place;
}

/** One key of a map. */
export interface Entry {
  /** Where the key stands. */
  readonly place: Place;
  readonly value: Tree;
}

/** Trees by key; a Map, so that no key (`__proto__`) means anything to the language. */
export interface Mapping {
  readonly kind: "map";
  readonly entries: ReadonlyMap<string, Entry>;
  readonly place: Place;
}

/** Anything a file may say. */
export type Tree = Scalar | Empty | List | Mapping;

/** A place that is no line of any file, such as an environment variable. */
export function placeOutside(name: string): Place {
  return { file: name, position: () => undefined };
}

/** What stands at this path of keys, if anything does. */
export function entryAt(tree: Tree, path: readonly string[]): Entry | undefined {
  const [key, ...rest] = path;
  const entry = tree.kind === "map" && key !== undefined ? tree.entries.get(key) : undefined;
  return entry && rest.length > 0 ? entryAt(entry.value, rest) : entry;
}

/** The same tree with one entry more; maps on the way are made, what is in the way is left. */
export function withEntry(tree: Tree, path: readonly string[], entry: Entry): Tree {
  const [key, ...rest] = path;
  if (key === undefined || tree.kind === "scalar" || tree.kind === "list") return tree;
  const entries = new Map(tree.kind === "map" ? tree.entries : []);
  const inner = entries.get(key);
  const empty: Empty = { kind: "empty", place: entry.place };
  const value = rest.length === 0 ? entry.value : withEntry(inner?.value ?? empty, rest, entry);
  entries.set(key, { place: inner?.place ?? entry.place, value });
  return { kind: "map", entries, place: tree.place };
}

/** For messages: what somebody wrote where something else was expected. */
export function kindOf(tree: Tree): string {
  const names = { scalar: "text", empty: "nothing", list: "a list", map: "a map" };
  return names[tree.kind];
}
