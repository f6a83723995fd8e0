/**
 * Adopting a config: the engine is told the rules and who owns what, and asked again about what
 * was nobody's.
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
import type { EventRef } from "../event.ts";
import type { Held } from "../held.ts";
import type { Ownership } from "../ownership/claims.ts";
import { read } from "../ownership/reading.ts";
import { rulesOf } from "../ownership/rules.ts";
import type { State } from "../telemetry.ts";
import { channels, type Tenant, type TenantId } from "../tenant.ts";

/** Keys, and events, read at once. */
const keysMax = 500;
const eventsMax = 100;
/** Numbers and ids told at once. */
const belongingsMax = 2_000;
/** Tenants compared without letting anything else run. */
const tenantsMax = 200;

/** What adopting is given. */
export interface AdoptOptions {
  readonly engine: Engine;
  readonly config: () => Config;
  readonly ownership: () => Ownership;
  readonly state: State;
  readonly signal: AbortSignal;
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
