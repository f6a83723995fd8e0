/**
 * The tenants that hang, in a thread of their own: what they cost must not be taken for what the
 * daemon does. One server for all of them.
 *
 *     in: true to hang, false to recover    out: its address, then the ids of what it accepts
 */
import { parentPort } from "node:worker_threads";
import { batchIn, openTenant } from "../support/tenant.ts";

const tenant = await openTenant();
let hangs = false;
parentPort?.on("message", (next: boolean) => hangs = next);
tenant.behave((received) => {
  if (hangs) return undefined;
  parentPort?.postMessage(batchIn(received).routing.map(({ id }) => id));
  return 200;
});
parentPort?.postMessage(tenant.url);
