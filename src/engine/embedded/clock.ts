/**
 * What is due at a time, when the clock was set: it is due as far from now as before. And what an
 * operator does not want to wait for.
 */
import type { DatabaseSync } from "node:sqlite";
import type { TenantId } from "../../tenant.ts";
import type { Lanes } from "./lanes.ts";
import type { openHalts } from "./halts.ts";

/** What is tried again is never due later than this from now, unless the clock was set back. */
const dueMsMax = 25 * 60 * 60_000;

/** Moves what waits beside lanes, and what is held, with the clock. */
function prepareMoves(database: DatabaseSync) {
  // A session in which nothing waits counts as long as it is open, and there may be a million.
  const sessions = database.prepare(`
    UPDATE session SET opened_at = opened_at + :by, closes_at = closes_at + :by,
      urgent_at = urgent_at + :by, due_at = due_at + :by, refused_at = refused_at + :by
    WHERE due_at IS NOT NULL OR closes_at > :before`);
  const held = database.prepare(
    "UPDATE held SET decide_at = max(1, decide_at + :by) WHERE decide_at > 0",
  );
  const urls = database.prepare(
    "UPDATE url SET not_before = not_before + :by, failing_since = failing_since + :by",
  );
  return function move(by: number, before: number): void {
    sessions.run({ by, before });
    held.run({ by });
    urls.run({ by });
  };
}

/** Opens what depends on the clock of a log. To be used inside a transaction. */
export function openClock(
  database: DatabaseSync,
  lanes: Pick<Lanes, "recover" | "touch" | "of">,
  halts: Pick<ReturnType<typeof openHalts>, "addToAll">,
) {
  const move = prepareMoves(database);
  const delivered = database.prepare("UPDATE tenant SET delivered_at = delivered_at + ?");
  const waiting = database.prepare(
    "SELECT sum(count) AS n FROM session WHERE lane = ? AND due_at IS NOT NULL",
  );
  const hurry = database.prepare(`
    UPDATE session SET closes_at = min(closes_at, :now), due_at = min(due_at, :now)
    WHERE lane = :lane AND due_at > :now`);
  const laneOf = database.prepare("SELECT name FROM lane WHERE name = ?");
  const withBeside = database.prepare(`
    SELECT name FROM lane WHERE EXISTS
      (SELECT 1 FROM session WHERE session.lane = lane.id AND due_at IS NOT NULL)`);

  function hurryLane(name: string): number {
    const lane = lanes.of(name);
    hurry.run({ lane: lane.id, now: Date.now() });
    lanes.touch(lane);
    return Number(waiting.get(lane.id)?.["n"] ?? 0);
  }

  return {
    /** Both in whole ms. */
    set(by: number, at: number): void {
      move(by, at - by);
      // What was accepted before an event was refused must not seem to have been accepted after.
      if (by < 0) delivered.run(by);
      if (by > 0) halts.addToAll({ from: at - by, until: at });
      lanes.recover();
    },
    /** Says how many events are due by it; none where the tenant has no lane. */
    hurry(tenant?: TenantId): number {
      const found = tenant === undefined ? withBeside.all() : laneOf.all(tenant);
      return found.reduce((sum, { name }) => sum + hurryLane(String(name)), 0);
    },
  };
}

/** Before anything is read: the clock may have been set while nobody looked. */
export function setByClock(database: DatabaseSync, now: number): void {
  const times = { now, latest: now + dueMsMax };
  // Two ways to find those: what waits by when it is due, what does not by when it was last seen.
  database.prepare(`
    UPDATE session SET opened_at = :now, closes_at = closes_at - (opened_at - :now),
      urgent_at = urgent_at - (opened_at - :now), due_at = due_at - (opened_at - :now),
      seen_at = min(seen_at, :now)
    WHERE id IN (SELECT id FROM session WHERE due_at IS NOT NULL AND opened_at > :now
      UNION ALL SELECT id FROM session WHERE due_at IS NULL AND seen_at > :now)
      AND opened_at > :now AND source = 'session'`).run({ now });
  database.prepare(`
    UPDATE session SET closes_at = :now, due_at = :now
    WHERE due_at > :latest AND source <> 'session'`).run(times);
  database.prepare("UPDATE url SET not_before = :now WHERE not_before > :latest").run(times);
}
