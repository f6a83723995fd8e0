/**
 * The demo's bookkeeping: every event that was answered 200 must arrive once, at its own tenant. A
 * repeated batch id is the same batch again, as every receiver has to treat it.
 */

/** Keeps the books. */
export interface Ledger {
  /** Before it is sent: it may arrive before its answer does. Again for a repetition. */
  sent(event: string, tenant: string): void;
  accepted(event: string): void;
  /** A batch that its backend accepted. */
  arrived(tenant: string, batch: string, events: readonly string[]): void;
  /** Accepted, and not arrived. */
  missing(): number;
  totals(): { readonly accepted: number; readonly arrived: number; readonly batches: number };
  /** What should not have happened. */
  readonly wrongs: readonly string[];
}

interface Entry {
  readonly tenant: string;
  accepted: boolean;
  arrivals: number;
}

/** So many events, batches and wrongs are remembered; the oldest go first. */
const rememberedMax = 10_000;

/** Opens new books. */
export function openLedger(): Ledger {
  const entries = new Map<string, Entry>();
  const batches = new Set<string>();
  const wrongs: string[] = [];
  const totals = { accepted: 0, arrived: 0, batches: 0 };

  const wrong = (text: string) => {
    if (wrongs.length < rememberedMax) wrongs.push(text);
  };

  function note(event: string, tenant: string): void {
    const entry = entries.get(event);
    if (entry === undefined) return wrong(`${tenant} got event ${event}, which nobody sent`);
    entry.arrivals += 1;
    if (entry.tenant !== tenant) wrong(`${tenant} got event ${event} of ${entry.tenant}`);
    else if (entry.arrivals > 1) wrong(`${tenant} got event ${event} twice`);
    else totals.arrived += 1;
  }

  return {
    wrongs,
    sent(event, tenant) {
      if (entries.has(event)) return;
      entries.set(event, { tenant, accepted: false, arrivals: 0 });
      const [oldest] = entries;
      if (entries.size <= rememberedMax || oldest === undefined) return;
      entries.delete(oldest[0]);
      if (oldest[1].accepted && oldest[1].arrivals === 0) wrong(`event ${oldest[0]} never arrived`);
    },
    accepted(event) {
      const entry = entries.get(event);
      if (entry === undefined || entry.accepted) return;
      entry.accepted = true;
      totals.accepted += 1;
    },
    arrived(tenant, batch, events) {
      if (batches.has(batch)) return;
      batches.add(batch);
      totals.batches += 1;
      const [oldest] = batches;
      if (batches.size > rememberedMax && oldest !== undefined) batches.delete(oldest);
      for (const event of events) note(event, tenant);
    },
    missing: () =>
      [...entries.values()].filter(({ accepted, arrivals }) => accepted && arrivals === 0).length,
    totals: () => ({ ...totals }),
  };
}
