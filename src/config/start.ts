/**
 * The first config: the file's, or the last good one where the file cannot be used.
 */
import { describeProblem, type Problem } from "../config.ts";
import { AggregatorError } from "../errors.ts";
import { gather, type Gathered } from "./gather.ts";
import { lastGood } from "./last-good.ts";
import { parseConfig, type Sound } from "./parse.ts";
import {
  fingerprintOf,
  type Notes,
  recorded,
  remembered,
  type Surroundings,
} from "./surroundings.ts";

/** One reading of all sources, and how to tell it from another. */
export interface Taken {
  readonly gathered: Gathered;
  readonly notes: Notes;
  readonly fingerprint: string;
}

/** What a daemon starts with. */
export interface Start {
  readonly sound: Sound;
  /** Where `sound` came from. */
  readonly from: Taken;
  /** What the disk has; the same, unless its problems made us fall back. */
  readonly disk: Taken;
  readonly problems: readonly Problem[];
}

/** Reads everything once. Never rejects. */
export async function take(path: string, from: Surroundings): Promise<Taken> {
  const source = recorded(from);
  const gathered = await gather(path, source);
  const notes = source.notes();
  return { gathered, notes, fingerprint: fingerprintOf(notes) };
}

function unusable(path: string, problems: readonly Problem[]): AggregatorError {
  const lines = problems.map((problem) => `\n  ${describeProblem(problem)}`);
  return new AggregatorError("config", `Cannot use ${path}:${lines.join("")}`);
}

async function fallBack(path: string, stateFolder: string): Promise<[Taken, Sound] | undefined> {
  const notes = await lastGood(stateFolder);
  if (notes === undefined) return undefined;
  const taken = await take(path, remembered(notes));
  const parsed = parseConfig(taken.gathered, stateFolder);
  return "config" in parsed ? [taken, parsed] : undefined;
}

/** Throws `AggregatorError` with every problem where there is nothing to start with. */
export async function startConfig(
  path: string,
  disk: Surroundings,
  stateFolder: string,
  strict: boolean,
): Promise<Start> {
  const taken = await take(path, disk);
  const parsed = parseConfig(taken.gathered, stateFolder);
  if ("config" in parsed) return { sound: parsed, from: taken, disk: taken, problems: [] };
  const before = strict ? undefined : await fallBack(path, stateFolder);
  if (before === undefined) throw unusable(path, parsed.problems);
  const [from, sound] = before;
  return { sound, from, disk: taken, problems: parsed.problems };
}
