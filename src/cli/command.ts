/** What a command is: plain data that the help is written from, and one function. */
import type { Terminal } from "./terminal.ts";

/** One option of a command. */
export interface OptionSpec {
  /** What its value is called in the help; absent: it is a switch. */
  readonly value?: string;
  readonly short?: string;
  /** May be given several times. */
  readonly many?: boolean;
  readonly about: string;
}

/** What stands on the command line, checked against the command. */
export interface Given {
  text(option: string): string | undefined;
  texts(option: string): readonly string[];
  has(option: string): boolean;
  /** Everything that is no option, in its order. */
  readonly operands: readonly string[];
}

/** One command. Its `run` resolves to the exit code, and throws `AggregatorError`. */
export interface Command {
  readonly name: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  /** More, for the command's own help. */
  readonly about?: string;
  /** Its operands: `TENANT`, or `[FILE]` where it may be left out. */
  readonly takes?: readonly string[];
  readonly options?: Readonly<Record<string, OptionSpec>>;
  readonly examples: readonly string[];
  readonly run: (given: Given, terminal: Terminal) => Promise<number>;
}

/** Exit codes; 78 is EX_CONFIG of sysexits.h, at which systemd does not start us again. */
export const exits = { done: 0, failed: 1, usage: 2, config: 78 } as const;

/** Options that every command has. */
export const commonOptions: Readonly<Record<string, OptionSpec>> = {
  config: { value: "FILE", short: "c", about: "the config (default: aggregator.yaml)" },
  state: {
    value: "FOLDER",
    about: "the state folder (default: $STATE_DIRECTORY, or data beside the config)",
  },
  admin: { value: "URL", about: "the running daemon's admin address (also $AGGREGATOR_ADMIN)" },
  json: { about: "print JSON, for programs" },
  utc: { about: "print times in UTC" },
  help: { short: "h", about: "print this help" },
};
