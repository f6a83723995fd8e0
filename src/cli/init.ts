/** `init`: a config to begin with. */
import { readFileSync, writeFileSync } from "node:fs";
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

/** Writes a file that is not there yet; says whether it was. */
function create(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    if (systemCodeOf(error) === "EEXIST") return false;
    throw error;
  }
}

/** The shipped config, whose first line names the schema wherever it is written to. */
function firstConfig(): string {
  const text = readFileSync(template, "utf8");
  return text.replace(/\$schema=\S+/, () => `$schema=${schemaFile.href}`);
}

async function initialize(given: Given, terminal: Terminal): Promise<number> {
  const path = resolve(configPathOf(given));
  if (!create(path, firstConfig())) {
    terminal.complain(`Cannot write "${printable(path)}": it exists, and is left as it is`);
    return exits.failed;
  }
  const example = join(dirname(path), ".env.example");
  const files = [path, ...(create(example, environment) ? [example] : [])];
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
