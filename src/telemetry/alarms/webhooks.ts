/** Alarms about what Telnyx sends, and about the log that it is put into. */
import type { Fact, Refusal } from "../../telemetry.ts";
import { wantsAnswer } from "../../telnyx/types.ts";
import { createArrivals, createImpostors } from "./arrivals.ts";
import { type Board, fadeMs } from "./board.ts";

/** Hears facts, and looks at the clock. */
export interface WebhookAlarms {
  hear(fact: Fact): void;
  tick(): void;
}

/** A log that fails now and then, with successes in between, is broken all the while. */
const steadyMs = 2 * 60_000;

/** A webhook came, and it was us who could not take it. */
const ours: ReadonlySet<Refusal> = new Set(["inbox_full", "log_unavailable", "clock_suspect"]);

/** Raises and clears them on this board; `now` is monotonic, all in ms. */
export function webhookAlarms(
  board: Board,
  now: () => number,
  silenceMs: () => number,
): WebhookAlarms {
  const arrivals = createArrivals(now);
  const impostors = createImpostors(now);
  let brokenAt = 0;

  function arrived(): void {
    arrivals.arrived();
    board.clear("silence");
  }

  function written(): void {
    if (now() - brokenAt >= steadyMs) board.clear("store_broken");
  }

  function recorded(type: string): void {
    arrived();
    if (wantsAnswer(type)) board.raise("synchronous_hook", undefined, now() + fadeMs);
    written();
    impostors.trusted();
    board.clear("signatures_refused");
  }

  function refused(why: Refusal): void {
    if (ours.has(why)) arrived();
    if (why.startsWith("signature_") && impostors.refused()) board.raise("signatures_refused");
  }

  function broken(): void {
    brokenAt = now();
    board.raise("store_broken");
  }

  return {
    hear(fact) {
      switch (fact.is) {
        case "webhook.recorded":
          return recorded(fact.type);
        case "webhook.refused":
          return refused(fact.why);
        case "batch.sealed":
          return written();
        case "store.broken":
          return broken();
        case "webhook.large_or_encoded": {
          const alarm = fact.status === 413 ? "webhook_large" : "webhook_encoded";
          return board.raise(alarm, undefined, now() + fadeMs);
        }
      }
    },
    tick() {
      if (arrivals.isSilent(silenceMs())) board.raise("silence");
    },
  };
}
