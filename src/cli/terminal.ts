/** Where a command writes: lines for people, JSON for programs. */
import process from "node:process";
import { jsonText } from "./text.ts";

/** What a command sees of the process. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Colours are wanted: it is a terminal, and NO_COLOR is not set. */
  readonly colours: boolean;
  /** True where somebody looks at it while it is written. */
  readonly isTerminal: boolean;
  /** One or more lines on standard output. */
  print(text: string): void;
  /** The same on standard error. */
  complain(text: string): void;
  /** One JSON value on standard output. */
  json(value: unknown, indent?: number): void;
  /** Acts when nobody reads any more what is printed. */
  unread(act: () => void): void;
}

/** This process's own. */
export function openTerminal(): Terminal {
  const { env, stdout, stderr } = process;
  const isTerminal = stdout.isTTY === true;
  const print = (text: string) => void stdout.write(`${text}\n`);
  return {
    env,
    colours: isTerminal && !env["NO_COLOR"] && env["TERM"] !== "dumb",
    isTerminal,
    print,
    complain: (text) => void stderr.write(`${text}\n`),
    json: (value, indent = 2) => print(jsonText(value, indent)),
    unread: (act) => void stdout.on("error", act),
  };
}
