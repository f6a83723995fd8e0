/** The pipeline over an engine, for signed webhooks and a backend that is a function. */
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import type { Config } from "../../src/config.ts";
import { buildDirectory } from "../../src/directory.ts";
import type { Engine } from "../../src/engine.ts";
import { signal as createSignal } from "../../src/flow/signal.ts";
import type { Delivery } from "../../src/pipeline/attempt.ts";
import { createSkewWatch } from "../../src/pipeline/skew.ts";
import type { Answered } from "../../src/pipeline/verdict.ts";
import { startPipeline } from "../../src/pipeline.ts";
import { publicKeyOf } from "../../src/telnyx/signature.ts";
import { createSigner } from "../../src/telnyx/signer.ts";
import type { Tenant } from "../../src/tenant.ts";
import { configWith } from "../http/shared.ts";
import { ask, collectFacts, eventOf, idsIn, number, tenantOf, windowRule } from "./shared.ts";

const seed = randomBytes(32);
const signer = createSigner(seed);
/** A number of acme's. */
export const alice = "+18005550100";
/** A number of beta's. */
export const bob = "+18005550200";

function configOf(...tenants: readonly Tenant[]): Config {
  return {
    ...configWith({ inboxMax: 64 }),
    telnyx: { publicKeys: [publicKeyOf(seed)], maxSkewSeconds: 300 },
    tenants: new Map(tenants.map((tenant) => [tenant.id, tenant])),
    directory: buildDirectory(tenants),
  };
}

const quick = { ...windowRule, maxWaitMs: 1, eventsMax: 10, bytesMax: 65_536 };
/** A tenant whose windows close at once. */
export const acme = tenantOf("acme", { numbers: [number(alice)], window: quick });
/** Another one. */
export const beta = tenantOf("beta", { numbers: [number(bob)], window: quick });

/** A signed webhook to this number. */
export function webhook(to: string, id: string) {
  const payload = { direction: "incoming", from: "+14155550199", to };
  const body = new TextEncoder().encode(JSON.stringify(eventOf("call.initiated", payload, id)));
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const signature = Buffer.from(signer(timestamp, body), "base64");
  const proof = { timestamp, seconds: Number(timestamp), signature };
  return ask("", { body, proof, receivedAt: Date.now() });
}

/** The stages over an engine, with a backend that accepts everything until it is told otherwise. */
export function start(engine: Engine, ...tenants: readonly Tenant[]) {
  const { facts, state } = collectFacts();
  const changed = createSignal();
  const sent: Delivery[] = [];
  let current = configOf(...tenants);
  let backend = (_: Delivery): Answered => ({ status: 200 });
  const pipeline = startPipeline({
    engine,
    config: () => current,
    reconfigured: (signal) => changed.next(signal),
    send: async (delivery) => {
      sent.push(delivery);
      return { ...backend(delivery), tookMs: 1 };
    },
    answers: () => Promise.resolve(false),
    skew: createSkewWatch(state, () => performance.now()),
    state,
  });
  return {
    ...pipeline,
    facts,
    sent,
    answer: (next: typeof backend) => backend = next,
    idsOf: (tenant: string) =>
      sent.filter((one) => one.tenant === tenant).flatMap(({ bytes }) => idsIn(bytes)),
    reload(...next: readonly Tenant[]) {
      current = configOf(...next);
      changed.raise();
    },
  };
}
