/**
 * assign: tells the engine the rules in force, and asks it again about what was nobody's whenever
 * they change. Once a second it lets the engine decide what has waited for its call long enough.
 *
 *     another config ─▶ rules ─▶ who owns what ─▶ held events that name it ─▶ asked again
 *
 * Held events are found by what they name: of a million only those are read whose number, profile
 * or id somebody owns now.
 */
import { hash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import type { Config } from "../config.ts";
import { belongingsOf } from "../directory.ts";
import type { Belongings, Engine } from "../engine.ts";
import { rulesOf } from "../ownership/rules.ts";
import type { EventRef } from "../event.ts";
import type { Held } from "../held.ts";
import { signal as createSignal } from "../flow/signal.ts";
import { firstOf, sleep } from "../flow/sleep.ts";
import type { State } from "../telemetry.ts";
import { channels, type Tenant, type TenantId } from "../tenant.ts";
import type { Ownership } from "../ownership/claims.ts";
import { read } from "../ownership/reading.ts";

const tendMs = 1_000;
/** Nothing is given up or forgotten so soon after a start, or a step of the clock. */
const quietMs = 10 * 60_000;
/** What could not be delivered to us comes again within so long: Telnyx retries for a minute. */
const returnMs = 60_000;
/** The clock moved by so much more or less than time has passed. */
const stepMs = 60_000;
/** Keys, and events, read at once. */
const keysMax = 500;
const eventsMax = 100;
/** Numbers and ids told at once. */
const belongingsMax = 2_000;
/** Tenants compared without letting anything else run. */
const tenantsMax = 200;

/** What assign is given. */
export interface AssignOptions {
  readonly engine: Engine;
  readonly config: () => Config;
  readonly ownership: () => Ownership;
  readonly reconfigured: (signal: AbortSignal) => Promise<void>;
  readonly state: State;
  readonly signal: AbortSignal;
}

/** What adopting takes of it. */
export type AdoptOptions = Omit<AssignOptions, "reconfigured">;

/** The running stage. */
export interface Assigning {
  /** Something was held under an older config: it is asked about again. */
  again(): void;
  /** Rejects where the engine fails for good. */
  readonly ended: Promise<unknown>;
}

/** The count stands first: what is large is told alone. */
function belongingsIn(tenant: Tenant): Belongings {
  const keys = belongingsOf(tenant);
  const on = channels.filter((channel) => tenant.channels.has(channel));
  if (keys.length === 0) return nothingOf(tenant.id);
  const digest = `${keys.length} ${hash("sha256", JSON.stringify([on, keys]))}`;
  return { tenant: tenant.id, channels: on, keys, digest };
}

const nothingOf = (tenant: TenantId): Belongings => ({
  tenant,
  channels: [],
  keys: [],
  digest: "",
});

/** What has changed since the engine was last told. */
async function* changesOf(
  { tenants }: Config,
  told: ReadonlyMap<TenantId, string>,
): AsyncGenerator<Belongings, void, undefined> {
  for (const [index, tenant] of [...tenants.values()].entries()) {
    if (index % tenantsMax === 0) await setImmediate();
    const belongings = belongingsIn(tenant);
    if (belongings.digest !== (told.get(tenant.id) ?? "")) yield belongings;
  }
  for (const id of told.keys()) if (!tenants.has(id)) yield nothingOf(id);
}

/** Tells the engine who owns what, many small tenants at once. */
async function tellBelongings(engine: Engine, config: Config, signal: AbortSignal): Promise<void> {
  const told = await engine.belongings();
  let group: Belongings[] = [];
  let weight = 0;
  for await (const changed of changesOf(config, told)) {
    if (signal.aborted) return;
    const keys = Math.max(changed.keys.length, Number.parseInt(told.get(changed.tenant) ?? "0"));
    if (keys > belongingsMax) await engine.belong([changed]);
    else group.push(changed);
    weight += keys;
    if (weight < belongingsMax) continue;
    await engine.belong(group);
    [group, weight] = [[], 0];
  }
  await engine.belong(group);
}

const form = "application/x-www-form-urlencoded";

function claimOf({ ref, event, raw, form: isForm, path, signer }: Held, ownership: Ownership) {
  const found = read({
    body: raw,
    contentType: isForm ? form : "application/json",
    path,
    receivedAt: event.receivedAt,
    ...(signer === undefined ? {} : { signer }),
  }, ownership);
  return { ref, evidence: found?.claims.evidence ?? {} };
}

/** Whether the config may say something new of what names this. */
function isOwned(key: string, { tenants, directory }: Config): boolean {
  const [, path] = /^path:\/webhooks\/@(.*)$/s.exec(key) ?? [];
  const [, account] = /^account:(.*)$/s.exec(key) ?? [];
  return directory.owns(key) || tenants.has(path ?? account ?? "");
}

/** Every key that is wanted, in pages. */
async function* wantedKeys(engine: Engine): AsyncGenerator<readonly string[], void, undefined> {
  for (let after = "", more = true; more;) {
    const page = await engine.wanted(after, keysMax);
    yield page.map(({ key }) => key);
    after = page.at(-1)?.key ?? after;
    more = page.length === keysMax;
  }
}

/** Asks about these, in the order of their arrival; says how many were released. */
async function reclaim(
  refs: readonly EventRef[],
  current: Config,
  { engine, config, ownership, signal }: AdoptOptions,
): Promise<number> {
  let released = 0;
  const under = ownership();
  const isOver = () => signal.aborted || config() !== current;
  for (let start = 0; start < refs.length && !isOver(); start += eventsMax) {
    const held = await engine.held(refs.slice(start, start + eventsMax));
    if (!isOver()) released += await engine.reclaim(held.map((one) => claimOf(one, under)));
  }
  return released;
}

/** Everything held that names what somebody owns now, in the order of its arrival. */
async function concerned(
  current: Config,
  { engine, config, signal }: AdoptOptions,
): Promise<readonly EventRef[]> {
  const refs = new Set<EventRef>();
  for await (const keys of wantedKeys(engine)) {
    if (signal.aborted || config() !== current) return [];
    const owned = keys.filter((key) => isOwned(key, current));
    if (owned.length > 0) { for (const ref of await engine.naming(owned)) refs.add(ref); }
  }
  return [...refs].sort((one, other) => one - other);
}

/** Tells the engine this config, and asks about what is held; gives way to a newer one. */
export async function adopt(
  current: Config,
  options: AdoptOptions,
): Promise<void> {
  const { engine, signal, state } = options;
  await engine.configure(rulesOf(current));
  await tellBelongings(engine, current, signal);
  const released = await reclaim(await concerned(current, options), current, options);
  if (released > 0) state({ is: "events.released", count: released, by: "config" });
}

/** Repeats `work` until it succeeds: while the log cannot be written it is tried every second. */
async function insist(work: () => Promise<void>, { engine, signal }: AssignOptions): Promise<void> {
  while (!signal.aborted) {
    try {
      return await work();
    } catch (error) {
      if (engine.broken.aborted) throw error;
      await sleep(tendMs, signal);
    }
  }
}

async function keepAdopting(options: AssignOptions, asked: (stop: AbortSignal) => Promise<void>) {
  const { config, reconfigured, signal } = options;
  while (!signal.aborted) {
    const current = config();
    await insist(() => adopt(current, options), options);
    if (config() === current) await firstOf(signal, reconfigured, asked);
  }
}

/** Whether the clock was just set, and whether that or the start was a short while ago. */
function createQuiet() {
  let since = performance.now();
  let offset = Date.now() - since;
  return function look(): { readonly wasSet: boolean; readonly isQuiet: boolean } {
    const now = performance.now();
    const wasSet = Math.abs(Date.now() - now - offset) > stepMs;
    if (wasSet) since = now;
    offset = Date.now() - now;
    return { wasSet, isQuiet: now - since < quietMs };
  };
}

async function keepTending(options: AssignOptions): Promise<void> {
  const { engine, signal, state } = options;
  const look = createQuiet();
  const postpone = () => engine.postpone(Date.now() + returnMs);
  await insist(postpone, options);
  while (!signal.aborted) {
    await sleep(tendMs, signal);
    if (signal.aborted) return;
    await insist(async () => {
      const { wasSet, isQuiet } = look();
      if (wasSet) await postpone();
      for (let more = true; more && !signal.aborted;) {
        const tended = await engine.tend(Date.now(), !isQuiet);
        const { released, expired } = tended;
        if (released > 0) state({ is: "events.released", count: released, by: "call" });
        if (expired > 0) state({ is: "events.expired", count: expired });
        more = tended.more;
      }
    }, options);
  }
}

/** Starts the stage; its first word to the engine is the rules in force. */
export function startAssigning(options: AssignOptions): Assigning {
  const asked = createSignal();
  let pending = false;
  const whenAsked = async (stop: AbortSignal) => {
    while (!pending && !stop.aborted) await asked.next(stop);
    pending = false;
  };
  return {
    again() {
      pending = true;
      asked.raise();
    },
    ended: Promise.all([keepAdopting(options, whenAsked), keepTending(options)]),
  };
}
