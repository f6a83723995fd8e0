/** `check`: every problem of the config, before the daemon meets them. */
import { type Config, describeProblem, type Problem } from "../config.ts";
import { loadConfig } from "../config/load.ts";
import { describeListen } from "../http.ts";
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

async function checkConfig(given: Given, terminal: Terminal): Promise<number> {
  const path = given.operands[0] ?? configPathOf(given);
  const loaded = await loadConfig({ path, env: environmentGiven(given, terminal) });
  const json = given.has("json");
  if ("problems" in loaded) {
    const { problems } = loaded;
    if (json) terminal.json({ ok: false, problems });
    else printProblems(problems, terminal);
    return exits.config;
  }
  if (json) terminal.json(summaryOf(loaded.config));
  else printSummary(loaded.config, terminal);
  return exits.done;
}

/** Works alone; changes nothing. */
export const check: Command = {
  name: "check",
  summary: "Check the config: every problem at once, with its line",
  about: "It exits with 78 if there is any. Names are not resolved, nothing is connected to.",
  takes: ["[FILE]"],
  examples: ["aggregator check", "aggregator check new.yaml --json"],
  run: checkConfig,
};
