/** A payload without events, to see whether an endpoint takes what is signed for it. */
import { randomUUID } from "node:crypto";
import type { TenantId } from "../tenant.ts";

/** An operator's own, or that of `check --live`. */
export type PingType = "aggregator.ping" | "telnyx.ping";

/** A ping that is not signed yet. */
export interface Ping {
  readonly id: string;
  readonly body: Uint8Array;
}

/** Makes one. */
export function pingOf(type: PingType, tenant: TenantId): Ping {
  const id = `ping_${randomUUID()}`;
  const timestamp = new Date().toISOString();
  const text = { type, version: 1, id, tenant, timestamp, count: 0, events: [], routing: [] };
  return { id, body: new TextEncoder().encode(JSON.stringify(text)) };
}
