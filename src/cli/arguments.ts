/** The command line → what is given, or a usage error that says what would be right. */
import { parseArgs } from "node:util";
import { didYouMean } from "../config/problems.ts";
import { parseDuration } from "../config/units.ts";
import { AggregatorError } from "../errors.ts";
import { type Command, commonOptions, type Given, type OptionSpec } from "./command.ts";
import type { Terminal } from "./terminal.ts";
import { printable } from "./text.ts";

/** Far below what a timer can hold. */
const durationMsMax = 86_400_000;

type Specs = Readonly<Record<string, OptionSpec>>;

/** An error about how a command was called. */
export const usageError = (message: string): AggregatorError =>
  new AggregatorError("usage", message);

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

function checkOption({ name, rawName, value, inlineValue }: OptionToken, specs: Specs): string {
  const shown = printable(rawName);
  const spec = Object.hasOwn(specs, name) ? specs[name] : undefined;
  if (spec === undefined) {
    throw usageError(`There is no option "${shown}"${didYouMean(name, Object.keys(specs))}`);
  }
  if (spec.value === undefined) {
    if (value !== undefined) throw usageError(`Option "${shown}" takes no value`);
    return "";
  }
  const isMissing = value === undefined || (value.startsWith("--") && !inlineValue);
  if (isMissing) throw usageError(`Option "${shown}" needs a value: ${rawName} ${spec.value}`);
  return value;
}

function checkOperands({ name, takes = [] }: Command, operands: readonly string[]): void {
  const missing = takes[operands.length];
  if (missing !== undefined && !missing.startsWith("[")) {
    throw usageError(`${missing} is missing: aggregator ${name} ${takes.join(" ")}`);
  }
  const extra = operands[takes.length];
  if (extra !== undefined) {
    throw usageError(
      `"${printable(extra)}" is one too many: aggregator ${name} takes ${
        takes.length === 0 ? "options only" : takes.join(" ")
      }`,
    );
  }
}

/** Every option of a command, the common ones included. */
export const optionsOf = ({ options = {} }: Command): Specs => ({ ...options, ...commonOptions });

/** Reads what follows the command's name. Throws `usage`. */
export function parseArguments(command: Command, args: readonly string[]): Given {
  const specs = optionsOf(command);
  const options = Object.fromEntries(
    Object.entries(specs).map(([name, { value, short, many = false }]) => {
      const type = value === undefined ? "boolean" as const : "string" as const;
      return [name, { type, multiple: many, ...(short === undefined ? {} : { short }) }];
    }),
  );
  const given = new Map<string, string[]>();
  const operands: string[] = [];
  // Not strict: its own messages know nothing of what would be right.
  const { tokens } = parseArgs({
    args: [...args],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind === "positional") operands.push(token.value);
    if (token.kind !== "option") continue;
    const value = checkOption(token, specs);
    const before = specs[token.name]?.many ? given.get(token.name) ?? [] : [];
    given.set(token.name, [...before, value]);
  }
  if (!given.has("help")) checkOperands(command, operands);
  return {
    text: (option) => given.get(option)?.at(-1),
    texts: (option) => given.get(option) ?? [],
    has: (option) => given.has(option),
    operands,
  };
}

/** A whole number between two bounds. Throws `usage`. */
export function numberOption(
  given: Given,
  option: string,
  [min, max]: readonly [number, number],
): number | undefined {
  const text = given.text(option);
  if (text === undefined) return undefined;
  const value = /^[0-9]{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw usageError(`Option "--${option}" must be a whole number from ${min} to ${max}`);
}

/** A span such as `20s`, at most a day, in ms. Throws `usage`. */
export function durationOption(given: Given, option: string): number | undefined {
  const text = given.text(option);
  if (text === undefined) return undefined;
  const parsed = parseDuration(text);
  if ("problem" in parsed) throw usageError(`Option "--${option}" ${parsed.problem}, such as 20s`);
  if (parsed.value <= durationMsMax) return parsed.value;
  throw usageError(`Option "--${option}" must be at most a day`);
}

/** What `env:NAME` stands for; undefined for text that is no such reference. Throws `usage`. */
export function variableIn(text: string, { env }: Terminal): string | undefined {
  if (!text.startsWith("env:")) return undefined;
  const value = env[text.slice("env:".length)];
  if (value !== undefined) return value.trim();
  throw usageError(`"${printable(text)}" is not set`);
}
