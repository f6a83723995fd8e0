/** The program's version, as package.json has it. */
import { readFileSync } from "node:fs";

/** Reads it anew at every call. */
export function readVersion(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  const { version }: { readonly version: string } = JSON.parse(text);
  return version;
}
