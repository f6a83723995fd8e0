/** `verify`: whether a batch that somebody received is really ours, and what is in it. */
import { gunzipSync } from "node:zlib";
import { usageError, variableIn } from "./arguments.ts";
import { type Command, exits, type Given } from "./command.ts";
import { readGiven, readText } from "./input.ts";
import { type Payload, payloadTold, readPayload, typesText } from "./payload.ts";
import { keyProblem, type Received, rightSignatures, type VerifyingKeys } from "./signed.ts";
import type { Terminal } from "./terminal.ts";
import { createPaint, spanText } from "./text.ts";

const bodyBytesMax = 256 * 1_024 * 1_024;
/** Libraries of Standard Webhooks refuse what is older or newer. */
const toleranceSeconds = 300;

/** A key as given, or from where `env:` and `file:` point, so that it need not be in a history. */
function resolveKey(text: string, terminal: Terminal): string {
  if (text.startsWith("file:")) return readText(text.slice("file:".length)).trim();
  return variableIn(text, terminal) ?? text;
}

function keysGiven(given: Given, terminal: Terminal): VerifyingKeys {
  const read = (option: string, kind: "secret" | "public key") =>
    given.texts(option).map((text) => {
      const key = resolveKey(text, terminal);
      const problem = keyProblem(key, kind);
      if (problem !== undefined) throw usageError(`Option "--${option}" ${problem}`);
      return key;
    });
  const keys = {
    secrets: read("secret", "secret"),
    publicKeys: read("public-key", "public key"),
  };
  if (keys.secrets.length + keys.publicKeys.length > 0) return keys;
  throw usageError(
    "A key is missing: --secret whsec_… or --public-key whpk_… (aggregator key TENANT)",
  );
}

/** Raw header lines, names in lower case. */
function headersIn(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split(/\r?\n/).flatMap((line) => {
      const [, name, value] = /^[<>\s]*([A-Za-z0-9-]+)\s*:\s*(.*?)\s*$/.exec(line) ?? [];
      return name === undefined || value === undefined ? [] : [[name.toLowerCase(), value]];
    }),
  );
}

/** The bytes that are signed: a body may have been saved as it was on its way. */
function unzipped(body: Uint8Array): Uint8Array {
  if (body[0] !== 0x1f || body[1] !== 0x8b) return body;
  try {
    return gunzipSync(body, { maxOutputLength: bodyBytesMax });
  } catch {
    throw usageError("The body is not whole: it begins as gzip, and cannot be unpacked");
  }
}

type Headers = ReadonlyMap<string, string>;

function headersGiven(given: Given): Headers {
  const file = given.text("headers");
  return file === undefined ? new Map() : headersIn(readText(file));
}

async function receivedGiven(given: Given, headers: Headers): Promise<Received> {
  const need = (option: string): string => {
    const value = given.text(option) ?? headers.get(`webhook-${option}`);
    if (value !== undefined && value !== "") return value;
    throw usageError(`webhook-${option} is missing: --${option} VALUE, or --headers FILE`);
  };
  const [id, timestamp, signature] = [need("id"), need("timestamp"), need("signature")];
  return {
    id,
    timestamp,
    signature,
    body: unzipped(await readGiven(given.operands[0] ?? "-", bodyBytesMax)),
  };
}

function ageText(seconds: number): string {
  if (Number.isNaN(seconds)) return "not a number of seconds";
  const age = `${spanText(Math.abs(seconds) * 1_000)} ${seconds < 0 ? "ahead of now" : "old"}`;
  const isFar = Math.abs(seconds) > toleranceSeconds;
  return isFar ? `${age} (libraries refuse more than ${toleranceSeconds / 60} minutes)` : age;
}

function payloadLines(payload: Payload | undefined, { id }: Received): readonly string[] {
  if (payload === undefined) return ["body       not an envelope of ours; --headers tells more"];
  const types = payload.types.length === 0 ? "" : `: ${typesText(payload.types)}`;
  return [
    `batch      ${payload.id}${payload.id === id ? "" : " (webhook-id is another)"}`,
    `tenant     ${payload.tenant}, sequence ${payload.sequence}, reason ${payload.reason}`,
    `events     ${payload.count}${types}`,
  ];
}

async function verifyBatch(given: Given, terminal: Terminal): Promise<number> {
  const keys = keysGiven(given, terminal);
  const headers = headersGiven(given);
  const received = await receivedGiven(given, headers);
  const right = rightSignatures(received, keys);
  const ageSeconds = /^[0-9]{1,12}$/.test(received.timestamp)
    ? Math.round(Date.now() / 1_000) - Number(received.timestamp)
    : Number.NaN;
  const payload = readPayload(received.body) ?? payloadTold(headers);
  const verified = right.length > 0;
  const code = verified ? exits.done : exits.failed;
  if (given.has("json")) {
    const { type, id, tenant, sequence, reason, count, types } = payload ?? {};
    const batch = { type, id, tenant, sequence, reason, count, types };
    terminal.json({ verified, signatures: right, age_seconds: ageSeconds, batch });
    return code;
  }
  const paint = createPaint(terminal.colours);
  terminal.print([
    verified
      ? `${paint("green", "✓ verified")} by ${right.join(" and ")}`
      : `${
        paint("red", "✗ not verified")
      }: none of the signatures is right for these keys and bytes`,
    `timestamp  ${ageText(ageSeconds)}`,
    ...payloadLines(payload, received),
  ].join("\n"));
  return code;
}

/** Works alone. */
export const verify: Command = {
  name: "verify",
  summary: "Verify a batch you received, and say what is in it",
  about: `The body must be the bytes as received, compressed or not; without FILE it is read from
standard input. Keys may be given as env:NAME or file:PATH. It exits with 1 when no signature
is right.`,
  takes: ["[FILE]"],
  options: {
    secret: { value: "whsec_…", many: true, about: "the tenant's secret" },
    "public-key": { value: "whpk_…", many: true, about: "the tenant's public key" },
    id: { value: "ID", about: "the header webhook-id" },
    timestamp: { value: "SECONDS", about: "the header webhook-timestamp" },
    signature: { value: "TEXT", about: "the header webhook-signature" },
    headers: { value: "FILE", about: "raw header lines to take the three from" },
  },
  examples: [
    "aggregator verify --secret env:SECRET --headers headers.txt body.json",
    "aggregator verify --public-key whpk_… --id bat_… --timestamp 1800000000 \\",
    "    --signature 'v1a,…' - < body.json",
  ],
  run: verifyBatch,
};
