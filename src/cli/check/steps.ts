/**
 * What `check --live` does with one endpoint, step by step. A step never rejects: what goes wrong
 * is what it tells.
 */
import { isIP } from "node:net";
import type { AddressRule } from "../../address.ts";
import { messageOf, systemCodeOf } from "../../errors.ts";
import { type GuardOptions, handshake } from "../../http/guard.ts";
import type { Lookup } from "../../http/lookup.ts";
import type { Sender } from "../../http/send.ts";
import type { Endpoint } from "./endpoints.ts";

/** An address that a name resolves to. */
export interface FoundAddress {
  readonly address: string;
  /** Why it is never connected to. */
  readonly refused?: string;
}

/** What is known of an endpoint by the steps so far; what is absent was not reached. */
export interface Known {
  readonly addresses?: readonly FoundAddress[];
  readonly certificate?: { readonly name: string; readonly validUntil: string };
  readonly status?: number;
  /** Of the ping alone. */
  readonly tookMs?: number;
}

/** What a step adds, and why there is no next one. */
export type Step = Known & { readonly failed?: string };

const reasonOf = (error: unknown) => systemCodeOf(error) ?? messageOf(error);

/** The promise, or a rejection when `signal` aborts before; what is under way goes on. */
function within<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  signal.addEventListener("abort", () => reject(new Error("timeout")), { once: true });
  return Promise.race([work, promise]);
}

async function resolve({ hostname }: URL, names: Lookup): Promise<readonly string[]> {
  const host = hostname.replace(/^\[|\]$/g, "");
  if (isIP(host) > 0) return [host];
  return (await names.addressesOf(host)).map(({ address }) => address);
}

/** Resolves its name: at least one of its addresses must be one that may be connected to. */
export async function findAddresses(
  url: URL,
  rule: AddressRule,
  names: Lookup,
  signal: AbortSignal,
): Promise<Step> {
  try {
    const addresses = (await within(signal, resolve(url, names))).map((address) => {
      const refused = rule.refuses(address);
      return refused === undefined ? { address } : { address, refused };
    });
    if (addresses.some(({ refused }) => refused === undefined)) return { addresses };
    const [first] = addresses;
    return { addresses, failed: `${first?.address ?? "the name"} ${first?.refused ?? "is none"}` };
  } catch (error) {
    return { failed: `its name cannot be resolved: ${reasonOf(error)}` };
  }
}

/** An address was looked at before: what is blocked all the same is ours. */
function describe(what: string, why: string, { port }: URL, guard: GuardOptions): string {
  const isOurs = why === "ERR_IP_BLOCKED" && guard.ownPorts().has(Number(port));
  return isOurs ? "it is a listener of our own" : `${what}: ${why}`;
}

/** Shakes hands, where it is https. */
export async function findCertificate(
  url: URL,
  guard: GuardOptions,
  signal: AbortSignal,
): Promise<Step> {
  if (url.protocol !== "https:") return {};
  try {
    const { subject, subjectaltname, valid_to } = await handshake(url, guard, signal);
    const validUntil = new Date(valid_to).toISOString();
    return { certificate: { name: [subject.CN ?? subjectaltname ?? ""].join(), validUntil } };
  } catch (error) {
    const why = signal.aborted ? "timeout" : reasonOf(error);
    return { failed: describe("no secure connection", why, url, guard) };
  }
}

/** Sends a signed `telnyx.ping`, within the guard's time; absent a sender nothing is sent. */
export async function sendPing(
  { tenant, destination, url }: Endpoint,
  sender: Sender | undefined,
  guard: GuardOptions,
): Promise<Step> {
  if (sender === undefined) return { failed: "not pinged" };
  const to = { ...destination, timeoutMs: guard.connectMsMax };
  const { status, error, tookMs } = await sender.ping(tenant, to, url.href, "telnyx.ping");
  const part = { ...(status === undefined ? {} : { status }), tookMs: Math.round(tookMs) };
  if (status === undefined) {
    return { ...part, failed: describe("no answer", error ?? "unknown", url, guard) };
  }
  if (status >= 300 && status < 400) return { ...part, failed: "redirects are not followed" };
  return status >= 200 && status < 300 ? part : { ...part, failed: `it answers ${status}` };
}
