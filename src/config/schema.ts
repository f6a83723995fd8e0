/**
 * What a field may be, said once: from one definition come its type, the check of what is written,
 * its default, and its JSON Schema.
 *
 * A field is read *over a base*: what holds where nothing is written. A tenant is read over the
 * defaults and the defaults over our own, so that merging maps needs no code of its own.
 */
import { isDeepStrictEqual } from "node:util";
import { type JsonSchema, onlyDefault } from "./json.ts";
import { shown } from "./problems.ts";
import { kindOf, type Place, type Scalar, type Tree } from "./tree.ts";
import type { Parsed } from "./units.ts";

/** A scalar's text, and whether it came from a secret reference. */
export type Resolved =
  | { readonly text: string; readonly secret: boolean }
  | { readonly problem: string };

/** Where a reading stands: its field's path, and where to tell what is wrong. */
export interface Reading {
  readonly field: string;
  /** Relative paths start here. */
  readonly folder: string;
  under(key: string): Reading;
  problem(place: Place, message: string): void;
  /** The text with its reference resolved, or why that failed. */
  resolve(scalar: Scalar): Resolved;
}

/** How to read a part of the file. */
export interface Field<T> {
  /** What holds where neither the file nor the defaults say anything. */
  readonly fallback: T;
  /** What to tell where it is missing; absent: it may be. */
  readonly missing?: string;
  readonly json: JsonSchema;
  /** Gives `base` when it stated a problem. */
  read(tree: Tree, base: T, at: Reading): T;
}

/** What a field reads. */
export type ValueOf<F> = F extends Field<infer T> ? T : never;

/** How to read one scalar. */
export interface Kind<T> {
  /** "a duration such as 5s": said to whoever writes a list there. */
  readonly is: string;
  readonly json: JsonSchema;
  /** What a problem may quote; default: the text, shortened. */
  readonly quote?: (text: string) => string | undefined;
  parse(text: string, folder: string): Parsed<T>;
}

/** Text as a problem quotes it, unless it came from a secret reference or may hold one. */
function received<T>(kind: Kind<T>, text: string): string {
  const quoted = kind.quote ? kind.quote(text) : shown(text);
  return quoted === undefined ? "" : `: received "${quoted}"`;
}

function readScalar<T>(kind: Kind<T>, tree: Tree, at: Reading): { readonly value: T } | undefined {
  if (tree.kind !== "scalar") {
    at.problem(tree.place, `must be ${kind.is}: received ${kindOf(tree)}`);
    return undefined;
  }
  const resolved = at.resolve(tree);
  if ("problem" in resolved) {
    at.problem(tree.place, resolved.problem);
    return undefined;
  }
  const parsed = kind.parse(resolved.text, at.folder);
  if ("value" in parsed) return parsed;
  const quoted = resolved.secret ? "" : received(kind, resolved.text);
  at.problem(tree.place, parsed.problem + quoted);
  return undefined;
}

/** One scalar that may be left out. */
export function optional<T>(kind: Kind<T>): Field<T | undefined> {
  return {
    fallback: undefined,
    json: kind.json,
    read(tree, base, at) {
      const parsed = readScalar(kind, tree, at);
      return parsed ? parsed.value : base;
    },
  };
}

/** As an editor would write it: without quotes where YAML's own types have it. */
function writtenAs({ json }: Kind<unknown>, written: string): string | number | boolean {
  const [type] = [json["type"]].flat();
  if (type === "integer") return Number(written);
  return type === "boolean" ? written === "true" : written;
}

/** One scalar with a default, written as in the file. Throws when the default breaks its rule. */
export function scalar<T>(kind: Kind<T>, written: string): Field<T> {
  const parsed = kind.parse(written, "/");
  if ("problem" in parsed) throw new TypeError(`The default ${written} ${parsed.problem}`);
  return {
    fallback: parsed.value,
    json: { ...kind.json, default: writtenAs(kind, written) },
    read(tree, base, at) {
      const found = readScalar(kind, tree, at);
      return found ? found.value : base;
    },
  };
}

/** A field that must be there. */
export function needed<T>(field: Field<T>, missing: string): Field<T> {
  return { ...field, missing };
}

