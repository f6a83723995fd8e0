/** The attempts of each batch: the first and the last of them are kept. */
import type { DatabaseSync } from "node:sqlite";
import type { Attempt, Settlement } from "../../delivery.ts";

const kept = { first: 5, last: 20 };

/** Writes attempts down. To be called inside a transaction. */
export function createAttempts(database: DatabaseSync) {
  const put = database.prepare(
    "INSERT INTO attempt(batch, number, at, took_ms, origin, status, error, answer, verdict) " +
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
  );
  const forget = database.prepare("DELETE FROM attempt WHERE batch = ? AND number = ?");
  const count = database.prepare("UPDATE batch SET attempts = ? WHERE seq = ?");
  return {
    record(batch: number, attempt: Attempt, verdict: Settlement["as"]): void {
      put.run(
        batch,
        attempt.number,
        Math.round(attempt.startedAt),
        Math.round(attempt.tookMs),
        attempt.origin,
        attempt.status ?? null,
        attempt.error ?? null,
        attempt.answer ?? null,
        verdict,
      );
      const forgotten = attempt.number - kept.last;
      if (forgotten > kept.first) forget.run(batch, forgotten);
      count.run(attempt.number, batch);
    },
  };
}
