/**
 * Sends one batch to one tenant: signs it, names what it is in the headers, compresses it where
 * that is wanted, and asks `exchange` for the rest.
 *
 *     bytes ─┬─▶ signature (over what the tenant reads)
 *            └─▶ gzip ─▶ body (what is on the wire)
 */
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { layouts } from "../batch/layouts.ts";
import type { Send } from "../pipeline/attempt.ts";
import type { Signing, SigningRule } from "../signing.ts";
import type { Destination, TenantId } from "../tenant.ts";
import { type AgentsOptions, createAgents, type Reached } from "./agents.ts";
import { exchange } from "./exchange.ts";
import { batchHeaders, type Headers } from "./headers.ts";
import { pingOf, type PingType } from "./ping.ts";

/** What the sender is given. */
export interface SenderOptions extends AgentsOptions {
  readonly signing: Signing;
  /** Program version, for `user-agent`. */
  readonly version: string;
}

type Exchanged = ReturnType<typeof exchange>;

/** Sends batches, signed pings, and what the aggregator itself has to say. */
export interface Sender extends Disposable {
  readonly send: Send;
  /** Sends a payload without events to one of the tenant's URLs, by default its first. */
  ping(tenant: TenantId, destination: Destination, url?: string, type?: PingType): Exchanged;
  /** Sends JSON, such as an alarm, signed with the keys of the reserved id `aggregator`. */
  post(url: string, id: string, body: Uint8Array): Exchanged;
}

/** How one payload goes to one of a tenant's URLs. */
interface Posting {
  readonly tenant: TenantId;
  readonly to: Reached & SigningRule & Pick<Destination, "headers" | "gzip">;
  readonly url: string;
  readonly id: string;
  readonly body: Uint8Array;
  readonly headers: Headers;
}

const json = { "content-type": "application/json" };
/** A ping is a payload without events. */
const pingHeaders = { ...json, "x-aggregator-count": 0 };

/** Where the aggregator's own messages go. */
const ownDestination = (url: string) => ({
  url,
  headers: {},
  timeoutMs: 15_000,
  inFlight: 1,
  gzip: false,
  secrets: [],
  secretVersion: 1,
});

const compressed = promisify(gzip);

/** Makes a sender. */
export function createSender(options: SenderOptions): Sender {
  const { signing, version } = options;
  const agents = createAgents(options);

  async function post({ tenant, to, url, id, body, headers }: Posting): Exchanged {
    const sent = to.gzip ? await compressed(body) : body;
    const seconds = Math.floor(Date.now() / 1_000);
    return exchange({
      url: new URL(url),
      agent: agents.of(tenant, to, url),
      body: sent,
      timeoutMs: to.timeoutMs,
      headers: {
        ...to.headers,
        ...(to.gzip ? { "content-encoding": "gzip" } : {}),
        "content-length": sent.byteLength,
        "accept-encoding": "identity",
        "user-agent": `edge-webhook-aggregator/${version}`,
        "webhook-id": id,
        "webhook-timestamp": seconds,
        "webhook-signature": signing.sign(tenant, to, id, seconds, body),
        "x-aggregator-tenant": tenant,
        ...headers,
      },
    });
  }

  return {
    send: (delivery) => {
      const { tenant, destination: to, url, batch, bytes } = delivery;
      const { contentType } = layouts[batch.layout];
      const headers = { "content-type": contentType, ...batchHeaders(delivery) };
      return post({ tenant, to, url, id: batch.id, body: bytes, headers });
    },
    ping: (tenant, to, url = to.url, type = "aggregator.ping") =>
      post({ tenant, to, url, ...pingOf(type, tenant), headers: pingHeaders }),
    post: (url, id, body) => {
      const tenant = "aggregator";
      return post({ tenant, to: ownDestination(url), url, id, body, headers: json });
    },
    [Symbol.dispose]: () => agents[Symbol.dispose](),
  };
}
