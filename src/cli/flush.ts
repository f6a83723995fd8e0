/** `flush`: what waits goes now. */
import { askFor, findDaemon } from "./client.ts";
import { type Command, exits, type Given } from "./command.ts";
import type { Terminal } from "./terminal.ts";
import { printable } from "./text.ts";

async function flushTenants(given: Given, terminal: Terminal): Promise<number> {
  const [tenant] = given.operands;
  const path = tenant === undefined ? "/flush" : `/tenants/${encodeURIComponent(tenant)}/flush`;
  const client = await findDaemon(given, terminal);
  const answer = await askFor(client, "POST", path);
  if (given.has("json")) terminal.json(answer);
  else terminal.print(`Flushed: ${tenant === undefined ? "all tenants" : printable(tenant)}`);
  return exits.done;
}

/** The daemon does it. */
export const flush: Command = {
  name: "flush",
  summary: "Send now what waits, a tenant's or everybody's",
  about:
    `Windows and sessions that are open close, and what is to be tried again is tried at once. A
tenant that is paused stays so. Before a shutdown nothing needs to be flushed: what is recorded
is safe.`,
  takes: ["[TENANT]"],
  examples: ["aggregator flush acme", "aggregator flush"],
  run: flushTenants,
};
