/** A question before something that cannot be taken back. */
import process from "node:process";
import { createInterface } from "node:readline/promises";

/** Where it is asked, and where the answer comes from; a part of a terminal's streams. */
export interface Asking {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

/** The question does not go where the output of a command goes. */
const ownStreams = (): Asking => ({ input: process.stdin, output: process.stderr });

/** Asks; only a yes is one. Undefined: nobody is there who could answer. */
export async function confirmed(
  question: string,
  { input, output }: Asking = ownStreams(),
): Promise<boolean | undefined> {
  if (input.isTTY !== true || output.isTTY !== true) return undefined;
  const asking = createInterface({ input, output });
  const { promise: ended, resolve } = Promise.withResolvers<string>();
  asking.once("close", () => resolve(""));
  const answer = await Promise.race([asking.question(`${question} [y/N] `), ended]);
  asking.close();
  return /^y(es)?$/i.test(answer.trim());
}
