/**
 * Sends one batch to one tenant: signs it, names what it is in the headers, and asks `exchange`
 * for the rest.
 */
import { randomUUID } from "node:crypto";
import type { Delivery, Send } from "../pipeline/deliver.ts";
import type { Signing } from "../signing.ts";
import type { Destination, TenantId } from "../tenant.ts";
import { type AgentsOptions, createAgents } from "./agents.ts";
import { exchange } from "./exchange.ts";

/** What the sender is given. */
export interface SenderOptions extends AgentsOptions {
  readonly signing: Signing;
  /** Program version, for `user-agent`. */
  readonly version: string;
}

/** Sends batches, and signed pings. */
export interface Sender extends Disposable {
  readonly send: Send;
  /** Sends an `aggregator.ping`, which has no events. */
  ping(tenant: TenantId, destination: Destination): ReturnType<typeof exchange>;
}

const ageSecondsOf = (at: number) => Math.max(0, Math.round((Date.now() - at) / 1_000));

function batchHeaders({ batch, attempt }: Delivery): Record<string, string | number> {
  const previous = batch.previousId === undefined
    ? {}
    : { "x-aggregator-previous-id": batch.previousId };
  return {
    "x-aggregator-attempt": attempt,
    "x-aggregator-count": batch.count,
    "x-aggregator-sequence": batch.sequence,
    ...previous,
    "x-aggregator-reason": batch.reason,
    "x-aggregator-age": ageSecondsOf(batch.oldestAt),
  };
}

function pingBody(id: string, tenant: TenantId): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({
    type: "aggregator.ping",
    version: 1,
    id,
    tenant,
    timestamp: new Date().toISOString(),
    count: 0,
    events: [],
    routing: [],
  }));
}

/** Makes a sender. */
export function createSender(options: SenderOptions): Sender {
  const { signing, version } = options;
  const agents = createAgents(options);

  function post(
    tenant: TenantId,
    to: Destination,
    id: string,
    body: Uint8Array,
    headers: Readonly<Record<string, string | number>>,
  ) {
    const seconds = Math.floor(Date.now() / 1_000);
    return exchange({
      url: new URL(to.url),
      agent: agents.of(tenant, to),
      body,
      timeoutMs: to.timeoutMs,
      headers: {
        ...to.headers,
        "content-type": "application/json",
        "content-length": body.byteLength,
        "accept-encoding": "identity",
        "user-agent": `edge-webhook-aggregator/${version}`,
        "webhook-id": id,
        "webhook-timestamp": seconds,
        "webhook-signature": signing.sign(tenant, to.secrets, id, seconds, body),
        "x-aggregator-tenant": tenant,
        ...headers,
      },
    });
  }

  return {
    send: (delivery) => {
      const { tenant, destination, batch, bytes } = delivery;
      return post(tenant, destination, batch.id, bytes, batchHeaders(delivery));
    },
    ping: (tenant, destination) => {
      const id = `ping_${randomUUID()}`;
      return post(tenant, destination, id, pingBody(id, tenant), { "x-aggregator-count": 0 });
    },
    [Symbol.dispose]: () => agents[Symbol.dispose](),
  };
}
