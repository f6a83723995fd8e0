/**
 * Maps of the file: those whose keys are known, each with a field of its own, and those whose keys
 * are names that the operator chooses.
 */
import type { JsonSchema } from "./json.ts";
import { didYouMean, shownKey } from "./problems.ts";
import type { Field, Reading, ValueOf } from "./schema.ts";
import { type Entry, kindOf, type Mapping, type Place, type Tree } from "./tree.ts";

type Shape = Readonly<Record<string, Field<unknown>>>;
type Values<S> = { readonly [K in keyof S]: ValueOf<S[K]> };

/** The entries of a map; of nothing, none; of anything else, a problem. */
function entriesOf(tree: Tree, at: Reading): Mapping["entries"] | undefined {
  if (tree.kind === "map") return tree.entries;
  if (tree.kind === "empty") return new Map();
  at.problem(tree.place, `must be a map of keys and values: received ${kindOf(tree)}`);
  return undefined;
}

function unknownKey(key: string, place: Place, known: readonly string[], at: Reading): void {
  const hint = key === "<<"
    ? "; YAML 1.2 has no merge keys: write what is common under defaults"
    : didYouMean(key, known) || `; known are ${known.join(", ")}`;
  at.under(shownKey(key)).problem(place, `is not a known key${hint}`);
}

/** A map with known keys; each is read over its own part of the base. */
export function object<S extends Shape>(shape: S): Field<Values<S>> {
  const known = Object.keys(shape);
  const fields = Object.entries(shape);
  const mapped = (of: (field: Field<unknown>) => unknown) =>
    Object.fromEntries(fields.map(([key, field]) => [key, of(field)]));
  const required = fields.filter(([, field]) => field.missing).map(([key]) => key);
  return {
    fallback: mapped((field) => field.fallback) as Values<S>,
    json: {
      // Nothing written is an empty map.
      type: required.length > 0 ? "object" : ["object", "null"],
      properties: mapped((field) => field.json),
      additionalProperties: false,
      ...(required.length > 0 ? { required } : {}),
    },
    read(tree, base, at) {
      const entries = entriesOf(tree, at);
      if (entries === undefined) return base;
      for (const [key, { place }] of entries) {
        if (!Object.hasOwn(shape, key)) unknownKey(key, place, known, at);
      }
      const before: Readonly<Record<string, unknown>> = base;
      const readOne = ([key, field]: [string, Field<unknown>]): [string, unknown] => {
        const entry = entries.get(key);
        if (entry) return [key, field.read(entry.value, before[key], at.under(key))];
        if (field.missing) at.under(key).problem(tree.place, field.missing);
        return [key, before[key]];
      };
      return Object.fromEntries(fields.map(readOne)) as Values<S>;
    },
  };
}

/** A map that may be left out as a whole. */
export function group<T>(field: Field<T>): Field<T | undefined> {
  return {
    fallback: undefined,
    json: field.json,
    read: (tree, base, at) => field.read(tree, base ?? field.fallback, at),
  };
}

/** Which keys a map of names may have. */
export interface Names {
  readonly json: JsonSchema;
  /** Why this is no name for an entry. */
  problem(key: string): string | undefined;
  /** Two keys of one form are one name. */
  formOf?(key: string): string;
}

/** A map whose keys are names, its values not yet read. */
export function entries(value: JsonSchema, names: Names): Field<Mapping["entries"]> {
  return {
    fallback: new Map(),
    json: { type: ["object", "null"], propertyNames: names.json, additionalProperties: value },
    read(tree, _base, at) {
      const forms = new Set<string>();
      const isNamed = ([key, { place }]: readonly [string, Entry]) => {
        const form = names.formOf?.(key) ?? key;
        const why = names.problem(key) ?? (forms.has(form) ? "is there twice" : undefined);
        forms.add(form);
        if (why) at.under(shownKey(key)).problem(place, why);
        return !why;
      };
      return new Map([...entriesOf(tree, at) ?? []].filter(isNamed));
    },
  };
}

/** A map whose keys are names; merged with what holds otherwise. */
export function record<T>(value: Field<T>, names: Names): Field<ReadonlyMap<string, T>> {
  const named = entries(value.json, names);
  return {
    fallback: new Map(),
    json: named.json,
    read(tree, base, at) {
      const read = ([key, entry]: readonly [string, Entry]): [string, T] => {
        return [key, value.read(entry.value, value.fallback, at.under(key))];
      };
      return new Map([...base, ...[...named.read(tree, new Map(), at)].map(read)]);
    },
  };
}

/** A map, or whatever `other` reads. */
export function either<A, B>(map: Field<A>, other: Field<B>): Field<A | B> {
  return {
    fallback: other.fallback,
    json: { anyOf: [other.json, map.json], default: other.json["default"] },
    read: (tree, _base, at) =>
      tree.kind === "map" ? map.read(tree, map.fallback, at) : other.read(tree, other.fallback, at),
  };
}