/** Says what a field is for, in a few words that editors show. */
export function about<T>(text: string, field: Field<T>): Field<T> {
  const { description: more, ...json } = field.json;
  const description = more === undefined ? text : `${text} (${more})`;
  return { ...field, json: { description, ...json } };
}

/** A field that is wrong as a whole when this rule finds something wrong with its value. */
export function checked<T>(field: Field<T>, rule: (value: T) => string | undefined): Field<T> {
  return {
    ...field,
    read(tree, base, at) {
      const value = field.read(tree, base, at);
      const why = rule(value);
      if (why !== undefined) at.problem(tree.place, why);
      return value;
    },
  };
}

/** The same place, whose problems somebody else hears. */
function heardBy(hear: () => void, at: Reading): Reading {
  return { ...at, problem: hear, under: (key) => heardBy(hear, at.under(key)) };
}

/** A field whose effect is not built: only its default is accepted. Deleting the mark does it. */
export function notYet<T>(field: Field<T>): Field<T> {
  return {
    ...field,
    json: { ...onlyDefault(field.json), description: "not yet supported" },
    read(tree, base, at) {
      let wrong = false;
      const value = field.read(tree, field.fallback, heardBy(() => wrong = true, at));
      if (wrong || !isDeepStrictEqual(value, field.fallback)) {
        at.problem(tree.place, "not yet supported: leave it out");
      }
      return base;
    },
  };
}

/** What was read, and where it stands, for checks that need more than one field. */
export interface Located<T> {
  readonly value: T;
  readonly place: Place;
  readonly field: string;
}

/** The same of a scalar with a default, which has no place. */
export interface Placed<T> {
  readonly value: T;
  readonly at?: Omit<Located<T>, "value">;
}

/** One scalar with a default, and its place where it is written. */
export function locatedScalar<T>(kind: Kind<T>, written: string): Field<Placed<T>> {
  const { fallback, json } = scalar(kind, written);
  return {
    fallback: { value: fallback },
    json,
    read(tree, base, at) {
      const found = readScalar(kind, tree, at);
      return found ? { ...found, at: { place: tree.place, field: at.field } } : base;
    },
  };
}

/** One scalar with its place. */
export function located<T>(kind: Kind<T>): Field<Located<T> | undefined> {
  return {
    fallback: undefined,
    json: kind.json,
    read(tree, base, at) {
      const parsed = readScalar(kind, tree, at);
      return parsed ? { value: parsed.value, place: tree.place, field: at.field } : base;
    },
  };
}

const itemsMax = 100_000;

/** How a list is written. */
export interface ListOptions<T> {
  readonly fallback?: readonly T[];
  readonly written?: readonly string[];
  /** `default` among the items stands for the list that holds otherwise. */
  readonly defaults?: true;
  /** A single item may stand without brackets. */
  readonly single?: true;
  /** Told when the list is empty. */
  readonly filled?: string;
}

const isDefault = (tree: Tree) => tree.kind === "scalar" && tree.text === "default";

/** A list; what is written replaces what holds otherwise. */
export function list<T>(
  item: Field<T | undefined>,
  options: ListOptions<T> = {},
): Field<readonly T[]> {
  const array = {
    type: "array",
    items: item.json,
    ...(options.filled ? { minItems: 1 } : {}),
  };
  const either = options.single ? { anyOf: [item.json, array] } : array;
  const readItem = (tree: Tree, base: readonly T[], at: Reading): readonly T[] => {
    if (options.defaults && isDefault(tree)) return base;
    const value = item.read(tree, undefined, at);
    return value === undefined ? [] : [value];
  };
  return {
    fallback: options.fallback ?? [],
    json: { ...either, default: options.written ?? [] },
    read(tree, base, at) {
      const single = options.single && (tree.kind === "scalar" || tree.kind === "map");
      const items = tree.kind === "list" ? tree.items : single ? [tree] : undefined;
      if (items === undefined) {
        at.problem(tree.place, `must be a list, such as [a, b] or []: received ${kindOf(tree)}`);
        return base;
      }
      if (items.length > itemsMax) at.problem(tree.place, `has more than ${itemsMax} items`);
      if (items.length === 0 && options.filled) at.problem(tree.place, options.filled);
      return items.slice(0, itemsMax).flatMap((one) => readItem(one, base, at));
    },
  };
}
