/** `token`: what the admin listener wants to see. */
import { openToken } from "../secrets.ts";
import { type Command, exits, type Given } from "./command.ts";
import { configGiven } from "./source.ts";
import type { Terminal } from "./terminal.ts";

async function printToken(given: Given, terminal: Terminal): Promise<number> {
  const { admin, stateFolder } = await configGiven(given, terminal);
  const text = admin.token ?? openToken(stateFolder);
  if (given.has("json")) terminal.json({ token: text });
  else terminal.print(text);
  return exits.done;
}

/** Made here where the daemon has not made it yet. */
export const token: Command = {
  name: "token",
  summary: "Print the admin token",
  about: "It is admin.token of the config, or else the one in the state folder.",
  examples: [
    "aggregator token",
    'curl -H "authorization: Bearer $(aggregator token)" http://127.0.0.1:8081/stats',
  ],
  run: printToken,
};
