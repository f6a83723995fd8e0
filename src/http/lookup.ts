/**
 * What names resolve to, without a thread. The system's own lookup blocks one of the few threads
 * there are until it is done, and cannot be cancelled: a handful of names whose name server is
 * silent would stop everybody else's. So the DNS is asked directly, and the system only about
 * names of which the DNS knows nothing: its hosts file and search domains may.
 *
 *     name ─┬─▶ localhost ─────────────────────────────────▶ loopback
 *           └─▶ A and AAAA, both at once ─▶ no such name? ─▶ the system, one name at a time
 *
 * A name is asked for once at a time, by whoever wants it; nothing is kept of the answer.
 */
import type { LookupAddress } from "node:dns";
import { lookup as systemLookup, Resolver } from "node:dns/promises";
import type { LookupFunction } from "node:net";
import { setImmediate } from "node:timers";
import PQueue from "p-queue";
import { systemCodeOf } from "../errors.ts";

/** The addresses of a name, at least one. */
export type Addresses = readonly LookupAddress[];

/** Whom to ask; absent: as the system is set up. */
export interface LookupOptions {
  /** Name servers, `address:port`. */
  readonly servers?: readonly string[] | undefined;
  /** The first try's time, in ms; there is a second one, of up to twice as long. */
  readonly tryMs?: number;
  /** Asked about names that the DNS does not know. */
  readonly system?: (name: string) => Promise<Addresses>;
}

/** Resolves names. Disposal ends the questions that are open: they reject. */
export interface Lookup extends Disposable {
  /** For `net.connect`; calls back later, even where the answer is known. */
  readonly lookup: LookupFunction;
  /** Rejects with an error with a `code`: `ETIMEOUT` where the DNS is silent. */
  addressesOf(name: string): Promise<Addresses>;
}

const tries = 2;
/** Once one family has answered, so long is waited for the other: for the busiest of processes. */
const graceMs = 250;
/** Names asked for at once: four times the deliveries that there are by default. */
const namesMax = 4_096;
/** Names that wait for the system's lookup; to those beyond, the DNS's answer stands. */
const systemWaitingMax = 64;

const loopback: Addresses = [
  { address: "127.0.0.1", family: 4 },
  { address: "::1", family: 6 },
];

/** RFC 6761, 6.3: they never go to the DNS. */
const isLocal = (name: string) => /(^|\.)localhost\.?$/i.test(name);

/** No such name, or no name server at all, as where there is but a hosts file. */
const isUnknown = (error: unknown) =>
  ["ENOTFOUND", "ENODATA", "ECONNREFUSED"].includes(systemCodeOf(error) ?? "");

const failure = (code: string, message: string) => Object.assign(new Error(message), { code });

const askSystem = (name: string) => systemLookup(name, { all: true });

/** Both families' addresses, or those of the one that answers. */
async function resolve(resolver: Resolver, name: string): Promise<Addresses> {
  const of = (family: number) => (found: readonly string[]) => {
    if (found.length === 0) throw failure("ENODATA", "The name has no address");
    return found.map((address) => ({ address, family }));
  };
  const asked = [resolver.resolve4(name).then(of(4)), resolver.resolve6(name).then(of(6))];
  try {
    await Promise.any(asked);
  } catch (error) {
    const errors: unknown[] = error instanceof AggregateError ? error.errors : [error];
    throw errors.find((one) => !isUnknown(one)) ?? errors[0];
  }
  const { promise: late, resolve: end } = Promise.withResolvers<Addresses>();
  const timer = setTimeout(() => end([]), graceMs);
  const answers = asked.map((one) => Promise.race([one.catch(() => []), late]));
  const found = await Promise.all(answers);
  clearTimeout(timer);
  return found.flat();
}

/** What of it `net.connect` asked for. */
function wanted(found: Addresses, family: number | string | undefined): Addresses {
  if (!family) return found;
  return found.filter((one) => String(family).endsWith(String(one.family)));
}

/** The same as a function for `net.connect`. */
function forConnect(addressesOf: Lookup["addressesOf"]): LookupFunction {
  return (name, { all, family }, done) => {
    async function find() {
      const found = wanted(await addressesOf(name), family);
      const [first] = found;
      if (first === undefined) throw failure("ENOTFOUND", "The name has no such address");
      return () => all ? done(null, [...found]) : done(null, first.address, first.family);
    }
    // In a turn of its own: at once is too early for Deno, and what `done` throws is not ours.
    find().catch((error) => () => done(error, [])).then((tell) => setImmediate(tell));
  };
}

/** Makes one, to be shared by all who resolve. */
export function createLookup(options: LookupOptions = {}): Lookup {
  const { servers, tryMs = 2_000, system = askSystem } = options;
  const asking = new Map<string, Promise<Addresses>>();
  const resolvers = new Set<Resolver>();
  const turns = new PQueue({ concurrency: 1 });
  const closed = new AbortController();

  /** With a resolver of its own: a shared one is impatient where others answered fast. */
  async function askDns(name: string): Promise<Addresses> {
    const resolver = new Resolver({ timeout: tryMs, tries });
    if (servers !== undefined) resolver.setServers(servers);
    resolvers.add(resolver);
    try {
      return await resolve(resolver, name);
    } finally {
      resolver.cancel();
      resolvers.delete(resolver);
    }
  }

  async function ask(name: string): Promise<Addresses> {
    try {
      return await askDns(name);
    } catch (error) {
      if (!isUnknown(error) || turns.size >= systemWaitingMax) throw error;
      return await turns.add(() => system(name), { signal: closed.signal });
    }
  }

  async function addressesOf(name: string): Promise<Addresses> {
    if (isLocal(name)) return loopback;
    const known = asking.get(name);
    if (known !== undefined) return known;
    if (closed.signal.aborted) throw failure("ECANCELLED", "The lookup was closed");
    if (asking.size >= namesMax) throw failure("EAI_AGAIN", "Too many names are asked for at once");
    const asked = ask(name).finally(() => asking.delete(name));
    asking.set(name, asked);
    return asked;
  }

  return {
    lookup: forConnect(addressesOf),
    addressesOf,
    [Symbol.dispose]() {
      closed.abort(failure("ECANCELLED", "The lookup was closed"));
      for (const resolver of resolvers) resolver.cancel();
    },
  };
}
