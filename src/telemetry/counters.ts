/** What has happened since the start, counted from facts, for `GET /stats` and `status`. */
import type { Fact, State } from "../telemetry.ts";

/** Counts since the start. */
export interface Counts {
  /** Webhooks by what they were answered or refused for. */
  readonly webhooks: Readonly<Record<string, number>>;
  /** Attempts by what they came to. */
  readonly attempts: Readonly<Record<string, number>>;
  readonly batches: number;
  readonly conflicts: number;
  /** How often circuits opened and closed, and batches went to the other URL from then on. */
  readonly circuits: Readonly<Record<string, number>>;
  /** Events that became dead letters. */
  readonly dead: number;
}

/** Counts facts. */
export interface Counters {
  readonly state: State;
  read(): Counts;
}

function add(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

/** Makes counters, all at zero. Their names come from `telemetry.ts`, so they are bounded. */
export function createCounters(): Counters {
  const webhooks = new Map<string, number>();
  const attempts = new Map<string, number>();
  const circuits = new Map<string, number>();
  let batches = 0;
  let conflicts = 0;
  let dead = 0;

  function state(fact: Fact): void {
    switch (fact.is) {
      case "webhook.recorded":
        add(webhooks, fact.status);
        if (fact.conflict) conflicts += 1;
        break;
      case "webhook.refused":
        add(webhooks, fact.why);
        break;
      case "webhook.large_or_encoded":
        add(webhooks, String(fact.status));
        break;
      case "batch.sealed":
        batches += 1;
        break;
      case "batch.attempted":
        add(attempts, fact.verdict);
        break;
      case "circuit.opened":
        add(circuits, "opened");
        break;
      case "circuit.closed":
        add(circuits, "closed");
        break;
      case "destination.switched":
        add(circuits, "switched");
        break;
      case "events.dead":
        dead += fact.count;
        break;
    }
  }

  const read = () => ({
    webhooks: Object.fromEntries(webhooks),
    attempts: Object.fromEntries(attempts),
    batches,
    conflicts,
    circuits: Object.fromEntries(circuits),
    dead,
  });
  return { state, read };
}
