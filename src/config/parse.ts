/**
 * Sources → config, or every problem at once. Pure: whatever had to be read is in the sources.
 *
 *     main ──definition──▶ values ─┐
 *                        defaults ─┼─tenantDefinition──▶ tenants ──check──▶ Config
 *     included ──▶ tenants as written
 */
import { basename, dirname } from "node:path";
import type { Config, Problem } from "../config.ts";
import type { TenantId } from "../tenant.ts";
import { buildConfig } from "./build.ts";
import { checkValues } from "./checks.ts";
import { definition, type FileValues, includedDefinition } from "./definition.ts";
import type { Gathered } from "./gather.ts";
import type { Problems } from "./problems.ts";
import type { Reading } from "./schema.ts";
import { keyOf, referenceIn, type Secrets } from "./secrets.ts";
import { tenantDefinition, type TenantValues } from "./tenant.ts";
import { type Entry, entryAt, type Scalar, type Tree } from "./tree.ts";
import type { Values } from "./values.ts";

/** Where the fields that the file itself sets stand, by their dotted names, two keys deep. */
export type Places = ReadonlyMap<string, Omit<Problem, "field" | "message">>;

/** A config, and a way to find things in its file again. */
export interface Sound {
  readonly config: Config;
  readonly places: Places;
  /** Makes a problem of what stands at this path of at most two keys, or else of the file. */
  problem(field: readonly string[], message: string): Problem;
}

/** A config with what it takes to tell a problem of its file. */
export function soundOf(config: Config, places: Places): Sound {
  const whole = { file: basename(config.path) };
  const problem: Sound["problem"] = (path, message) => {
    const field = path.join(".");
    return { ...places.get(field) ?? whole, field, message };
  };
  return { config, places, problem };
}

/** What came of the sources. */
export type ParsedConfig = Sound | { readonly problems: readonly Problem[] };

interface Telling {
  readonly folder: string;
  readonly secrets: Secrets;
  readonly problems: Problems;
}

function readingOf(field: string, telling: Telling): Reading {
  const { folder, problems, secrets } = telling;
  return {
    field,
    folder,
    problem: (place, message) => problems.add(place, field, message),
    under: (key) => readingOf(field === "" ? key : `${field}.${key}`, telling),
    resolve(scalar: Scalar) {
      const reference = referenceIn(scalar.text);
      if (reference === undefined) return { text: scalar.text, secret: false };
      const found = secrets.get(keyOf(reference)) ?? { problem: "is one reference too many" };
      return "text" in found ? { text: reference.before + found.text, secret: true } : found;
    },
  };
}

type Written = ReadonlyMap<TenantId, Entry>;

function join(all: readonly Written[], problems: Problems): Written {
  const joined = new Map<TenantId, Entry>();
  for (const [id, entry] of all.flatMap((tenants) => [...tenants])) {
    const other = joined.get(id);
    if (other) {
      problems.add(entry.place, `tenants.${id}`, `is in ${other.place.file} as well`);
    }
    joined.set(id, entry);
  }
  return joined;
}

function readTenants(
  written: Written,
  defaults: FileValues["defaults"],
  at: Reading,
): ReadonlyMap<TenantId, TenantValues> {
  const base: TenantValues = { ...tenantDefinition.fallback, ...defaults };
  const tenants = new Map<TenantId, TenantValues>();
  for (const [id, entry] of written) {
    tenants.set(id, tenantDefinition.read(entry.value, base, at.under(id)));
  }
  return tenants;
}

function isNothing(tree: Tree | undefined): boolean {
  return tree === undefined || (tree.kind === "list" && tree.items.length === 0);
}

/** Not of each tenant: nobody asks for them, and they are many. */
function placesIn(tree: Tree): Places {
  const entriesOf = (tree: Tree | undefined) => tree?.kind === "map" ? [...tree.entries] : [];
  const named = entriesOf(tree).flatMap(([name, entry]) => [
    [name, entry] as const,
    ...entriesOf(name === "tenants" ? undefined : entry.value)
      .map(([inner, entry]) => [`${name}.${inner}`, entry] as const),
  ]);
  return new Map(
    named.map(([name, { place }]) => [name, { file: place.file, ...place.position() }]),
  );
}

/** Reads and checks what was gathered; adds to its problems. */
export function parseConfig(gathered: Gathered, stateFolder: string): ParsedConfig {
  const { main, included, path, problems } = gathered;
  if (main === undefined) return { problems: problems.list() };
  const placeOf = (field: readonly string[]) => entryAt(main.tree, field)?.place ?? main.place;
  const isMissing = (field: readonly string[]) => isNothing(entryAt(main.tree, field)?.value);
  const at = readingOf("", { folder: dirname(path), secrets: gathered.secrets, problems });
  const file = definition.read(main.tree, definition.fallback, at);
  const others = included.map((tree) =>
    includedDefinition.read(tree, includedDefinition.fallback, at).tenants
  );
  const written = join([file.tenants, ...others], problems);
  const tenants = readTenants(written, file.defaults, at.under("tenants"));
  const values: Values = { path, stateFolder, file, tenants, placeOf, isMissing };
  checkValues(values, problems);
  if (problems.found) return { problems: problems.list() };
  return soundOf(buildConfig(values), placesIn(main.tree));
}
