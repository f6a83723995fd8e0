/**
 * One agent per tenant: its kept connections are nobody else's, and are closed when its
 * destination or the addresses that are allowed change, because a connection that stands is never
 * checked again.
 */
import type { Agent } from "node:http";
import type { AddressRule } from "../address.ts";
import type { Destination, TenantId } from "../tenant.ts";
import { closeIdle } from "./exchange.ts";
import { createGuardedAgent } from "./guard.ts";

/** What agents are made with. */
export interface AgentsOptions {
  /** Which addresses may be connected to, as the config in force says. */
  readonly rule: () => AddressRule;
  readonly ownPorts: () => ReadonlySet<number>;
  /** Certificate authorities besides the runtime's own, in PEM. */
  readonly authorities?: readonly string[];
}

/** The agents of all tenants. Disposal ends what is under way, too. */
export interface Agents extends Disposable {
  of(tenant: TenantId, to: Destination): Agent;
}

interface Kept {
  readonly agent: Agent;
  readonly destination: string;
  readonly rule: AddressRule;
}

/** Agents kept at once; the longest unused goes first. */
const agentsMax = 4_096;

/** What is under way may end; after it no connection is left. */
function retire(agent: Agent): void {
  agent.maxFreeSockets = 0;
  closeIdle(agent);
}

/** Makes agents as they are asked for. */
export function createAgents({ rule, ownPorts, authorities = [] }: AgentsOptions): Agents {
  const agents = new Map<TenantId, Kept>();

  function keep(tenant: TenantId, kept: Kept): void {
    agents.set(tenant, kept);
    const [oldest] = agents;
    if (agents.size <= agentsMax || oldest === undefined) return;
    retire(oldest[1].agent);
    agents.delete(oldest[0]);
  }

  return {
    of(tenant, to) {
      const inForce = rule();
      const destination = `${to.url} ${to.inFlight} ${to.timeoutMs}`;
      const known = agents.get(tenant);
      agents.delete(tenant);
      if (known !== undefined && known.destination === destination && known.rule === inForce) {
        agents.set(tenant, known);
        return known.agent;
      }
      if (known !== undefined) retire(known.agent);
      const agent = createGuardedAgent(new URL(to.url).protocol, {
        rule: inForce,
        ownPorts,
        connectMsMax: to.timeoutMs,
        // One more than batches: a ping must not wait for a delivery that hangs.
        socketsMax: to.inFlight + 1,
        authorities,
      });
      keep(tenant, { agent, destination, rule: inForce });
      return agent;
    },
    [Symbol.dispose]() {
      for (const { agent } of agents.values()) agent.destroy();
      agents.clear();
    },
  };
}
