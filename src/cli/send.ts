/** `send`: signed sample events to a URL, to see a daemon of one's own take them. */
import { Buffer } from "node:buffer";
import { join, resolve } from "node:path";
import { readOrCreate } from "../files.ts";
import { parseNumber } from "../number.ts";
import { parseSeed } from "../secrets.ts";
import { createSeed } from "../signing.ts";
import { createSamples, type SampleKind, sampleKinds } from "../telnyx/sample.ts";
import { publicKeyOf } from "../telnyx/signature.ts";
import { numberOption, usageError, variableIn } from "./arguments.ts";
import { didYouMean } from "../config/problems.ts";
import { type Command, exits, type Given } from "./command.ts";
import { createPoster } from "./post.ts";
import { type Pace, sendAll, type Sent } from "./sending.ts";
import { configKnown, doubtsAbout, insistOn, type Known, stateFolderGiven } from "./source.ts";
import type { Terminal } from "./terminal.ts";
import { createPaint, printable, table } from "./text.ts";

const keyFile = "telnyx-test.key";

interface Key {
  readonly seed: Uint8Array;
  readonly from: string;
  /** As telnyx.public_keys takes it. */
  readonly publicKey: string;
}

function seedGiven(given: Given, terminal: Terminal): Omit<Key, "publicKey"> {
  const text = given.text("key") ?? join(stateFolderGiven(given, terminal), keyFile);
  const value = variableIn(text, terminal);
  if (value !== undefined) return { seed: parseSeed(value, text), from: text };
  const path = resolve(text.replace(/^file:/, ""));
  const made = () => `${Buffer.from(createSeed()).toString("base64")}\n`;
  return { seed: parseSeed(readOrCreate(path, made), path), from: path };
}

function keyGiven(given: Given, terminal: Terminal): Key {
  const key = seedGiven(given, terminal);
  return { ...key, publicKey: Buffer.from(publicKeyOf(key.seed)).toString("base64") };
}

function urlGiven(given: Given, known: Known | undefined): URL {
  const text = given.text("url");
  if (text !== undefined) {
    const url = /^https?:\/\/[^/\\]/.test(text) ? URL.parse(text) : null;
    if (url !== null) return url;
    throw usageError(
      `Cannot send to "${printable(text)}": write a URL such as ` +
        '"http://127.0.0.1:8080/webhooks/ingest"',
    );
  }
  if (known !== undefined) insistOn(known, "listen");
  const at = known?.config.listen;
  if (at?.kind !== "tcp" || at.port === 0) {
    throw usageError("The config names no port to send to: name the webhook's address with --url");
  }
  const host = at.host === "0.0.0.0" ? "127.0.0.1" : at.host === "::" ? "::1" : at.host;
  return new URL(`http://${host.includes(":") ? `[${host}]` : host}:${at.port}/webhooks/ingest`);
}

function numbersGiven(given: Given, known: Known | undefined): readonly [string, ...string[]] {
  const named = given.texts("number").map((text) => {
    const parsed = parseNumber(text);
    if ("problem" in parsed) throw usageError(`Number "${printable(text)}" ${parsed.problem}`);
    return parsed.number;
  });
  const owned = [...known?.config.tenants.values() ?? []].flatMap(({ numbers }) =>
    numbers.flatMap(({ number, prefix }) => !prefix && number.startsWith("+") ? [number] : [])
  );
  const [first, ...others] = named.length > 0 ? named : owned;
  if (first !== undefined) return [first, ...others];
  const doubts = known === undefined ? "" : doubtsAbout(known);
  throw usageError(`The config has no number to send for: name one with --number${doubts}`);
}

function kindGiven(given: Given): SampleKind | undefined {
  const text = given.text("type");
  const kind = sampleKinds.find((one) => one === text);
  if (text === undefined || kind !== undefined) return kind;
  const hint = didYouMean(text, sampleKinds) || `: there are ${sampleKinds.join(", ")}`;
  throw usageError(`There is no kind "${printable(text)}"${hint}`);
}

