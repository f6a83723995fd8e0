/**
 * `explain`: whose event it is, and why. The running daemon knows what calls have taught; where
 * none can be asked, the config alone decides, and that is said.
 */
import type { Config } from "../config.ts";
import { sortingOf } from "../engine/sorting.ts";
import { AggregatorError } from "../errors.ts";
import { type AskedAbout, explained } from "../ownership/explained.ts";
import { type Fields, isFields } from "../telnyx/fields.ts";
import { usageError } from "./arguments.ts";
import { askFor, type Client, findDaemon, isAbsent } from "./client.ts";
import { type Command, exits, type Given } from "./command.ts";
import { eventText, explanationText } from "./explain/render.ts";
import { readGiven } from "./input.ts";
import { configKnown, doubtsAbout } from "./source.ts";
import type { Terminal } from "./terminal.ts";
import { createPaint, printable } from "./text.ts";

const bodyBytesMax = 64 * 1_024 * 1_024;

/** The daemon, if there is one; the one that is named must be there. */
async function daemonGiven(given: Given, terminal: Terminal): Promise<Client | undefined> {
  try {
    return await findDaemon(given, terminal);
  } catch (error) {
    if (error instanceof AggregatorError && error.code === "admin") return undefined;
    throw error;
  }
}

type About = Omit<AskedAbout, "receivedAt">;

async function aboutGiven(given: Given, file: string): Promise<About> {
  const [contentType, path] = [given.text("content-type"), given.text("path")];
  const signer = given.text("signed-by");
  return {
    body: await readGiven(file, bodyBytesMax),
    ...(contentType === undefined ? {} : { contentType }),
    ...(path === undefined ? {} : { path }),
    ...(signer === undefined ? {} : { signer }),
  };
}

function askDaemon(client: Client, { body, contentType, path, signer }: About): Promise<Fields> {
  const query = new URLSearchParams({
    ...(path === undefined ? {} : { path }),
    ...(signer === undefined ? {} : { signed_by: signer }),
  });
  const sent = { body, ...(contentType === undefined ? {} : { contentType }) };
  return askFor(client, "POST", `/explain?${query}`, sent);
}

function checkSigner({ tenants, path }: Config, signer: string | undefined): void {
  if (signer === undefined || (tenants.get(signer)?.publicKeys.length ?? 0) > 0) return;
  throw usageError(`"${printable(signer)}" is no tenant with public_keys of its own in ${path}`);
}

async function decideAlone(about: About, given: Given, terminal: Terminal): Promise<Fields> {
  const known = await configKnown(given, terminal);
  const { config } = known;
  checkSigner(config, about.signer);
  const doubts = doubtsAbout(known);
  if (doubts !== "") terminal.complain(doubts.trimStart());
  const grounds = {
    config,
    sorting: sortingOf(config),
    known: async (keys: readonly unknown[]) => keys.map(() => undefined),
  };
  const told: unknown = JSON.parse(
    JSON.stringify(await explained({ ...about, receivedAt: Date.now() }, grounds)),
  );
  return isFields(told) ? told : {};
}

/** The daemon's answer, or the config's alone; which of them it is. */
async function decide(about: About, given: Given, terminal: Terminal) {
  const client = await daemonGiven(given, terminal);
  const isNamed = given.has("admin") || Boolean(terminal.env["AGGREGATOR_ADMIN"]);
  try {
    if (client !== undefined) return { by: "daemon", told: await askDaemon(client, about) };
  } catch (error) {
    if (isNamed || !isAbsent(error)) throw error;
  }
  return { by: "config", told: await decideAlone(about, given, terminal) };
}

async function explainBody(file: string, given: Given, terminal: Terminal): Promise<number> {
  const { by, told } = await decide(await aboutGiven(given, file), given, terminal);
  if (given.has("json")) {
    terminal.json({ decided_by: by, ...told });
    return exits.done;
  }
  const paint = createPaint(terminal.colours);
  if (by === "config") {
    terminal.print(
      `${paint("yellow", "No daemon:")} what calls have taught is not known here; ` +
        "the config alone decides\n",
    );
  }
  terminal.print(explanationText(told, paint));
  return exits.done;
}

async function explainEvent(id: string, given: Given, terminal: Terminal): Promise<number> {
  const client = await findDaemon(given, terminal);
  const event = await askFor(client, "GET", `/events/${encodeURIComponent(id)}`);
  if (given.has("json")) terminal.json(event);
  else terminal.print(eventText(event, createPaint(terminal.colours), given.has("utc")));
  return exits.done;
}

async function runExplain(given: Given, terminal: Terminal): Promise<number> {
  const [file] = given.operands;
  const id = given.text("id");
  if (file !== undefined && id !== undefined) {
    throw usageError("Name either FILE or --id, not both");
  }
  if (id !== undefined) return explainEvent(id, given, terminal);
  if (file === undefined) {
    throw usageError("FILE is missing: aggregator explain FILE|-, or --id ID");
  }
  return explainBody(file, given, terminal);
}

/** Asks the daemon, or the config where none runs. */
export const explain: Command = {
  name: "explain",
  summary: "Say whose event a body is, and why, rule by rule",
  about:
    `FILE is the body of a webhook as Telnyx sends it, - is standard input. The running daemon is
asked, whose log knows the calls; where there is none, the config alone decides. Nothing is
recorded. With --id it tells what became of an event of the log, and what would be decided now.`,
  takes: ["[FILE|-]"],
  options: {
    id: { value: "ID", about: "an event of the log (data.id, or sha256:…)" },
    path: { value: "PATH", about: "it was sent to (default: as its meta.delivered_to)" },
    "content-type": { value: "TYPE", about: "of the body (default: by its look)" },
    "signed-by": { value: "TENANT", about: "whose own Telnyx account signed it" },
  },
  examples: [
    "aggregator explain webhook.json",
    "aggregator explain - --path /webhooks/@acme < webhook.json",
    "aggregator explain --id 0ccc7b54-4df3-4bca-a65a-3da1ecc777f0",
  ],
  run: runExplain,
};
