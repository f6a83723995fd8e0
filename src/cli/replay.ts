/** `replay`: what was given up, or lost behind a tenant's door, is sent again; counted first. */
import type { Fields } from "../telnyx/fields.ts";
import { usageError } from "./arguments.ts";
import { askFor, type Client, findDaemon } from "./client.ts";
import { type Command, exits, type Given } from "./command.ts";
import { confirmed } from "./confirm.ts";
import { numberIn } from "./fields.ts";
import type { Terminal } from "./terminal.ts";
import { timeOptions, timesGiven } from "./times.ts";

const selecting = ["tenant", "since", "until", "delivered"];

/** What to ask, up to the question whether it is only counted. */
interface Order {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
}

function orderGiven(given: Given): Order {
  const [batch] = given.operands;
  if (batch !== undefined) {
    if (!selecting.some((option) => given.has(option))) {
      return { path: `/batches/${encodeURIComponent(batch)}/replay`, query: {} };
    }
    throw usageError(`BATCH selects alone, without --${selecting.join(", --")}`);
  }
  const tenant = given.text("tenant");
  const delivered = given.has("delivered");
  if (delivered && !given.has("since")) {
    throw usageError('Option "--delivered" needs "--since TIME": from when on it was lost');
  }
  return {
    path: "/dead/replay",
    query: {
      ...(tenant === undefined ? {} : { tenant }),
      ...timesGiven(given),
      ...(delivered ? { delivered: "true" } : {}),
    },
  };
}

function ask(client: Client, { path, query }: Order, dryRun: boolean): Promise<Fields> {
  const asked = new URLSearchParams({ ...query, dry_run: String(dryRun) });
  return askFor(client, "POST", `${path}?${asked}`);
}

const counted = (count: number, thing: string) => `${count} ${thing}${count === 1 ? "" : "s"}`;

/** `12 events of 3 tenants; 2 more are past retention` */
function sumText(sum: Fields): string {
  const [events, tenants] = [numberIn(sum, "events"), numberIn(sum, "tenants")];
  const missing = numberIn(sum, "missing");
  const gone = missing === 0
    ? ""
    : `; ${missing} more ${missing === 1 ? "is" : "are"} past retention`;
  return `${counted(events, "event")} of ${counted(tenants, "tenant")}${gone}`;
}

/** Whether it is to be done. Throws `usage` where nobody can be asked. */
async function isWanted(given: Given, count: Fields): Promise<boolean> {
  if (given.has("yes")) return true;
  const answer = await confirmed(`Send ${sumText(count)} again?`);
  if (answer !== undefined) return answer;
  throw usageError("Nobody is there to confirm it: say --yes, or --dry-run to count only");
}

interface Asked {
  readonly client: Client;
  readonly order: Order;
  readonly count: Fields;
}

async function replayCounted(
  { client, order, count }: Asked,
  given: Given,
  terminal: Terminal,
): Promise<number> {
  if (!await isWanted(given, count)) {
    terminal.complain("Nothing was sent again");
    return exits.failed;
  }
  const sum = await ask(client, order, false);
  if (given.has("json")) terminal.json(sum);
  else terminal.print(`Sent again in new batches: ${sumText(sum)}`);
  return exits.done;
}

async function runReplay(given: Given, terminal: Terminal): Promise<number> {
  const order = orderGiven(given);
  const client = await findDaemon(given, terminal);
  const count = await ask(client, order, true);
  const ends = numberIn(count, "events") === 0 || given.has("dry-run");
  if (!given.has("json")) terminal.print(`To be sent again: ${sumText(count)}`);
  else if (ends) terminal.json(count);
  return ends ? exits.done : replayCounted({ client, order, count }, given, terminal);
}

/** The daemon does it. */
export const replay: Command = {
  name: "replay",
  summary: "Send dead letters, or what was delivered, again",
  about:
    `BATCH is the id of one: its dead letters, or all of it where it was delivered. Without it, all
dead letters, or those of --tenant and of a time. With --delivered: what was delivered in that
time instead, for a backend that has lost it. Events keep their ids and come in new batches,
with replay_of. They are counted first; then it asks, or wants --yes.`,
  takes: ["[BATCH]"],
  options: {
    tenant: { value: "ID", about: "only of this tenant" },
    ...timeOptions,
    delivered: { about: "what was delivered, not what is dead; needs --since" },
    "dry-run": { about: "only count" },
    yes: { short: "y", about: "do not ask" },
  },
  examples: [
    "aggregator replay --dry-run",
    "aggregator replay --tenant acme --since 2h",
    "aggregator replay bat_01JD3Q8W6ZK4M2N9P7R5T1V3X0 --yes",
    "aggregator replay --tenant acme --delivered --since 2026-11-20T10:00:00Z --until 1h",
  ],
  run: runReplay,
};
