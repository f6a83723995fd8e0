/** What is stated about an attempt: what came of it, and what it changed for its tenant. */
import type { Batch } from "../batch.ts";
import type { Attempt, Settled, Settlement } from "../delivery.ts";
import type { Fact } from "../telemetry.ts";
import type { Destination, TenantId } from "../tenant.ts";
import { type Made, originOf } from "./attempt.ts";
import type { Circuit, Edge } from "./circuit.ts";

/** An attempt, and all that followed from it. */
export interface Outcome {
  readonly batch: Batch;
  readonly made: Made;
  readonly settlement: Settlement;
  readonly settled: Settled;
  readonly edges: readonly Edge[];
  /** Before the next attempt. */
  readonly nextMs: number;
}

/** An answer in a word: its status, or why there was none. */
export const whyOf = ({ status, error }: Attempt): string => error ?? String(status);

function attemptedOf({ batch, made, settlement, nextMs }: Outcome): Fact {
  const { attempt: { number, origin, status, error, tookMs }, started } = made;
  return {
    is: "batch.attempted",
    tenant: batch.tenant,
    batch: batch.id,
    attempt: number,
    verdict: settlement.as,
    failover: started.failover,
    origin,
    ...(status === undefined ? {} : { status }),
    ...(error === undefined ? {} : { error }),
    tookMs,
    ageMs: Date.now() - batch.oldestAt,
    ...(settlement.as === "again" ? { nextMs } : {}),
  };
}

function deadOf({ batch: { tenant }, settlement, settled: { dead } }: Outcome): readonly Fact[] {
  if (dead === 0) return [];
  const named = settlement.as === "partly" ? settlement.dead[0]?.reason : undefined;
  const reason = settlement.as === "dead" ? settlement.reason : named ?? "given up";
  return [{ is: "events.dead", tenant, count: dead, reason }];
}

function edgeOf({ is, url, failover }: Edge, tenant: TenantId, why: string): Fact {
  const told = { tenant, origin: originOf(url), failover };
  if (is === "opened") return { is: "circuit.opened", ...told, why };
  return { is: is === "closed" ? "circuit.closed" : "destination.switched", ...told };
}

/** Everything that is stated after an attempt. */
export function factsOf(outcome: Outcome): readonly Fact[] {
  const { batch: { tenant }, made, settlement, edges } = outcome;
  const why = whyOf(made.attempt);
  const gone: Fact = { is: "tenant.paused", tenant, by: "gone" };
  return [
    attemptedOf(outcome),
    ...deadOf(outcome),
    ...edges.map((edge) => edgeOf(edge, tenant, why)),
    ...(settlement.as === "gone" ? [gone] : []),
  ];
}

/** What is stated when a destination has failed for long, or works again. */
export function failingFacts(
  tenant: TenantId,
  destination: Destination,
  circuit: Circuit,
): readonly Fact[] {
  const failing = circuit.failing(destination);
  if (failing === undefined) return [];
  const { is, sinceMs, why } = failing;
  if (!is) return [{ is: "tenant.recovered", tenant }];
  return [{ is: "tenant.failing", tenant, origin: originOf(destination.url), why, sinceMs }];
}
