/**
 * The first config: the file's, or the last good one where the file cannot be used.
 */
import { describeProblem, type Problem } from "../config.ts";
import { AggregatorError } from "../errors.ts";
import { lastGood } from "./last-good.ts";
import { remembered } from "./notes.ts";
import type { Sound } from "./parse.ts";
import { readConfig } from "./reader.ts";
import type { Reading, Taken } from "./reading.ts";
import type { Surroundings } from "./surroundings.ts";

/** What a daemon starts with. */
export interface Start {
  readonly sound: Sound;
  /** Where `sound` came from. */
  readonly from: Taken;
  /** What the disk has; the same, unless its problems made us fall back. */
  readonly disk: Taken;
  readonly problems: readonly Problem[];
}

function unusable(path: string, problems: readonly Problem[]): AggregatorError {
  const lines = problems.map((problem) => `\n  ${describeProblem(problem)}`);
  return new AggregatorError("config", `Cannot use ${path}:${lines.join("")}`);
}

async function fallBack(path: string, stateFolder: string): Promise<Reading | undefined> {
  const notes = await lastGood(stateFolder);
  return notes && await readConfig(path, remembered(notes), stateFolder);
}

/** Throws `AggregatorError` with every problem where there is nothing to start with. */
export async function startConfig(
  path: string,
  disk: Surroundings,
  stateFolder: string,
  strict: boolean,
): Promise<Start> {
  const { taken, parsed } = await readConfig(path, disk, stateFolder);
  if ("config" in parsed) return { sound: parsed, from: taken, disk: taken, problems: [] };
  const before = strict ? undefined : await fallBack(path, stateFolder);
  if (before === undefined || "problems" in before.parsed) throw unusable(path, parsed.problems);
  return { sound: before.parsed, from: before.taken, disk: taken, problems: parsed.problems };
}
