/**
 * The config as commands other than the daemon see it. Beside a service much of it may be out of
 * their reach, the environment of the unit above all: then what can be known is used, and what
 * cannot is told only where something failed for it.
 *
 *     the file ──▶ or the last good one ──▶ or what of the file can be read, defaults for the rest
 */
import { basename, resolve } from "node:path";
import { type Config, describeProblem, type Problem } from "../config.ts";
import { stateFolderOf } from "../config/build.ts";
import { gather, type Gathered } from "../config/gather.ts";
import { parseConfig } from "../config/parse.ts";
import { startConfig } from "../config/start.ts";
import { diskWith, type Environment } from "../config/surroundings.ts";
import { placeOutside } from "../config/tree.ts";
import { AggregatorError } from "../errors.ts";
import { usageError } from "./arguments.ts";
import type { Given } from "./command.ts";
import type { Terminal } from "./terminal.ts";
import { printable } from "./text.ts";

const defaultPath = "aggregator.yaml";

/** What to do where a state folder lacks what the daemon puts there. */
export const startOrName =
  "start the daemon once, or name its state folder with --state or $STATE_DIRECTORY";

/** The config file that is meant. */
export const configPathOf = (given: Given): string => given.text("config") ?? defaultPath;

/** The environment, in which --state stands for $STATE_DIRECTORY. Throws `usage`. */
export function environmentGiven(given: Given, { env }: Terminal): Environment {
  const folder = given.text("state");
  if (folder === undefined) return env;
  if (folder !== "" && !folder.includes(":")) return { ...env, STATE_DIRECTORY: folder };
  // As in $STATE_DIRECTORY, where a colon divides several.
  throw usageError(`Option "--state" must be one folder, without ":": "${printable(folder)}"`);
}

/** Where the daemon of this config keeps what it keeps; the file need not be good, nor there. */
export function stateFolderGiven(given: Given, terminal: Terminal): string {
  const env = environmentGiven(given, terminal);
  return stateFolderOf(resolve(configPathOf(given)), (name) => env[name]);
}

/** The config as the daemon would take it: the file, or else the last good one. Throws `config`. */
export async function configGiven(given: Given, terminal: Terminal): Promise<Config> {
  const disk = diskWith(environmentGiven(given, terminal));
  const path = resolve(configPathOf(given));
  const start = await startConfig(path, disk, stateFolderGiven(given, terminal), false);
  return start.sound.config;
}

/** What can be known of a config. */
export interface Known {
  /** Where something is wrong, as if it were left out. */
  readonly config: Config;
  /** What is wrong; nothing where the config is as the daemon has it. */
  readonly problems: readonly Problem[];
}

function readAnyway({ main, ...gathered }: Gathered, stateFolder: string): Known {
  const place = placeOutside(basename(gathered.path));
  const nothing = { tree: { kind: "map" as const, entries: new Map(), place }, place };
  const before = gathered.problems.list();
  const { add, list } = gathered.problems;
  const problems = { add, list, found: false };
  const parsed = parseConfig({ ...gathered, main: main ?? nothing, problems }, stateFolder);
  if ("problems" in parsed) throw new TypeError("A config was refused without a problem");
  return { config: parsed.config, problems: main === undefined ? before : list() };
}

/** As much of the config as there is. Never throws for what is wrong with it. */
export async function configKnown(given: Given, terminal: Terminal): Promise<Known> {
  const disk = diskWith(environmentGiven(given, terminal));
  try {
    return { config: await configGiven(given, terminal), problems: [] };
  } catch (error) {
    if (!(error instanceof AggregatorError)) throw error;
  }
  const gathered = await gather(resolve(configPathOf(given)), disk);
  return readAnyway(gathered, stateFolderGiven(given, terminal));
}

/** Lines for the end of an error's message: what is wrong with the config, if anything is. */
export function doubtsAbout({ config, problems }: Known): string {
  if (problems.length === 0) return "";
  const lines = problems.map((problem) => `\n  ${describeProblem(problem)}`);
  return `\nOf ${config.path} only a part is known here:${lines.join("")}`;
}

/** Throws `config` where something is wrong with this very field, as `admin.token`. */
export function insistOn(known: Known, field: string): void {
  if (!known.problems.some((problem) => problem.field === field)) return;
  throw new AggregatorError("config", `Cannot tell ${field}${doubtsAbout(known)}`);
}
