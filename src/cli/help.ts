/** The help, written from what the commands say of themselves. */
import { optionsOf } from "./arguments.ts";
import { type Command, commonOptions, type OptionSpec } from "./command.ts";

/** Where the second column begins. */
const indent = 26;

const line = (name: string, about: string) => `  ${name.padEnd(indent - 4)}  ${about}`;

function optionLine([name, { value, short, many, about }]: [string, OptionSpec]): string {
  const names = `${short === undefined ? "" : `-${short}, `}--${name}`;
  const shown = value === undefined ? names : `${names} ${value}`;
  return line(shown, many ? `${about} (may be repeated)` : about);
}

const section = (title: string, lines: readonly string[]) =>
  lines.length === 0 ? [] : ["", `${title}:`, ...lines];

/** The help of one command. */
export function commandHelp(command: Command): string {
  const { name, summary, about, takes = [], options = {}, examples } = command;
  const own = Object.entries(options);
  const common = Object.entries(optionsOf(command)).filter(([option]) => !(option in options));
  return [
    `Usage: ${["aggregator", name, ...takes, "[options]"].join(" ")}`,
    "",
    `${summary}.`,
    ...(about === undefined ? [] : ["", about]),
    ...section("Options", own.map(optionLine)),
    ...section("Common options", common.map(optionLine)),
    ...section("Examples", examples.map((example) => `  ${example}`)),
  ].join("\n");
}

/** The help of the program. */
export function programHelp(commands: readonly Command[], later: readonly string[]): string {
  return [
    "Usage: aggregator [COMMAND] [options]",
    "",
    "Receives every Telnyx webhook of an account at one host and sends each tenant one",
    "consolidated, signed payload per window.",
    ...section("Commands", commands.map(({ name, summary }) => line(name, summary))),
    ...section("Not yet", wrapped(later)),
    ...section("Options", Object.entries(commonOptions).map(optionLine)),
    line("--version", "print the version"),
    ...section("Exit codes", ["  0 done, 1 failed, 2 called the wrong way, 78 config unusable"]),
    ...section("Examples", [
      "  aggregator demo                  see it work: no account, no config",
      "  aggregator init                  write a commented aggregator.yaml",
      "  aggregator check                 every problem of the config, with its line",
      "  aggregator                       run the daemon",
      "  aggregator status --watch        what it is doing",
      "  aggregator COMMAND --help        more about a command",
    ]),
  ].join("\n");
}

function wrapped(words: readonly string[]): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length > 76) lines.push(`  ${word}`);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
