/** The log on standard output: one line of JSON per fact, with the severity journald reads. */
import type { Fact, State } from "../telemetry.ts";

/** Severities by name, as syslog numbers them (RFC 5424). */
const priorities = { debug: 7, info: 6, warn: 4, error: 3 } as const;

/** How loud a fact is. */
export type Level = keyof typeof priorities;

/** A reader that stalls must not fill our memory. */
const unwrittenBytesMax = 4 * 1_024 * 1_024;

const levels: Readonly<Record<Fact["is"], Level>> = {
  "daemon.ready": "info",
  "daemon.stopping": "info",
  "daemon.stopped": "info",
  "webhook.recorded": "debug",
  "webhook.refused": "debug",
  "webhook.large_or_encoded": "warn",
  "batch.sealed": "debug",
  "batch.attempted": "info",
  "events.dead": "warn",
  "circuit.opened": "warn",
  "circuit.closed": "info",
  "destination.switched": "warn",
  "tenant.failing": "warn",
  "tenant.recovered": "info",
  "tenant.paused": "info",
  "tenant.resumed": "info",
  "events.replayed": "info",
  "alarm.raised": "error",
  "alarm.cleared": "info",
  "alarm.undelivered": "error",
  "clock.set": "warn",
  "config.loaded": "info",
  "config.unchanged": "info",
  "config.refused": "error",
  "config.fell_back": "error",
  "config.unwatched": "warn",
  "clock.suspect": "error",
  "clock.trusted": "info",
  "events.released": "info",
  "events.expired": "warn",
  "store.pruned": "debug",
  "store.broken": "error",
};

/** The severity of a fact; what went wrong is louder than the same gone right. */
export function levelOf(fact: Fact): Level {
  if (fact.is === "batch.attempted" && fact.verdict !== "accepted") return "warn";
  if (fact.is === "webhook.recorded" && fact.conflict) return "warn";
  if (fact.is === "tenant.paused" && fact.by === "gone") return "warn";
  return levels[fact.is];
}

/** What lines are written to. */
export interface LineSink {
  write(text: string): boolean;
  readonly writableLength: number;
}

/** Writes facts of at least the level in force. */
export function createLog(sink: LineSink, level: () => Level): State {
  let lost = 0;
  return (fact) => {
    const severity = levelOf(fact);
    if (priorities[severity] > priorities[level()]) return;
    if (sink.writableLength > unwrittenBytesMax) {
      lost += 1;
      return;
    }
    const { is, ...details } = fact;
    const missing = lost === 0 ? {} : { lost };
    lost = 0;
    const time = new Date().toISOString();
    const PRIORITY = priorities[severity];
    const line = { time, level: severity, PRIORITY, fact: is, ...details, ...missing };
    sink.write(`${JSON.stringify(line)}\n`);
  };
}
