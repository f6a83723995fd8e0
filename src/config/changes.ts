/**
 * Which changes a running daemon does not take, though the file is sound: what it cannot change
 * while running, and what looks like an accident.
 */
import { isDeepStrictEqual } from "node:util";
import type { Config, Problem } from "../config.ts";
import type { Sound } from "./parse.ts";

type Part = readonly [readonly string[], (config: Config) => unknown];

const fixed: readonly Part[] = [
  [["listen"], (config) => config.listen],
  [["admin", "listen"], (config) => config.admin.listen],
  [["store", "path"], (config) => config.store.path],
  [["signing", "key"], (config) => config.signingKey],
];

/** Fewer tenants than this are easily written anew. */
const shrinkFrom = 4;

function shrinks(from: Config, to: Config): string | undefined {
  const before = from.tenants.size;
  const removed = [...from.tenants.keys()].filter((id) => !to.tenants.has(id)).length;
  if (before < shrinkFrom || removed * 2 <= before) return undefined;
  return `removes ${removed} of ${before} tenants: restart the daemon if that is meant`;
}

/** Why the running daemon cannot go over to this config; empty: it can. */
export function objectionsTo(next: Sound, current: Config): readonly Problem[] {
  const restarts = fixed
    .filter(([, valueOf]) => !isDeepStrictEqual(valueOf(next.config), valueOf(current)))
    .map(([field]) => next.problem(field, "needs a restart to change"));
  const why = shrinks(current, next.config);
  return why === undefined ? restarts : [...restarts, next.problem(["tenants"], why)];
}
