/**
 * `check --live`: every endpoint of a config as the daemon would meet it, without a daemon.
 *
 *     name ─▶ addresses ─▶ certificate ─▶ signed, empty `telnyx.ping` ─▶ answer
 *
 * What goes wrong first is the verdict. Of a URL only the origin is told: the rest may be secret.
 */
import PQueue from "p-queue";
import { type AddressRule, createAddressRule } from "../../address.ts";
import type { Config } from "../../config.ts";
import { AggregatorError } from "../../errors.ts";
import type { GuardOptions } from "../../http/guard.ts";
import { createLookup, type Lookup } from "../../http/lookup.ts";
import { createSender, type Sender } from "../../http/send.ts";
import { findSeed } from "../../secrets.ts";
import { createSigning, type Signing } from "../../signing.ts";
import { readVersion } from "../../version.ts";
import { startOrName } from "../source.ts";
import { type Endpoint, endpointsOf } from "./endpoints.ts";
import { findAddresses, findCertificate, type Known, sendPing, type Step } from "./steps.ts";

/** What became of one endpoint. */
export interface Finding extends Known {
  readonly tenant: string;
  readonly field: Endpoint["field"];
  /** Its origin. */
  readonly endpoint: string;
  readonly ok: boolean;
  readonly verdict: string;
}

/** Everything that was found. */
export interface Findings {
  readonly findings: readonly Finding[];
  /** Why no ping was sent anywhere. */
  readonly unsigned?: string;
}

const endpointsAtOnce = 32;

/** What an endpoint is looked at with. */
interface Tools {
  readonly rule: AddressRule;
  readonly names: Lookup;
  readonly guard: GuardOptions;
  /** Absent where nothing can be signed. */
  readonly sender: Sender | undefined;
}

/** What is told of an endpoint that passed. */
function praise({ addresses = [] }: Known): string {
  const refused = addresses.flatMap((one) => one.refused === undefined ? [] : [one.address]);
  return refused.length === 0 ? "fine" : `fine, but ${refused.join(", ")} is never connected to`;
}

async function walk(endpoint: Endpoint, tools: Tools, signal: AbortSignal): Promise<Finding> {
  const { tenant, field, url, destination } = endpoint;
  const until = performance.now() + destination.timeoutMs;
  const leftMs = () => Math.max(1, Math.ceil(until - performance.now()));
  const timed = () => ({ ...tools.guard, connectMsMax: leftMs() });
  const steps: readonly (() => Promise<Step>)[] = [
    () => findAddresses(url, tools.rule, tools.names, signal),
    () => findCertificate(url, timed(), signal),
    () => sendPing(endpoint, tools.sender, timed()),
  ];
  const found = { tenant, field, endpoint: url.origin };
  let parts: Known = {};
  for (const step of steps) {
    const { failed, ...part } = await step();
    parts = { ...parts, ...part };
    if (failed !== undefined) return { ...found, ...parts, ok: false, verdict: failed };
  }
  return { ...found, ...parts, ok: true, verdict: praise(parts) };
}

/** One endpoint, all steps together within its tenant's timeout. Never rejects. */
async function examine(endpoint: Endpoint, tools: Tools): Promise<Finding> {
  const late = new AbortController();
  // A signal that times out by itself would keep Deno from ending.
  const timer = setTimeout(() => late.abort(), endpoint.destination.timeoutMs);
  try {
    return await walk(endpoint, tools, late.signal);
  } finally {
    clearTimeout(timer);
  }
}

/** The keys that the daemon signs with, or why there are none. */
function signingOf({ signingKey, stateFolder }: Config): Signing | { readonly unsigned: string } {
  try {
    const seed = signingKey ?? findSeed(stateFolder);
    if (seed !== undefined) return createSigning(seed);
    return { unsigned: `there is no signing.key in "${stateFolder}": ${startOrName}` };
  } catch (error) {
    if (error instanceof AggregatorError) return { unsigned: error.message };
    throw error;
  }
}

function ownPortsOf({ listen, admin }: Config): ReadonlySet<number> {
  return new Set([listen, ...admin.listen].flatMap((at) => at.kind === "tcp" ? [at.port] : []));
}

/**
 * Looks at all endpoints; `authorities` are trusted besides the runtime's own, and `servers` are
 * asked for names instead of the system's. Never rejects.
 */
export async function examineAll(
  config: Config,
  authorities: readonly string[] = [],
  servers?: readonly string[],
): Promise<Findings> {
  using names = createLookup({ servers });
  const rule = createAddressRule(config.allowPrivate);
  const ports = ownPortsOf(config);
  const shared = { ownPorts: () => ports, authorities, lookup: names.lookup };
  const signing = signingOf(config);
  const isSigning = !("unsigned" in signing);
  using sender = isSigning
    ? createSender({ ...shared, rule: () => rule, signing, version: readVersion() })
    : undefined;
  const guard = { ...shared, rule, connectMsMax: 1, socketsMax: 1 };
  const tools = { rule, names, sender, guard };
  const queue = new PQueue({ concurrency: endpointsAtOnce });
  const findings = await queue.addAll(
    endpointsOf(config).map((endpoint) => () => examine(endpoint, tools)),
  );
  return isSigning ? { findings } : { findings, unsigned: signing.unsigned };
}
