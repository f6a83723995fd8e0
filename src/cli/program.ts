/**
 * Finds the command, reads its arguments, tells what went wrong.
 *
 *     exit 0 done │ 1 failed │ 2 called the wrong way │ 78 config unusable
 */
import process from "node:process";
import { parseArguments } from "./arguments.ts";
import { batches } from "./batches.ts";
import { check } from "./check.ts";
import { type Command, commonOptions, exits } from "./command.ts";
import { dead } from "./dead.ts";
import { demo } from "./demo.ts";
import { explain } from "./explain.ts";
import { flush } from "./flush.ts";
import { commandHelp, programHelp } from "./help.ts";
import { init } from "./init.ts";
import { key } from "./key.ts";
import { ping } from "./ping.ts";
import { release } from "./release.ts";
import { replay } from "./replay.ts";
import { run } from "./run.ts";
import { schema } from "./schema.ts";
import { send } from "./send.ts";
import { status } from "./status.ts";
import { tenants } from "./tenants.ts";
import { openTerminal, type Terminal } from "./terminal.ts";
import { printable, printableLines } from "./text.ts";
import { token } from "./token.ts";
import { unassigned } from "./unassigned.ts";
import { verify } from "./verify.ts";
import { didYouMean } from "../config/problems.ts";
import { AggregatorError, messageOf, systemCodeOf } from "../errors.ts";
import { readVersion } from "../version.ts";

const commands: readonly Command[] = [
  run,
  init,
  check,
  schema,
  demo,
  send,
  status,
  tenants,
  explain,
  unassigned,
  release,
  batches,
  dead,
  replay,
  flush,
  ping,
  key,
  token,
  verify,
];

const later = [..."top tail events reload fsck export backup".split(" ")];

/** The command's name and what else there is; options that go before it stay options. */
function split(args: readonly string[]): readonly [string | undefined, readonly string[]] {
  for (let index = 0; index < args.length; index++) {
    const argument = args[index] ?? "";
    if (!argument.startsWith("-")) return [argument, args.toSpliced(index, 1)];
    const spec = Object.entries(commonOptions)
      .find(([name, { short }]) => argument === `--${name}` || argument === `-${short}`)?.[1];
    if (spec === undefined) break;
    if (spec.value !== undefined) index += 1;
  }
  return [undefined, args];
}

function unknown(name: string, terminal: Terminal): number {
  const names = commands.map((command) => command.name);
  if (later.includes(name)) terminal.complain(`Not yet: "${name}" is not built`);
  else {
    const hint = didYouMean(name, names) || "; aggregator --help lists them";
    terminal.complain(`There is no command "${printable(name)}"${hint}`);
  }
  return exits.usage;
}

async function dispatch(args: readonly string[], terminal: Terminal): Promise<number> {
  const [name, rest] = split(args);
  if (name === undefined && rest.includes("--version")) {
    terminal.print(readVersion());
    return exits.done;
  }
  const wantsHelp = name === "help" || (name === undefined && /^(-h|--help)$/.test(rest[0] ?? ""));
  if (wantsHelp) {
    terminal.print(programHelp(commands, later));
    return exits.done;
  }
  const command = commands.find((one) => one.name === (name ?? run.name));
  if (command === undefined) return unknown(name ?? "", terminal);
  // A reader that goes away ends what was for it; the daemon goes on without.
  terminal.unread(() => command === run || process.exit(exits.failed));
  const given = parseArguments(command, rest);
  if (!given.has("help")) return command.run(given, terminal);
  terminal.print(commandHelp(command));
  return exits.done;
}

/**
 * Runs one command line; resolves to its exit code. A bug rejects. The daemon listens for signals
 * when this returns.
 */
export async function main(
  args: readonly string[],
  terminal: Terminal = openTerminal(),
): Promise<number> {
  try {
    return await dispatch(args, terminal);
  } catch (error) {
    if (!(error instanceof AggregatorError)) {
      if (systemCodeOf(error) === undefined) throw error;
      terminal.complain(printableLines(messageOf(error)));
      return exits.failed;
    }
    terminal.complain(printableLines(error.message));
    if (error.code === "config") return exits.config;
    return error.code === "usage" ? exits.usage : exits.failed;
  }
}
