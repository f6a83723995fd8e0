/** Alarms with a clock of the test's own, and what they state. */
import { type Alarms, createAlarms } from "../../src/telemetry/alarms.ts";
import type { Fact } from "../../src/telemetry.ts";

/** Alarms under test. */
export interface Alarming extends Alarms {
  readonly tenants: Set<string>;
  /** What they stated: `+tenant_failing acme`, `-silence`. */
  readonly edges: readonly string[];
  tell(...facts: readonly Fact[]): void;
  /** Lets time pass, and lets them look at the clock every now and then meanwhile. */
  pass(ms: number): void;
  /** Lets time pass that they do not look at. */
  skip(ms: number): void;
  /** What is raised, as in `edges` without the sign. */
  names(): readonly string[];
}

const everyMs = 60_000;

const nameOf = ({ alarm, tenant }: { readonly alarm: string; readonly tenant?: string }) =>
  tenant === undefined ? alarm : `${alarm} ${tenant}`;

/** Opens alarms for the tenants `a` and `b`; half an hour of silence is worth one. */
export function openAlarms(): Alarming {
  const edges: string[] = [];
  const tenants = new Set(["a", "b"]);
  let time = 5_000;
  const alarms: Alarms = createAlarms({
    // As in the daemon they hear what they state.
    state(fact) {
      alarms.state(fact);
      if (fact.is === "alarm.raised") edges.push(`+${nameOf(fact)}`);
      if (fact.is === "alarm.cleared") edges.push(`-${nameOf(fact)}`);
    },
    now: () => time,
    silenceMs: () => 30 * 60_000,
    tenants: () => tenants,
  });
  return {
    ...alarms,
    tenants,
    edges,
    tell: (...facts) => facts.forEach(alarms.state),
    pass(ms) {
      const until = time + ms;
      while (time < until) {
        time = Math.min(until, time + everyMs);
        alarms.tick();
      }
    },
    skip(ms) {
      time += ms;
    },
    names: () => alarms.raised().map(nameOf),
  };
}

/** A webhook that was taken. */
export const recorded = {
  is: "webhook.recorded",
  status: "queued",
  channel: "voice",
  type: "call.hangup",
  tenants: ["a"],
  conflict: false,
  tookMs: 1,
} satisfies Fact;

/** A webhook that was refused for its signature. */
export const refused: Fact = { is: "webhook.refused", why: "signature_wrong" };

/** An attempt that was answered so. */
export const attempted = (verdict: "accepted" | "partly" | "again", failover = false): Fact => ({
  is: "batch.attempted",
  tenant: "a",
  batch: "bat_1",
  attempt: 1,
  verdict,
  failover,
  origin: "https://a.example",
  tookMs: 1,
  ageMs: 1,
});

/** A circuit of tenant `a`. */
export function circuit(is: "opened" | "closed", failover = false): Fact {
  const about = { tenant: "a", origin: "https://a.example", failover };
  return is === "opened"
    ? { is: "circuit.opened", ...about, why: "status 503" }
    : { is: "circuit.closed", ...about };
}

/** Tenant `tenant` accepts nothing. */
export const failing = (tenant: string): Fact => ({
  is: "tenant.failing",
  tenant,
  origin: "https://a.example",
  why: "timeout",
  sinceMs: 300_000,
});

/** An event of `tenant` was given up. */
export const dead = (tenant: string): Fact => ({
  is: "events.dead",
  tenant,
  count: 3,
  reason: "expired",
});

/** A batch of tenant `a` was sealed. */
export const sealed: Fact = {
  is: "batch.sealed",
  tenant: "a",
  batch: "bat_1",
  sequence: 1,
  count: 1,
  bytes: 1,
  reason: "max_wait",
};

/** A config came into force. */
export const loaded: Fact = { is: "config.loaded", tenants: 2, numbers: 2 };
