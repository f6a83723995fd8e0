/** `check`: every problem of the config, before the daemon meets them; and what it decides. */
import { type Config, describeProblem, type Problem } from "../config.ts";
import { loadConfig } from "../config/load.ts";
import { describeListen } from "../http.ts";
import { type CasesRun, printVerdicts, runCases } from "./cases.ts";
import { findingsJson, printFindings } from "./check/findings.ts";
import { examineAll } from "./check/live.ts";
import { type Command, exits, type Given } from "./command.ts";
import { configPathOf, environmentGiven } from "./source.ts";
import type { Terminal } from "./terminal.ts";
import { printable } from "./text.ts";

function summaryOf({ path, tenants, directory, listen, admin, stateFolder }: Config) {
  return {
    ok: true,
    file: path,
    tenants: tenants.size,
    paused: [...tenants.values()].filter(({ paused }) => paused).length,
    numbers: directory.numbers,
    listen: describeListen(listen),
    admin: admin.listen.map(describeListen),
    state: stateFolder,
  };
}

const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? "" : "s"}`;

function printSummary(config: Config, { print }: Terminal): void {
  const { file, tenants, paused, numbers, listen, admin, state } = summaryOf(config);
  const pause = paused === 0 ? "" : ` (${paused} paused)`;
  print(
    `${printable(file)} is good: ${counted(tenants, "tenant")}${pause}, ${
      counted(numbers, "number")
    }`,
  );
  print(`  webhooks  ${printable(listen)}`);
  print(`  admin     ${admin.length === 0 ? "none" : printable(admin.join(", "))}`);
  print(`  state     ${printable(state)}`);
}

function printProblems(problems: readonly Problem[], { print }: Terminal): void {
  for (const problem of problems) print(printable(describeProblem(problem)));
  print(counted(problems.length, "problem"));
}

function tellProblems(problems: readonly Problem[], given: Given, terminal: Terminal): number {
  if (given.has("json")) terminal.json({ ok: false, problems });
  else printProblems(problems, terminal);
  return exits.config;
}

/** The files of cases, until one cannot be used. */
async function runAll(files: readonly string[], config: Config): Promise<readonly CasesRun[]> {
  const runs: CasesRun[] = [];
  for (const file of files) {
    const run = await runCases(file, config);
    runs.push(run);
    if ("problems" in run) break;
  }
  return runs;
}

async function checkAll(config: Config, given: Given, terminal: Terminal): Promise<number> {
  const runs = await runAll(given.texts("cases"), config);
  const played = runs.flatMap((run) => "verdicts" in run ? [run] : []);
  for (const run of runs) if ("problems" in run) return tellProblems(run.problems, given, terminal);
  const live = given.has("live") ? await examineAll(config) : undefined;
  const areFine = live === undefined || live.findings.every((one) => one.ok);
  const ok = areFine && played.every(({ verdicts }) => verdicts.every((one) => one.ok));
  if (given.has("json")) {
    const cases = played.flatMap(({ file, verdicts }) => verdicts.map((one) => ({ file, ...one })));
    const found = live === undefined ? {} : { live: findingsJson(live) };
    terminal.json({ ...summaryOf(config), ok, cases, ...found });
  } else {
    printSummary(config, terminal);
    for (const { file, verdicts } of played) printVerdicts(file, verdicts, terminal);
    if (live !== undefined) printFindings(live, terminal);
  }
  return ok ? exits.done : exits.failed;
}

async function checkConfig(given: Given, terminal: Terminal): Promise<number> {
  const path = given.operands[0] ?? configPathOf(given);
  const loaded = await loadConfig({ path, env: environmentGiven(given, terminal) });
  if ("problems" in loaded) return tellProblems(loaded.problems, given, terminal);
  return checkAll(loaded.config, given, terminal);
}

/** Works alone; changes nothing. */
export const check: Command = {
  name: "check",
  summary: "Check the config: every problem at once, with its line",
  about: `It exits with 78 if there is any. Names are not resolved and nothing is connected to,
unless --live asks for it: then every URL that the daemon would send to is tried as it would
(address, certificate, a signed telnyx.ping without events), all steps within the tenant's
timeout, and it exits with 1 where one does not answer 2xx. Pings are signed with the key in
the state folder, which the daemon makes at its first start; the daemon need not run.

With --cases it also plays webhooks and compares whose they become; it exits with 1 where
something else came than was expected. A file of cases is a list:

  - name: a call to acme rings                # what it is about
    file: calls/initiated.json                # beside the file; or \`body:\` with YAML or text
    after: [calls/earlier.json]               # what came before it: files, or \`body:\` maps
    path: /webhooks/@acme                     # optional; so are content_type and signed_by
    expect: { tenant: acme, channel: voice }  # what is left out does not matter

expect may say tenant (unassigned: nobody's), tenants, reason (unknown, ambiguous, parked),
matched_by, channel, lane (window, session, none: dropped) and type. What waits for its call
has waited long enough. src/cli/cases/example.yaml is an example.`,
  takes: ["[FILE]"],
  options: {
    cases: { value: "FILE", many: true, about: "play the cases in this file" },
    live: { about: "try every endpoint: DNS, TLS and a signed ping" },
  },
  examples: [
    "aggregator check",
    "aggregator check new.yaml --json",
    "aggregator check --cases cases.yaml",
    "aggregator check --live --state /var/lib/aggregator",
  ],
  run: checkConfig,
};
