/** `check --cases`: what the config makes of the operator's own examples. */
import type { Config, Problem } from "../config.ts";
import { type Mismatch, mismatches } from "./cases/compare.ts";
import { loadCases, type Script } from "./cases/load.ts";
import { play } from "./cases/play.ts";
import { createPaint, printable } from "./text.ts";
import type { Terminal } from "./terminal.ts";

/** One case, as it went. */
export interface Verdict {
  readonly name: string;
  readonly line: number;
  readonly ok: boolean;
  readonly mismatches: readonly Mismatch[];
}

/** The cases of one file, as they went, or what is wrong with the file. */
export type CasesRun =
  | { readonly file: string; readonly verdicts: readonly Verdict[] }
  | { readonly problems: readonly Problem[] };

async function verdictOf(script: Script, config: Config): Promise<Verdict> {
  const found = mismatches(script.expect, await play(script, config));
  return { name: script.name, line: script.line, ok: found.length === 0, mismatches: found };
}

/** Plays all cases of a file, each in a store of its own. */
export async function runCases(file: string, config: Config): Promise<CasesRun> {
  const loaded = await loadCases(file, config);
  if ("problems" in loaded) return loaded;
  const verdicts: Verdict[] = [];
  for (const script of loaded.scripts) verdicts.push(await verdictOf(script, config));
  return { file, verdicts };
}

/** Tells of every case, and of what is wrong what was expected and what came. */
export function printVerdicts(
  file: string,
  verdicts: readonly Verdict[],
  { print, colours }: Terminal,
): void {
  const paint = createPaint(colours);
  for (const { name, line, ok, mismatches: found } of verdicts) {
    const shown = printable(name);
    print(
      ok ? `${paint("green", "✓")} ${shown}` : `${paint("red", "✗")} ${shown}  ${file}:${line}`,
    );
    for (const { what, expected, came } of found) {
      print(`    ${what.padEnd(10)}  expected ${printable(expected)}, came ${printable(came)}`);
    }
  }
  const wrong = verdicts.filter(({ ok }) => !ok).length;
  print(`${verdicts.length - wrong} of ${verdicts.length} cases as expected`);
}
