/** `release`: gives what is held to a tenant, because an operator says so. */
import { Buffer } from "node:buffer";
import { parseNumber } from "../number.ts";
import { usageError } from "./arguments.ts";
import { askFor, findDaemon } from "./client.ts";
import { type Command, exits, type Given } from "./command.ts";
import { numberIn } from "./fields.ts";
import type { Terminal } from "./terminal.ts";
import { printable } from "./text.ts";

const key = /^(number|profile|connection|id|path|account):/;
const digits = /^\+?[0-9 ().-]{1,24}$/;

/** A key as `unassigned` lists it, a number as people write it, or else an event's id. */
function selectionOf(text: string): Readonly<Record<string, string>> {
  if (key.test(text)) return { key: text };
  if (!digits.test(text)) return { id: text };
  const parsed = parseNumber(text);
  if ("number" in parsed) return { number: text };
  throw usageError(`"${printable(text)}" ${parsed.problem}`);
}

async function releaseHeld(given: Given, terminal: Terminal): Promise<number> {
  const [what = ""] = given.operands;
  const to = given.text("to");
  if (to === undefined) throw usageError("The tenant is missing: --to TENANT");
  const order = { ...selectionOf(what), to };
  const client = await findDaemon(given, terminal);
  const sent = { body: Buffer.from(JSON.stringify(order)), contentType: "application/json" };
  const answer = await askFor(client, "POST", "/unassigned/release", sent);
  const count = numberIn(answer, "count");
  if (given.has("json")) terminal.json({ status: "released", count });
  else terminal.print(`Released to ${printable(to)}: ${count} ${count === 1 ? "event" : "events"}`);
  return exits.done;
}

/** The daemon does it. */
export const release: Command = {
  name: "release",
  summary: "Give what is held to a tenant",
  about:
    `A NUMBER may be written as people do. A KEY is what \`aggregator unassigned\` lists, such as
connection:1293384261075731499 or number:INFO. An ID is one event's. What has expired is
released too. Other held events of the same calls follow, where that says whose they are.
It exits with 1 when nothing is held there.`,
  takes: ["NUMBER|KEY|ID"],
  options: { to: { value: "TENANT", about: "whose it is from now on" } },
  examples: [
    'aggregator release "+1 (800) 555-1111" --to acme',
    "aggregator release connection:1293384261075731499 --to acme",
    "aggregator release 0ccc7b54-4df3-4bca-a65a-3da1ecc777f0 --to acme",
  ],
  run: releaseHeld,
};
