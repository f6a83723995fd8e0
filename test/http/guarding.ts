/** Requests through a guarded agent, and names that resolve as a test says. */
import type { LookupFunction } from "node:net";
import { createAddressRule } from "../../src/address.ts";
import { exchange } from "../../src/http/exchange.ts";
import { createGuardedAgent } from "../../src/http/guard.ts";
import type { Answered } from "../../src/pipeline/verdict.ts";
import { certificate } from "../support/certificate.ts";
import type { TenantBackend } from "../support/tenant.ts";

/** What is allowed, trusted and our own, for one request. */
export interface Way {
  readonly allow?: readonly string[];
  readonly authorities?: readonly string[];
  readonly ownPorts?: readonly number[];
  readonly lookup?: LookupFunction;
}

/** The loopback networks, which the guard refuses unless they are allowed. */
export const loopback = ["127.0.0.0/8", "::1/128"];

/** One POST through a guarded agent of its own. */
export async function post(url: string, way: Way = {}): Promise<Answered> {
  const { allow = loopback, authorities = [certificate.authority], ownPorts = [], lookup } = way;
  const to = new URL(url);
  const agent = createGuardedAgent(to.protocol, {
    rule: createAddressRule(allow),
    ownPorts: () => new Set(ownPorts),
    connectMsMax: 5_000,
    socketsMax: 1,
    authorities,
    ...(lookup === undefined ? {} : { lookup }),
  });
  const body = new TextEncoder().encode("{}");
  const headers = { "content-length": body.byteLength };
  const { tookMs: _, ...answered } = await exchange({
    url: to,
    agent,
    headers,
    body,
    timeoutMs: 5_000,
  });
  agent.destroy();
  return answered;
}

/** A backend's URL with another host. */
export const at = ({ url, port }: TenantBackend, host: string) =>
  `${new URL(url).protocol}//${host}:${port}/`;

/** Resolves every name to these addresses: to the first list at first, then to the next. */
export function answering(...answers: readonly (readonly string[])[]) {
  let calls = 0;
  const lookup: LookupFunction = (_host, _options, done) => {
    const addresses = answers[Math.min(calls++, answers.length - 1)] ?? [];
    const all = addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
    // At once would be too early for Deno.
    setTimeout(() => done(null, all), 0);
  };
  return { lookup, calls: () => calls };
}