function paceGiven(given: Given): Pace {
  return {
    count: numberOption(given, "count", [1, 1_000_000]) ?? 100,
    connections: numberOption(given, "connections", [1, 1_024]) ?? 8,
    rate: numberOption(given, "rate", [1, 100_000]),
    duplicates: numberOption(given, "duplicates", [0, 100]) ?? 0,
  };
}

function printSent(sent: Sent, { publicKey, from }: Key, terminal: Terminal): void {
  const warn = (word: string, text: string) =>
    terminal.complain(`${createPaint(terminal.colours)("yellow", word)} ${text}`);
  const { answers, p50, p99, perSecond, unassigned } = sent;
  const rows = [...answers].map(([answer, count]) => [answer, String(count)]);
  terminal.print(table([["answer", "webhooks"], ...rows]));
  terminal.print(
    `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, ${perSecond.toFixed(0)} per second`,
  );
  if (unassigned > 0) warn("Unassigned:", `${unassigned} of them: no tenant owns their number`);
  if (![...answers.keys()].some((answer) => answer.startsWith("401"))) return;
  warn(
    "Refused:",
    "add this key to telnyx.public_keys of the config and save it\n" +
      `  ${publicKey}\n  (its secret half is ${printable(from)}; take it out again afterwards)`,
  );
}

function printPublicKey({ publicKey }: Key, given: Given, terminal: Terminal): number {
  if (given.has("json")) terminal.json({ public_key: publicKey });
  else terminal.print(publicKey);
  return exits.done;
}

async function sendSamples(given: Given, terminal: Terminal): Promise<number> {
  if (given.has("print-key")) return printPublicKey(keyGiven(given, terminal), given, terminal);
  const needsConfig = given.text("url") === undefined || given.texts("number").length === 0;
  const known = needsConfig ? await configKnown(given, terminal) : undefined;
  const [url, kind, pace] = [urlGiven(given, known), kindGiven(given), paceGiven(given)];
  const numbers = numbersGiven(given, known);
  const key = keyGiven(given, terminal);
  const json = given.has("json");
  if (!json) terminal.print(`Signed for the public key ${key.publicKey}\n`);
  const samples = createSamples({ numbers, deliveredTo: url.href });
  using poster = createPoster(url, key.seed, pace.connections);
  const next = () => kind === undefined ? samples.next() : samples.of(kind);
  const sent = await sendAll(poster, next, pace);
  if (json) {
    const { answers, ok, p50, p99, perSecond, unassigned } = sent;
    const told = { answers: Object.fromEntries(answers), unassigned, p50_ms: p50, p99_ms: p99 };
    terminal.json({ public_key: key.publicKey, ...told, per_second: perSecond, ok });
  } else printSent(sent, key, terminal);
  return sent.ok ? exits.done : exits.failed;
}

/** Needs neither Telnyx nor, with --url and --number, a config. */
export const send: Command = {
  name: "send",
  summary: "Send signed sample events to a daemon",
  about: `The key is an Ed25519 seed in base64, made where there is none; the daemon must have its
public key in telnyx.public_keys: --print-key prints it. It exits with 1 when anything was
answered other than 200.
Kinds: ${sampleKinds.slice(0, 8).join(", ")},
${sampleKinds.slice(8).join(", ")}`,
  options: {
    url: { value: "URL", about: "where to (default: the config's listen)" },
    key: { value: "FILE", about: "or env:NAME (default: telnyx-test.key, state folder)" },
    "print-key": { about: "print the key's public half and send nothing" },
    count: { value: "N", about: "how many (default: 100)" },
    rate: { value: "N", about: "per second (default: as fast as they are answered)" },
    connections: { value: "N", about: "at once (default: 8)" },
    number: { value: "NUMBER", many: true, about: "for whom (default: the config's)" },
    type: { value: "KIND", about: "of this kind only (default: mixed)" },
    duplicates: { value: "PERCENT", about: "how many are sent again (default: 0)" },
  },
  examples: [
    "aggregator send --print-key",
    "aggregator send",
    "aggregator send --count 1000 --rate 50 --duplicates 5",
    'aggregator send --url http://127.0.0.1:8080/webhooks/ingest --number "+18005559876"',
  ],
  run: sendSamples,
};
