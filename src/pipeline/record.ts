/**
 * record: puts events into the log. Its answer is the only 200 there is, and it is given after
 * the commit. What cannot be written is answered 503 and sent again by Telnyx; a commit that
 * failed is unknown, not undone, and its event may still be delivered once.
 */
import type { Engine, Recorded } from "../engine.ts";
import { gathered } from "../flow/gathered.ts";
import type { State } from "../telemetry.ts";
import { type Answer, type Classified, tryLater } from "./inbound.ts";

/** Telnyx's messaging waits two seconds for an answer. */
const commitMsMax = 1_800;

/** Webhooks in one commit: beyond it the first would wait too long for the last. */
const groupMax = 512;

/** What record is given. */
export interface RecordOptions {
  readonly engine: Pick<Engine, "append">;
  readonly state: State;
  /** Hears under which config an event was nobody's. */
  readonly heldUnder: (under: object) => void;
}

/** The body of a 200. */
export function answerOf({ status, tenants }: Recorded): Answer {
  if (status === "parked") return { status: 200, body: { status } };
  const told = status === "unassigned" || status === "dropped" ? "queued" : status;
  const [tenant = "unassigned", ...others] = tenants;
  const several = others.length > 0 ? { tenants } : {};
  return { status: 200, body: { status: told, tenant, ...several } };
}

/** A promise that is late when its time is over. */
async function within<T>(promise: Promise<T>, ms: number): Promise<T | "late"> {
  const { promise: late, resolve } = Promise.withResolvers<"late">();
  const timer = setTimeout(resolve, ms, "late");
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Yields what became of each webhook, and answers its sender. What comes during a commit shares
 * the next one. While a commit is overdue nothing more is asked of the log: what it has been given
 * already is all that a stuck disk can hold up.
 */
export async function* record(
  source: AsyncIterable<Classified>,
  { engine, state, heldUnder }: RecordOptions,
): AsyncGenerator<Recorded, void, undefined> {
  let overdue = false;

  async function append(group: readonly Classified[]): Promise<readonly Recorded[] | undefined> {
    if (overdue) return undefined;
    const appended = engine.append(group.map(({ entry }) => entry)).catch(() => undefined);
    const recorded = await within(appended, commitMsMax);
    if (recorded !== "late") return recorded;
    overdue = true;
    appended.then(() => overdue = false);
    return undefined;
  }

  for await (const group of gathered(source, groupMax)) {
    const startedAt = performance.now();
    const recorded = await append(group);
    const tookMs = performance.now() - startedAt;
    for (const [index, { inbound, entry, under }] of group.entries()) {
      const one = recorded?.[index];
      if (one === undefined) {
        state({ is: "webhook.refused", why: "log_unavailable" });
        inbound.answer(tryLater("log unavailable"));
        continue;
      }
      inbound.answer(answerOf(one));
      if (one.status === "unassigned") heldUnder(under);
      const { type, channel } = entry.event;
      const { status, tenants, conflict } = one;
      state({ is: "webhook.recorded", status, channel, type, tenants, conflict, tookMs });
      yield one;
    }
  }
}
