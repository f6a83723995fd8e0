/**
 * Sends one batch to one tenant: signs it, names what it is in the headers, compresses it where
 * that is wanted, and asks `exchange` for the rest.
 *
 *     bytes ─┬─▶ signature (over what the tenant reads)
 *            └─▶ gzip ─▶ body (what is on the wire)
 *
 * What comes back may echo what was sent: what only the tenant may know is taken out.
 */
import { Buffer } from "node:buffer";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { layouts } from "../batch/layouts.ts";
import type { Send } from "../pipeline/attempt.ts";
import { ownId, ownRule, type Signing, type SigningRule } from "../signing.ts";
import type { Destination, TenantId } from "../tenant.ts";
import { type AgentsOptions, createAgents, type Reached } from "./agents.ts";
import { concealed } from "./concealing.ts";
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
  /** Sends JSON, such as an alarm, signed with our own keys. */
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
  ...ownRule,
});

const compressed = promisify(gzip);

/** What only the tenant may know of what it is sent; paths and queries may carry secrets too. */
function secretsOf(signing: Signing, { tenant, to, url }: Posting): readonly string[] {
  const { pathname, searchParams } = new URL(url);
  const { secret, previous } = signing.keysOf(tenant, to.secretVersion);
  return [
    ...Object.values(to.headers),
    pathname,
    ...searchParams.values(),
    ...to.secrets.map((own) => `whsec_${Buffer.from(own).toString("base64")}`),
    secret,
    ...previous === undefined ? [] : [previous.secret],
  ];
}

/** Makes a sender. */
export function createSender(options: SenderOptions): Sender {
  const { signing, version } = options;
  const agents = createAgents(options);

  async function request({ tenant, to, url, id, body, headers }: Posting): Exchanged {
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

  async function post(posting: Posting): Exchanged {
    const { text, ...answered } = await request(posting);
    if (text === undefined) return answered;
    return { ...answered, text: concealed(text, secretsOf(signing, posting)) };
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
    post: (url, id, body) =>
      post({ tenant: ownId, to: ownDestination(url), url, id, body, headers: json }),
    [Symbol.dispose]: () => agents[Symbol.dispose](),
  };
}
