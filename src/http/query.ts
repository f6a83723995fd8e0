/** What a query asks for, and what is wrong with it: nothing of it is repeated. */
import { parseMoment } from "../config/moment.ts";
import type { Parsed } from "../config/units.ts";

/** A query whose values are read one by one. */
export interface Query {
  text(name: string): string | undefined;
  /** A date with an offset, or a span back from now, in epoch ms. */
  moment(name: string): number | undefined;
  /** Given without a value it is true. */
  flag(name: string): boolean;
  whole(name: string, max: number): number | undefined;
  value<T>(name: string, parse: (text: string) => Parsed<T>): T | undefined;
  /** Of what was read until now, the first one. */
  problem(): string | undefined;
}

const flags: ReadonlyMap<string, boolean> = new Map([["", true], ["true", true], ["false", false]]);

function parseFlag(text: string): Parsed<boolean> {
  const value = flags.get(text);
  return value === undefined ? { problem: "must be true or false" } : { value };
}

function parseWhole(text: string, max: number): Parsed<number> {
  const value = /^[0-9]{1,6}$/.test(text) ? Number(text) : 0;
  return value >= 1 && value <= max
    ? { value }
    : { problem: `must be a whole number from 1 to ${max}` };
}

/** Reads a query in which only these names may be: a name misspelt would select everything. */
export function readQuery(query: URLSearchParams, names: readonly string[]): Query {
  const isKnown = [...query.keys()].every((name) => names.includes(name));
  const problems = isKnown ? [] : [
    `there is a parameter too many: ${
      names.length === 0 ? "none" : `only ${names.join(", ")}`
    } may be there`,
  ];

  function value<T>(name: string, parse: (text: string) => Parsed<T>): T | undefined {
    const text = query.get(name);
    if (text === null) return undefined;
    const parsed = parse(text);
    if ("value" in parsed) return parsed.value;
    problems.push(`${name} ${parsed.problem}`);
    return undefined;
  }

  return {
    value,
    text: (name) => query.get(name) ?? undefined,
    // The plus of an offset that nobody encoded has come as a space.
    moment: (name) => value(name, (text) => parseMoment(text.replace(" ", "+"), Date.now())),
    flag: (name) => value(name, parseFlag) ?? false,
    whole: (name, max) => value(name, (text) => parseWhole(text, max)),
    problem: () => problems[0],
  };
}
