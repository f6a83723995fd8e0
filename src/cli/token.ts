/** `token`: what the admin listener wants to see. */
import { AggregatorError } from "../errors.ts";
import { findToken } from "../secrets.ts";
import { type Command, exits, type Given } from "./command.ts";
import { configKnown, doubtsAbout, insistOn, startOrName } from "./source.ts";
import type { Terminal } from "./terminal.ts";

async function printToken(given: Given, terminal: Terminal): Promise<number> {
  const known = await configKnown(given, terminal);
  insistOn(known, "admin.token");
  const { admin, stateFolder } = known.config;
  const text = admin.token ?? findToken(stateFolder);
  if (text === undefined) {
    const why = `there is none in "${stateFolder}": ${startOrName}`;
    throw new AggregatorError("admin", `Cannot tell the admin token: ${why}${doubtsAbout(known)}`);
  }
  if (given.has("json")) terminal.json({ token: text });
  else terminal.print(text);
  return exits.done;
}

/** Works without the daemon, which makes it at its first start. */
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
