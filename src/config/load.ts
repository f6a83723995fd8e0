/**
 * The config as the disk has it now, without keeping anything: for `check` and its like.
 */
import { resolve } from "node:path";
import type { Config, Problem } from "../config.ts";
import { stateFolderOf } from "./build.ts";
import { definition } from "./definition.ts";
import type { JsonSchema } from "./json.ts";
import { readConfig } from "./reader.ts";
import { diskWith, type Environment } from "./surroundings.ts";

/** Where to load from. */
export interface LoadOptions {
  /** The config file. */
  readonly path: string;
  readonly env: Environment;
}

/** Reads the file and all it refers to; changes nothing. */
export async function loadConfig(
  { path, env }: LoadOptions,
): Promise<{ readonly config: Config } | { readonly problems: readonly Problem[] }> {
  const disk = diskWith(env);
  const absolute = resolve(path);
  const { parsed } = await readConfig(absolute, disk, stateFolderOf(absolute, disk.env));
  return parsed;
}

/**
 * The JSON Schema of `aggregator.yaml`, made from what checks it. It refuses nothing that the
 * daemon takes; bounds of spans and sizes, owners and what a secret holds only the daemon judges.
 */
export function jsonSchema(): JsonSchema {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "aggregator.yaml",
    description: "The config of the edge webhook aggregator",
    ...definition.json,
    type: "object",
  };
}
