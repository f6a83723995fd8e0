/** `ping`: a signed request without events, to see whether a tenant's backend takes it. */
import { askFor, findDaemon } from "./client.ts";
import { type Command, exits, type Given } from "./command.ts";
import { numberIn, textIn } from "./fields.ts";
import type { Terminal } from "./terminal.ts";
import { createPaint } from "./text.ts";

async function pingTenant(given: Given, terminal: Terminal): Promise<number> {
  const [tenant = ""] = given.operands;
  const client = await findDaemon(given, terminal);
  const answer = await askFor(client, "POST", `/tenants/${encodeURIComponent(tenant)}/ping`);
  const accepted = answer["accepted"] === true;
  if (given.has("json")) terminal.json(answer);
  else {
    const paint = createPaint(terminal.colours);
    const said = accepted ? paint("green", "accepted") : paint("red", "not accepted");
    const why = textIn(answer, typeof answer["status"] === "number" ? "status" : "error");
    const took = `${numberIn(answer, "took_ms")} ms`;
    terminal.print(
      `${textIn(answer, "tenant")}  ${textIn(answer, "endpoint")}  ${said}  ${why}  ${took}`,
    );
  }
  return accepted ? exits.done : exits.failed;
}

/** The daemon sends it, from where it sends batches. */
export const ping: Command = {
  name: "ping",
  summary: "Send a signed ping to a tenant's backend",
  about: "The running daemon sends it. It exits with 1 when the backend does not answer 2xx.",
  takes: ["TENANT"],
  examples: ["aggregator ping acme"],
  run: pingTenant,
};
