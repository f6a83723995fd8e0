/** `unassigned`: what nobody owns, and what to write so that somebody does. */
import { askFor, type Client, findDaemon } from "./client.ts";
import { type Command, exits, type Given } from "./command.ts";
import { listIn, momentIn, numberIn, textsIn } from "./fields.ts";
import type { Terminal } from "./terminal.ts";
import { jsonText, printable, spanText, table } from "./text.ts";
import type { Fields } from "../telnyx/fields.ts";

const pageMax = 1_000;
/** Of keys; whoever has more has one cause. */
const pagesMax = 10;
/** Of one kind, on a screen and in a line of YAML. */
const shownMax = 40;
const writtenMax = 8;

interface Totals {
  readonly held: number;
  readonly expired: number;
  readonly parked: number;
}

interface Gathered {
  readonly totals: Totals;
  readonly wanted: readonly Fields[];
  /** There are more. */
  readonly more: boolean;
}

async function gather(client: Client): Promise<Gathered> {
  const wanted: Fields[] = [];
  let after = "";
  for (let page = 1;; page++) {
    const query = new URLSearchParams({ after, limit: String(pageMax) });
    const answer = await askFor(client, "GET", `/unassigned?${query}`);
    wanted.push(...listIn(answer, "wanted"));
    const next = answer["after"];
    const more = typeof next === "string";
    const total = (name: string) => numberIn(answer, name);
    const totals = { held: total("held"), expired: total("expired"), parked: total("parked") };
    if (!more || page === pagesMax) return { totals, wanted, more };
    after = next;
  }
}

/** Something that held events name. */
interface Row {
  readonly kind: string;
  /** Without its kind. */
  readonly name: string;
  readonly count: number;
  readonly firstAt: number;
  readonly lastAt: number;
  /** A tenant has it: something else is missing. */
  readonly owned: boolean;
  readonly former: readonly string[];
}

function rowOf(fields: Fields): Row {
  const key = String(fields["key"]);
  const end = key.indexOf(":");
  return {
    kind: key.slice(0, end),
    name: key.slice(end + 1),
    count: numberIn(fields, "count"),
    firstAt: momentIn(fields, "first_at") ?? 0,
    lastAt: momentIn(fields, "last_at") ?? 0,
    owned: fields["owned"] === true,
    former: textsIn(fields, "former"),
  };
}

/** A sender's name with its profile: `INFO 40017a8e-…`. */
const pair = /^(.*[A-Za-z].*) (\S+)$/s;

/** As `phone_numbers` has it. */
function numberLine(name: string): string {
  const [, sender, profile] = pair.exec(name) ?? [];
  if (sender === undefined || profile === undefined) return jsonText(name, 0);
  return `{ sender: ${jsonText(sender, 0)}, messaging_profile_id: ${jsonText(profile, 0)} }`;
}

/** What a kind is called, and how the config gives it to a tenant. */
interface Kind {
  readonly kind: string;
  readonly title: string;
  /** The tenant's list that takes it; absent: it takes a sentence. */
  readonly list?: string;
  readonly otherwise?: string;
}

const kinds: readonly Kind[] = [
  { kind: "number", title: "number", list: "phone_numbers" },
  { kind: "profile", title: "messaging profile", list: "messaging_profile_ids" },
  { kind: "connection", title: "connection", list: "connection_ids" },
  { kind: "id", title: "other id", list: "ids" },
  {
    kind: "path",
    title: "path",
    otherwise: "A path counts where Telnyx signed it, for a tenant that takes such events",
  },
  {
    kind: "account",
    title: "account of",
    otherwise: "A tenant's own Telnyx account signed what it does not take (channels)",
  },
];

