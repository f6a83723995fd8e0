/**
 * Alarms: which facts are worth waking somebody for, and which say that it is over.
 *
 *     facts ─▶ state() ─┬▶ the board ─▶ alarm.raised, alarm.cleared ─▶ log, status, alerts
 *     time ──▶ tick() ──┘
 *
 * They live in memory: after a restart what still holds is raised again when its cause is stated
 * again.
 */
import { sleep } from "../flow/sleep.ts";
import type { Fact, State } from "../telemetry.ts";
import { type Board, createBoard, type Raised } from "./alarms/board.ts";
import { tenantAlarms, type Tenants } from "./alarms/tenants.ts";
import { webhookAlarms } from "./alarms/webhooks.ts";

/** What alarms are made with. */
export interface AlarmsOptions {
  /** Where their edges are stated; may be the stream they listen to. */
  readonly state: State;
  /** A monotonic clock, in ms. */
  readonly now: () => number;
  /** The shortest silence that counts, in ms, as the config in force says. */
  readonly silenceMs: () => number;
  /** Whoever has a lane in the config in force. */
  readonly tenants: () => Tenants;
}

/** Listens to facts. Disposal ends its timer and clears nothing. */
export interface Alarms extends AsyncDisposable {
  readonly state: State;
  /** What is raised now, the oldest first. */
  raised(): readonly Raised[];
  /** Looks at what only time tells; it does so by itself every ten seconds. */
  tick(): void;
}

const tickMs = 10_000;

/** Alarms about ourselves. */
function hearOfUs(fact: Fact, board: Board): void {
  switch (fact.is) {
    case "config.refused":
    case "config.fell_back":
      return board.raise("config_refused");
    case "config.loaded":
    case "config.unchanged":
      return board.clear("config_refused");
    case "clock.suspect":
      return board.raise("clock_suspect");
    case "clock.trusted":
      return board.clear("clock_suspect");
  }
}

async function every(ms: number, signal: AbortSignal, act: () => void): Promise<void> {
  while (!signal.aborted) {
    await sleep(ms, signal);
    if (!signal.aborted) act();
  }
}

/** Makes alarms, none raised, and begins to look at the clock. */
export function createAlarms({ state, now, silenceMs, tenants }: AlarmsOptions): Alarms {
  const board = createBoard(state);
  const ofWebhooks = webhookAlarms(board, now, silenceMs);
  const ofTenants = tenantAlarms(board, now, tenants);

  function tick(): void {
    board.fade(now());
    ofWebhooks.tick();
  }

  const stop = new AbortController();
  const ticking = every(tickMs, stop.signal, tick);
  return {
    state(fact) {
      ofWebhooks.hear(fact);
      ofTenants(fact);
      hearOfUs(fact, board);
    },
    raised: board.list,
    tick,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await ticking;
    },
  };
}
