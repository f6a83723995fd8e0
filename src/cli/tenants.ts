/** `tenants`: all of them; and one is paused, or goes on. */
import { type Fields, isFields } from "../telnyx/fields.ts";
import { usageError } from "./arguments.ts";
import { askFor, findDaemon } from "./client.ts";
import { type Command, exits, type Given } from "./command.ts";
import { groupsIn, momentIn, numberIn, textIn } from "./fields.ts";
import { standingOf } from "./standing.ts";
import type { Terminal } from "./terminal.ts";
import { printable, shortened, shortTimeText, spanText, table } from "./text.ts";

const endpointWidthMax = 40;
const tableWidthMax = 120;

const heading = [
  "tenant",
  "status",
  "endpoint",
  "waiting",
  "oldest",
  "sending",
  "dead",
  "delivered",
];

function row(name: string, view: Fields, now: number, utc: boolean): readonly string[] {
  const oldest = momentIn(view, "oldest_at");
  const delivered = momentIn(view, "last_delivered_at");
  return [
    name,
    standingOf(view),
    shortened(textIn(view, "endpoint"), endpointWidthMax),
    String(numberIn(view, "pending")),
    oldest === undefined ? "-" : spanText(now - oldest),
    String(numberIn(view, "in_flight")),
    String(numberIn(view, "dead")),
    delivered === undefined ? "never" : shortTimeText(delivered, now, utc),
  ];
}

async function list(given: Given, terminal: Terminal): Promise<number> {
  const client = await findDaemon(given, terminal);
  const answer = await askFor(client, "GET", "/tenants");
  const [now, utc] = [Date.now(), given.has("utc")];
  const rows = groupsIn(answer, "tenants").map(([name, view]) => row(name, view, now, utc));
  if (given.has("json")) terminal.json(answer);
  else terminal.print(rows.length === 0 ? "no tenants" : table([heading, ...rows], tableWidthMax));
  return exits.done;
}

/** What became of it; a pause of the config is ended in the file alone. */
function sentence(tenant: string, answer: Fields): string {
  const { paused, status } = answer;
  const removed = status === "removed" ? ", which is not in the config," : "";
  if (isFields(paused)) {
    return paused["by"] === "config"
      ? `Tenant "${tenant}" is still paused by the config: write \`paused: false\` there`
      : `Tenant "${tenant}"${removed} is paused: its events are kept until it is resumed`;
  }
  const was = answer["resumed"] === true ? "" : ", and was not paused";
  return removed === ""
    ? `Tenant "${tenant}" is delivered to${was}`
    : `Tenant "${tenant}" is not in the config${was}: its events are kept until it is there`;
}

async function act(order: string, tenant: string, given: Given, terminal: Terminal) {
  const client = await findDaemon(given, terminal);
  const path = `/tenants/${encodeURIComponent(tenant)}/${order}`;
  const answer = await askFor(client, "POST", path);
  if (given.has("json")) terminal.json(answer);
  else terminal.print(sentence(printable(tenant), answer));
  return exits.done;
}

const orders: readonly string[] = ["pause", "resume"];

async function runTenants(given: Given, terminal: Terminal): Promise<number> {
  const [order, tenant] = given.operands;
  if (order === undefined) return list(given, terminal);
  if (!orders.includes(order)) {
    throw usageError(`"${printable(order)}" must be pause or resume: aggregator tenants pause ID`);
  }
  if (tenant === undefined) throw usageError(`ID is missing: aggregator tenants ${order} ID`);
  return act(order, tenant, given, terminal);
}

/** Asks the daemon, or has it done. */
export const tenants: Command = {
  name: "tenants",
  summary: "List the tenants; pause one, or resume it",
  about:
    `A tenant that is paused gets nothing, and its events are kept: over restarts too, until it is
resumed. The config's \`paused\` is another pause, and ends in the file; one by an answer 410
ends by itself when the tenant gets another URL.`,
  takes: ["[pause|resume]", "[ID]"],
  examples: [
    "aggregator tenants",
    "aggregator tenants pause acme",
    "aggregator tenants resume acme",
  ],
  run: runTenants,
};
