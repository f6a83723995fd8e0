/**
 * One agent per tenant and URL: its kept connections are nobody else's, and are closed when its
 * destination or the addresses that are allowed change, because a connection that stands is never
 * checked again.
 */
import type { Agent } from "node:http";
import type { LookupFunction } from "node:net";
import type { AddressRule } from "../address.ts";
import type { Destination, TenantId } from "../tenant.ts";
import { closeIdle, connectMsMax } from "./exchange.ts";
import { createGuardedAgent } from "./guard.ts";
import { createLookup } from "./lookup.ts";

/** What agents are made with. */
export interface AgentsOptions {
  /** Which addresses may be connected to, as the config in force says. */
  readonly rule: () => AddressRule;
  readonly ownPorts: () => ReadonlySet<number>;
  /** Certificate authorities besides the runtime's own, in PEM. */
  readonly authorities?: readonly string[];
  /** Resolves names for all of them; absent: with one of their own. */
  readonly lookup?: LookupFunction;
}

/** What agents have to know of a destination. */
export type Reached = Pick<Destination, "url" | "failoverUrl" | "inFlight" | "timeoutMs">;

/** The agents of all tenants. Disposal ends what is under way, too. */
export interface Agents extends Disposable {
  /** For one of the URLs of a tenant's destination. */
  of(tenant: TenantId, to: Reached, url: string): Agent;
}

/** All of one tenant, which go together. */
interface Kept {
  readonly destination: string;
  readonly rule: AddressRule;
  readonly byUrl: Map<string, Agent>;
}

/** Tenants whose agents are kept at once; the longest unused goes first. */
const tenantsMax = 4_096;
/** Agents of one tenant: of its URL and of that which stands in for it. */
const urlsMax = 2;

const identityOf = ({ url, failoverUrl, inFlight, timeoutMs }: Reached) =>
  JSON.stringify([url, failoverUrl, inFlight, timeoutMs]);

/** What is under way may end; after it no connection is left. */
function retire(agent: Agent): void {
  agent.maxFreeSockets = 0;
  closeIdle(agent);
}

function retireAll({ byUrl }: Kept): void {
  for (const agent of byUrl.values()) retire(agent);
}

/** Retires and forgets the first of a map where there are too many. */
function bound<K, V>(map: Map<K, V>, most: number, end: (value: V) => void): void {
  const [oldest] = map;
  if (map.size <= most || oldest === undefined) return;
  end(oldest[1]);
  map.delete(oldest[0]);
}

/** Makes agents as they are asked for. */
export function createAgents(options: AgentsOptions): Agents {
  const names = createLookup();
  const { rule, ownPorts, authorities = [], lookup = names.lookup } = options;
  const tenants = new Map<TenantId, Kept>();

  function keptOf(tenant: TenantId, to: Reached): Kept {
    const inForce = rule();
    const destination = identityOf(to);
    const known = tenants.get(tenant);
    const isSame = known?.destination === destination && known.rule === inForce;
    if (known !== undefined && !isSame) retireAll(known);
    const kept = isSame ? known : { destination, rule: inForce, byUrl: new Map() };
    tenants.delete(tenant);
    tenants.set(tenant, kept);
    bound(tenants, tenantsMax, retireAll);
    return kept;
  }

  return {
    of(tenant, to, url) {
      const { byUrl, rule: inForce } = keptOf(tenant, to);
      const known = byUrl.get(url);
      if (known !== undefined) return known;
      const agent = createGuardedAgent(new URL(url).protocol, {
        rule: inForce,
        ownPorts,
        connectMsMax: Math.min(to.timeoutMs, connectMsMax),
        // One more than batches: a ping must not wait for a delivery that hangs.
        socketsMax: to.inFlight + 1,
        authorities,
        lookup,
      });
      byUrl.set(url, agent);
      bound(byUrl, urlsMax, retire);
      return agent;
    },
    [Symbol.dispose]() {
      names[Symbol.dispose]();
      for (const { byUrl } of tenants.values()) {
        for (const agent of byUrl.values()) agent.destroy();
      }
      tenants.clear();
    },
  };
}
