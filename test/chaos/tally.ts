/** What the daemon states of itself during a run, counted; and what has to be done about it. */
import type { Fact } from "../../src/telemetry.ts";

/** Counts by name. */
export type Counts = Record<string, number>;

/** What was stated. */
export interface Tally {
  hear(fact: Fact): void;
  readonly verdicts: Counts;
  readonly answers: Counts;
  readonly facts: Counts;
  readonly dead: Counts;
  /** Attempts whose answer did not come in time, as `nameOf` names them. */
  readonly late: ReadonlySet<string>;
  /** Tenants that are paused by a 410; taken out. */
  takeGone(): readonly string[];
}

/** An attempt by its name. */
export const nameOf = (head: { readonly batch: string; readonly attempt: number }): string =>
  `${head.batch} ${head.attempt}`;

const told = new Set([
  "circuit.opened",
  "circuit.closed",
  "destination.switched",
  "tenant.paused",
  "tenant.resumed",
  "batch.sealed",
]);

/** Adds to a count. */
export function add(counts: Counts, name: string, more = 1): void {
  counts[name] = (counts[name] ?? 0) + more;
}

/** Begins to count. */
export function createTally(): Tally {
  const tally = { verdicts: {}, answers: {}, facts: {}, dead: {} };
  const late = new Set<string>();
  let gone: string[] = [];
  return {
    ...tally,
    late,
    hear(fact) {
      if (told.has(fact.is)) add(tally.facts, fact.is);
      if (fact.is === "events.dead") add(tally.dead, fact.reason, fact.count);
      if (fact.is === "tenant.paused") gone.push(fact.tenant);
      if (fact.is !== "batch.attempted") return;
      add(tally.verdicts, fact.verdict);
      add(tally.facts, fact.failover ? "attempts at failover_url" : "attempts at callback_url");
      add(tally.answers, fact.error ?? String(fact.status));
      if (fact.error?.startsWith("timeout")) late.add(nameOf(fact));
    },
    takeGone() {
      const taken = gone;
      gone = [];
      return taken;
    },
  };
}
