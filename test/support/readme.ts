/** What the README shows, and a way to run it as its readers would. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { collect, endOf } from "./daemon.ts";
import { childEnv } from "./runtime.ts";

const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");

/** The fenced blocks of one language. */
export function blocksOf(language: string): string[] {
  const fences = readme.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, "gms"));
  return [...fences].map(([, text = ""]) => text);
}

/** How a program ended, and what it printed. */
export interface Ran {
  readonly code: number | string;
  readonly out: string;
}

/** Runs a program with this on its standard input. Rejects where there is no such program. */
export async function run(command: string, args: readonly string[], input: string): Promise<Ran> {
  const child = spawn(command, args, { env: childEnv(), stdio: ["pipe", "pipe", "pipe"] });
  const missing = new Promise<never>((_, reject) => child.once("error", reject));
  const out = collect(child.stdout);
  const errors = collect(child.stderr);
  const ended = endOf(child);
  child.stdin?.on("error", () => {});
  child.stdin?.end(input);
  const code = await Promise.race([ended, missing]);
  return { code, out: `${out()}${errors()}` };
}
