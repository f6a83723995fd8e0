/** `key`: what a tenant needs to verify its batches; `key --new`: another seed for all of them. */
import type { Config } from "../config.ts";
import { AggregatorError } from "../errors.ts";
import { openEmbeddedEngine } from "../engine/embedded.ts";
import { findSeed, replaceSeed } from "../secrets.ts";
import { createSeed, createSigning, seedFingerprintOf } from "../signing.ts";
import { type KeysView, keysView } from "../signing/view.ts";
import type { Fields } from "../telnyx/fields.ts";
import { usageError } from "./arguments.ts";
import { askFor, findDaemon, isAbsent } from "./client.ts";
import { type Command, exits, type Given } from "./command.ts";
import { configGiven, configKnown, startOrName } from "./source.ts";
import type { Terminal } from "./terminal.ts";
import { printable, timeText } from "./text.ts";

/** What the daemon answers, and what stands in for it. */
type Keys = Omit<KeysView, "replaced">;

const shownIn = (answer: Fields, name: string) => {
  const value = answer[name];
  return typeof value === "string" ? printable(value) : null;
};

async function askKeys(tenant: string, given: Given, terminal: Terminal): Promise<Keys> {
  const client = await findDaemon(given, terminal);
  const answer = await askFor(client, "GET", `/key?tenant=${encodeURIComponent(tenant)}`);
  const current = {
    tenant,
    secret: shownIn(answer, "secret"),
    public_key: shownIn(answer, "public_key") ?? "",
  };
  const until = shownIn(answer, "previous_until");
  if (until === null) return current;
  return {
    ...current,
    previous_secret: shownIn(answer, "previous_secret"),
    previous_public_key: shownIn(answer, "previous_public_key") ?? "",
    previous_until: until,
  };
}

function seedOf({ signingKey, stateFolder }: Config): Uint8Array {
  const seed = signingKey ?? findSeed(stateFolder);
  if (seed !== undefined) return seed;
  throw new AggregatorError(
    "signing_key",
    `Cannot derive keys: there is no signing.key in "${stateFolder}": ${startOrName}`,
  );
}

/** As the daemon would derive them. */
function deriveKeys(tenant: string, config: Config): Keys {
  const found = keysView(config, tenant, createSigning(seedOf(config)));
  if (found === undefined) {
    const why = `There is no tenant "${printable(tenant)}" in ${config.path}`;
    throw new AggregatorError("admin", why);
  }
  const { replaced: _, ...keys } = found;
  return keys;
}

async function keysOf(tenant: string, given: Given, terminal: Terminal): Promise<Keys> {
  try {
    return await askKeys(tenant, given, terminal);
  } catch (error) {
    const isNamed = given.text("admin") ?? terminal.env["AGGREGATOR_ADMIN"];
    if (isNamed || !isAbsent(error)) throw error;
    const { config, problems } = await configKnown(given, terminal);
    // From half a config they could be the wrong ones; the error tells the problems.
    if (problems.length > 0) throw error;
    return deriveKeys(tenant, config);
  }
}

function keysText(keys: Keys, utc: boolean): string {
  const replaced = "replaced by `secrets` of the config, and not shown";
  const pair = (secret: string | null | undefined, publicKey: string) =>
    `secret      ${secret ?? replaced}\npublic key  ${publicKey}`;
  const current = pair(keys.secret, keys.public_key);
  const { previous_secret, previous_public_key, previous_until } = keys;
  if (previous_public_key === undefined || previous_until === undefined) return current;
  const until = timeText(Date.parse(previous_until), utc);
  return `${current}\n\nThose of before sign as well, until ${until}:\n` +
    pair(previous_secret, previous_public_key);
}

async function printKeys(tenant: string, given: Given, terminal: Terminal): Promise<number> {
  const keys = await keysOf(tenant, given, terminal);
  if (given.has("json")) terminal.json(keys);
  else terminal.print(keysText(keys, given.has("utc")));
  return exits.done;
}

const meaning = `Every tenant has a new secret and a new public key from now on.
  - Give each its own: aggregator key TENANT
  - Receivers that know only the old ones refuse what comes; it is tried again until
    delivery.retry.for is over, so hand the new ones out before that.
  - A tenant with \`secrets\` in the config keeps them; only its public key is another.`;

async function renew(given: Given, terminal: Terminal): Promise<number> {
  const { signingKey, stateFolder, store } = await configGiven(given, terminal);
  const seed = signingKey ?? createSeed();
  // Holding the store first: a seed that is in use is never replaced under a daemon.
  await using _store = await openEmbeddedEngine({
    path: store.path,
    signingFingerprint: seedFingerprintOf(seed),
    adoptSigningKey: true,
  });
  if (signingKey === undefined) replaceSeed(stateFolder, seed);
  const from = signingKey === undefined ? "made" : "taken from signing.key of the config";
  if (given.has("json")) terminal.json({ renewed: true, seed: from });
  else terminal.print(`The seed of the signing keys is new: ${from}.\n${meaning}`);
  return exits.done;
}

async function runKey(given: Given, terminal: Terminal): Promise<number> {
  const [tenant] = given.operands;
  const wantsNew = given.has("new");
  if (wantsNew && tenant !== undefined) {
    throw usageError(
      "Every tenant's keys come from one seed: aggregator key --new takes no tenant",
    );
  }
  if (wantsNew) return renew(given, terminal);
  if (tenant === undefined) throw usageError("TENANT is missing: aggregator key TENANT");
  return printKeys(tenant, given, terminal);
}

/** Asks the daemon, or derives them where none runs. */
export const key: Command = {
  name: "key",
  summary: "Print a tenant's verifying keys; --new makes other ones for all",
  about: `The secret (whsec_) is for v1 signatures, the public key (whpk_) for v1a. They come
from a seed that the daemon makes at its first start and keeps in the state folder; while it
is stopped they are derived from there. After \`secret_version\` was raised those of before
sign as well for 24 hours, and the running daemon tells both. Alarms are signed with the
keys of \`aggregator\`, copies of what is nobody's with those of \`unassigned\`. --new
replaces the seed; the daemon must be stopped.`,
  takes: ["[TENANT]"],
  options: { new: { about: "make a new seed: every tenant gets new keys" } },
  examples: [
    "aggregator key acme",
    "aggregator key acme --json",
    "aggregator key aggregator",
    "aggregator key --new",
  ],
  run: runKey,
};
