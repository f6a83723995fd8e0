/** `status`: what the running daemon is doing. */
import process from "node:process";
import { sleep } from "../flow/sleep.ts";
import { type Fields, isFields } from "../telnyx/fields.ts";
import { askFor, type Client, findDaemon } from "./client.ts";
import { type Command, exits, type Given } from "./command.ts";
import { groupsIn, listIn, momentIn, numberIn, textIn, textsIn } from "./fields.ts";
import { standingOf } from "./standing.ts";
import type { Terminal } from "./terminal.ts";
import {
  createPaint,
  type Paint,
  printable,
  shortTimeText,
  spanText,
  table,
  timeText,
} from "./text.ts";

/** On a screen. */
const alarmsShownMax = 20;
const watchEveryMs = 2_000;
/** Clears the screen and goes to its beginning. */
const clear = "\u001b[2J\u001b[H";

interface Status {
  readonly ready: boolean;
  readonly warnings: readonly string[];
  readonly stats: Fields;
  readonly tenants: Fields;
}

async function look(client: Client): Promise<Status> {
  const { body } = await client.ask("GET", "/readyz");
  const stats = await askFor(client, "GET", "/stats");
  const tenants = await askFor(client, "GET", "/tenants");
  const ready = body["ready"] === true;
  return { ready, warnings: textsIn(body, "warnings"), stats, tenants };
}

const heading = ["tenant", "status", "pending", "oldest", "sending", "dead", "delivered"];

function row(name: string, view: Fields, now: number, utc: boolean): readonly string[] {
  const oldest = momentIn(view, "oldest_at");
  const delivered = momentIn(view, "last_delivered_at");
  return [
    name,
    standingOf(view),
    String(numberIn(view, "pending")),
    oldest === undefined ? "-" : spanText(now - oldest),
    String(numberIn(view, "in_flight")),
    String(numberIn(view, "dead")),
    delivered === undefined ? "never" : shortTimeText(delivered, now, utc),
  ];
}

/** Every other name among the counts is why a webhook was refused. */
const recordedAs = ["queued", "duplicate", "unassigned", "parked", "dropped"];
/** Refusals that the daemon names by their status. */
const statusNames: Readonly<Record<string, string>> = { 413: "too_large", 415: "encoded" };

/** `since start: 15 queued, 10 refused (signature_wrong 8, timestamp_skewed 2)` */
function sinceStart(stats: Fields): string {
  const since = isFields(stats["since_start"]) ? stats["since_start"] : {};
  const webhooks = isFields(since["webhooks"]) ? since["webhooks"] : {};
  const count = (name: string) => numberIn(webhooks, name);
  const recorded = recordedAs.filter((name) => count(name) > 0);
  const refused = Object.keys(webhooks)
    .filter((name) => !recordedAs.includes(name) && count(name) > 0)
    .sort((a, b) => count(b) - count(a));
  const total = refused.reduce((sum, name) => sum + count(name), 0);
  const why = refused.map((name) => `${printable(statusNames[name] ?? name)} ${count(name)}`);
  const told = [
    ...recorded.map((name) => `${count(name)} ${name}`),
    ...(total === 0 ? [] : [`${total} refused (${why.join(", ")})`]),
  ];
  return `since start: ${told.length === 0 ? "no webhooks" : told.join(", ")}`;
}

/** `alarm: tenant_failing acme, for 5m` */
function alarmLine(alarm: Fields, now: number, paint: Paint): string {
  const whose = typeof alarm["tenant"] === "string" ? ` ${textIn(alarm, "tenant")}` : "";
  const since = momentIn(alarm, "since") ?? now;
  return `${paint("red", "alarm:")} ${textIn(alarm, "alarm")}${whose}, for ${
    spanText(now - since)
  }`;
}

function alarmLines(stats: Fields, now: number, paint: Paint): readonly string[] {
  const alarms = listIn(stats, "alarms");
  const rest = alarms.length - alarmsShownMax;
  const shown = alarms.slice(0, alarmsShownMax).map((alarm) => alarmLine(alarm, now, paint));
  return rest > 0 ? [...shown, `… and ${rest} more alarms`] : shown;
}

/** What people read. */
function render(status: Status, address: string, utc: boolean, { colours }: Terminal): string {
  const paint = createPaint(colours);
  const { ready, warnings, stats, tenants } = status;
  const now = Date.now();
  const rows = groupsIn(tenants, "tenants").map(([name, view]) => row(name, view, now, utc));
  const state = ready ? paint("green", "ready") : paint("red", "NOT READY");
  const loose = `${numberIn(stats, "unassigned")} unassigned, ${numberIn(stats, "parked")} parked`;
  return [
    `${state}  ${address}  version ${textIn(stats, "version")}  ${timeText(now, utc)}`,
    `${numberIn(stats, "pending_events")} pending, ${
      numberIn(stats, "batches_in_flight")
    } in flight, ${numberIn(stats, "dead_letters")} dead letters, ${loose}`,
    sinceStart(stats),
    ...alarmLines(stats, now, paint),
    ...warnings.map((warning) => `${paint("yellow", "config problem:")} ${warning}`),
    "",
    rows.length === 0 ? "no tenants" : table([heading, ...rows]),
  ].join("\n");
}

function show(status: Status, client: Client, given: Given, terminal: Terminal): void {
  if (given.has("json")) {
    const { ready, warnings, stats, tenants } = status;
    const indent = given.has("watch") ? 0 : 2;
    return terminal.json({ ready, warnings, stats, tenants: tenants["tenants"] }, indent);
  }
  const before = given.has("watch") && terminal.isTerminal ? clear : "";
  terminal.print(before + render(status, client.address, given.has("utc"), terminal));
}

async function watch(client: Client, given: Given, terminal: Terminal): Promise<void> {
  const end = new AbortController();
  const stop = () => end.abort();
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  while (!end.signal.aborted) {
    show(await look(client), client, given, terminal);
    await sleep(watchEveryMs, end.signal);
  }
}

async function printStatus(given: Given, terminal: Terminal): Promise<number> {
  const client = await findDaemon(given, terminal);
  if (given.has("watch")) {
    await watch(client, given, terminal);
    return exits.done;
  }
  const status = await look(client);
  show(status, client, given, terminal);
  return status.ready ? exits.done : exits.failed;
}

/** Readiness, totals and tenants. */
export const status: Command = {
  name: "status",
  summary: "Show what the running daemon is doing, tenant by tenant",
  about: "It exits with 1 when the daemon is not ready, or cannot be reached.",
  options: { watch: { short: "w", about: "again every two seconds, until Ctrl-C" } },
  examples: ["aggregator status", "aggregator status --watch", "aggregator status --json"],
  run: printStatus,
};
