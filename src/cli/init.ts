/** `init`: a config to begin with. */
import { closeSync, fchmodSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { systemCodeOf } from "../errors.ts";
import { type Command, exits, type Given } from "./command.ts";
import { configPathOf } from "./source.ts";
import type { Terminal } from "./terminal.ts";
import { printable } from "./text.ts";

const template = new URL("../../aggregator.yaml", import.meta.url);
const schemaFile = new URL("../config/aggregator.schema.json", import.meta.url);

const environment = `# Copy to .env; the daemon reads it when it reads the config.
# From Telnyx's portal: Account settings > Keys & credentials > Public key.
TELNYX_PUBLIC_KEY=
`;

const whyUnwritable: Readonly<Record<string, string>> = {
  EEXIST: "it exists, and is left as it is",
  ENOENT: "the folder does not exist",
  ENOTDIR: "the folder does not exist",
  EACCES: "this user may not write there",
  EPERM: "this user may not write there",
  EROFS: "the disk is read-only",
  ENOSPC: "the disk is full",
};

/** Neither file has secrets, and a service's own user must be able to read them. */
const everybodyReads = 0o644;

/** Writes a file that is not there yet, or gives why it could not. */
function create(path: string, text: string): string | undefined {
  try {
    const file = openSync(path, "wx", everybodyReads);
    try {
      // The umask took it away.
      fchmodSync(file, everybodyReads);
      writeFileSync(file, text);
    } finally {
      closeSync(file);
    }
    return undefined;
  } catch (error) {
    const code = systemCodeOf(error) ?? "unknown error";
    return whyUnwritable[code] ?? code;
  }
}

/** The shipped config, whose first line names the schema wherever it is written to. */
function firstConfig(): string {
  const text = readFileSync(template, "utf8");
  return text.replace(/\$schema=\S+/, () => `$schema=${schemaFile.href}`);
}

async function initialize(given: Given, terminal: Terminal): Promise<number> {
  const path = resolve(configPathOf(given));
  const why = create(path, firstConfig());
  if (why !== undefined) {
    terminal.complain(`Cannot write "${printable(path)}": ${why}`);
    return exits.failed;
  }
  const example = join(dirname(path), ".env.example");
  const files = [path, ...(create(example, environment) === undefined ? [example] : [])];
  if (given.has("json")) {
    terminal.json({ written: files });
    return exits.done;
  }
  for (const file of files) terminal.print(`Written: ${printable(relative("", file) || file)}`);
  terminal.print(`
Next:
  1. Put the account's public key into .env: TELNYX_PUBLIC_KEY=…
     (Telnyx's portal: Account settings > Keys & credentials > Public key)
  2. Write your tenants into the config, then: aggregator check
  3. aggregator run, and point Telnyx at https://YOUR-HOST/webhooks/ingest`);
  return exits.done;
}

/** Asks nothing and overwrites nothing. */
export const init: Command = {
  name: "init",
  summary: "Write a commented aggregator.yaml and a .env.example",
  about: "It asks nothing and never overwrites a file.",
  examples: ["aggregator init", "aggregator init --config /etc/aggregator/aggregator.yaml"],
  run: initialize,
};