function linesOf({ list, otherwise = "" }: Kind, rows: readonly Row[]): readonly string[] {
  if (list === undefined) return [`  # ${otherwise}`];
  const free = rows.filter(({ former, owned }) => former.length === 0 && !owned);
  if (free.length === 0) return [];
  const written = free.slice(0, writtenMax).map(({ kind, name }) =>
    kind === "number" ? numberLine(name) : jsonText(name, 0)
  );
  const rest = free.length - written.length;
  return [`  ${list}: [${written.join(", ")}]${rest === 0 ? "" : `  # and ${rest} more`}`];
}

/** A word that a shell takes as it is. */
function shellWord(text: string): string {
  const safe = printable(text);
  return /^[A-Za-z0-9+:._@/-]+$/.test(safe) ? safe : `'${safe.replaceAll("'", "'\\''")}'`;
}

function releaseLine({ kind, name, former }: Row): string {
  const what = kind === "number" && name.startsWith("+") ? name : `${kind}:${name}`;
  return `  aggregator release ${shellWord(what)} --to ${former[0] ?? "TENANT"}`;
}

function tableOf({ title }: Kind, rows: readonly Row[], now: number): string {
  const shown = rows.slice(0, shownMax);
  const heading = [title, "events", "first", "last", "had by"];
  const lines = shown.map(({ name, count, firstAt, lastAt, owned, former }) => [
    printable(name),
    String(count),
    spanText(now - firstAt),
    spanText(now - lastAt),
    owned ? "a tenant has it: see explain" : former.length === 0 ? "-" : former.join(", "),
  ]);
  const rest = rows.length - shown.length;
  return table([heading, ...lines]) + (rest === 0 ? "" : `\n… and ${rest} more`);
}

const section = (text: string, lines: readonly string[]) =>
  lines.length === 0 ? [] : ["", text, ...lines];

/** What people read. */
function render({ totals, wanted, more }: Gathered, now: number): string {
  const { held, expired, parked } = totals;
  const rows = wanted.map(rowOf).sort((one, other) => other.count - one.count);
  const groups = kinds.map((kind) => ({ kind, rows: rows.filter((row) => row.kind === kind.kind) }))
    .filter((group) => group.rows.length > 0);
  const formers = rows.filter(({ former }) => former.length > 0).slice(0, writtenMax);
  return [
    `${held} held, ${expired} expired, ${parked} parked`,
    ...groups.flatMap((group) => ["", tableOf(group.kind, group.rows, now)]),
    ...(more ? ["", `… and more: only ${pagesMax * pageMax} are listed`] : []),
    ...section(
      "What is held goes to a tenant as soon as the config names it: under the tenant write",
      groups.flatMap((group) => linesOf(group.kind, group.rows)),
    ),
    ...(groups.length === 0 ? [] : [
      "An event without a direction names both sides: only one of its numbers is the account's.",
    ]),
    ...section(
      "What another tenant had within unassigned.hold only an operator gives away, to either:",
      formers.map(releaseLine),
    ),
    ...section("Expired is what was held longer than unassigned.hold; by name or id it can still", [
      ...(expired === 0 ? [] : ["be released: aggregator release NUMBER|KEY|ID --to TENANT"]),
    ]),
  ].join("\n");
}

async function listUnassigned(given: Given, terminal: Terminal): Promise<number> {
  const client = await findDaemon(given, terminal);
  const gathered = await gather(client);
  const { totals, wanted, more } = gathered;
  if (given.has("json")) terminal.json({ ...totals, wanted, more });
  else terminal.print(render(gathered, Date.now()));
  return exits.done;
}

/** Asks the daemon. */
export const unassigned: Command = {
  name: "unassigned",
  summary: "List what nobody owns, and the lines that would give it to a tenant",
  about:
    `Events that nobody owns are held for unassigned.hold and go to a tenant as soon as the config
says whose they are. It lists the numbers, profiles, connections and ids that they name, how
many name each, since when, and which tenants had it within unassigned.hold.`,
  examples: ["aggregator unassigned", "aggregator unassigned --json"],
  run: listUnassigned,
};
