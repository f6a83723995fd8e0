/** `dead`: what was given up, why, and after how many attempts. */
import type { Fields } from "../telnyx/fields.ts";
import { numberOption, usageError } from "./arguments.ts";
import { askFor, type Client, findDaemon } from "./client.ts";
import { type Command, exits, type Given } from "./command.ts";
import { listIn, momentIn, numberIn, textIn } from "./fields.ts";
import { printStory } from "./story.ts";
import type { Terminal } from "./terminal.ts";
import { shortTimeText, table } from "./text.ts";
import { timeOptions, timesGiven } from "./times.ts";

const limitUsual = 100;
const limitMax = 10_000;
const pageMax = 1_000;
/** A line that a screen breaks is better than an id that is cut. */
const tableWidthMax = 200;

interface Listed {
  readonly letters: readonly Fields[];
  /** There are more. */
  readonly more: boolean;
}

async function gather(
  client: Client,
  selection: Readonly<Record<string, string>>,
  limit: number,
): Promise<Listed> {
  const letters: Fields[] = [];
  let after: Readonly<Record<string, string>> = {};
  for (;;) {
    const wanted = String(Math.min(pageMax, limit - letters.length));
    const query = new URLSearchParams({ ...selection, ...after, limit: wanted });
    const answer = await askFor(client, "GET", `/dead?${query}`);
    const page = listIn(answer, "letters");
    letters.push(...page);
    const { next } = answer;
    const isLast = typeof next !== "string" || page.length === 0;
    if (isLast || letters.length >= limit) return { letters, more: !isLast };
    after = { after: next };
  }
}

const heading = ["died at", "tenant", "event", "type", "reason", "attempts", "batch"];

function row(letter: Fields, now: number, utc: boolean): readonly string[] {
  const at = momentIn(letter, "died_at");
  return [
    at === undefined ? "-" : shortTimeText(at, now, utc),
    textIn(letter, "tenant"),
    textIn(letter, "id"),
    textIn(letter, "type"),
    textIn(letter, "reason"),
    String(numberIn(letter, "attempts")),
    textIn(letter, "batch"),
  ];
}

function render({ letters, more }: Listed, utc: boolean): string {
  if (letters.length === 0) return "no dead letters";
  const now = Date.now();
  const rows = letters.map((letter) => row(letter, now, utc));
  return table([heading, ...rows], tableWidthMax) + (more ? "\n… and more: see --limit" : "");
}

async function listDead(given: Given, terminal: Terminal): Promise<number> {
  const [tenant] = given.operands;
  const limit = numberOption(given, "limit", [1, limitMax]) ?? limitUsual;
  const selection = { ...timesGiven(given), ...(tenant === undefined ? {} : { tenant }) };
  const listed = await gather(await findDaemon(given, terminal), selection, limit);
  if (given.has("json")) terminal.json(listed);
  else terminal.print(render(listed, given.has("utc")));
  return exits.done;
}

async function runDead(given: Given, terminal: Terminal): Promise<number> {
  const batch = given.text("batch");
  if (batch === undefined) return listDead(given, terminal);
  const isMore = given.operands.length > 0 ||
    ["since", "until", "limit"].some((option) => given.has(option));
  if (isMore) throw usageError("One batch needs no TENANT and no other option: --batch ID");
  return printStory(batch, given, terminal);
}

/** Asks the daemon. */
export const dead: Command = {
  name: "dead",
  summary: "List what was given up, and why",
  about:
    `Dead letters, those that died last first, with the attempts of the batch they were last in.
They are kept until \`aggregator replay\` sends them again.`,
  takes: ["[TENANT]"],
  options: {
    ...timeOptions,
    limit: { value: "N", about: `so many at most (default: ${limitUsual})` },
    batch: { value: "ID", about: "the attempts of that batch instead" },
  },
  examples: [
    "aggregator dead",
    "aggregator dead acme --since 2h",
    "aggregator dead --batch bat_01JD3Q8W6ZK4M2N9P7R5T1V3X0",
  ],
  run: runDead,
};
