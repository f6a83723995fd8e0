/** Held events: why nobody has them, what would free them, and what an operator may see of them. */
import type { DatabaseSync } from "node:sqlite";
import { graceMs, type HeldReason } from "../../ownership.ts";
import type { EventRef } from "../../event.ts";
import type { Held } from "../../held.ts";
import type { HeldRow } from "../../ownership/owning.ts";
import { type HeldTable, laterMsMax, stepMax } from "../tables.ts";
import { eventIn } from "./events.ts";

const columns = "held.event AS ref, held.reason, held.claims, held.decide_at";

function rowOf(row: Record<string, unknown>): HeldRow {
  return {
    ref: Number(row["ref"]),
    claims: JSON.parse(String(row["claims"])),
    why: String(row["reason"]) as HeldReason,
    late: row["decide_at"] === null,
  };
}

function heldOf(row: Record<string, unknown>): Held {
  const { ref, claims: { path, signer }, why } = rowOf(row);
  const raw = row["raw"] as Uint8Array;
  const form = row["form"] === 1;
  return {
    ref,
    event: eventIn(row),
    raw,
    form,
    path,
    why,
    ...(signer === undefined ? {} : { signer }),
  };
}

const wantedOf = (row: Record<string, unknown>) => ({
  key: String(row["key"]),
  count: Number(row["count"]),
  firstAt: Number(row["first_at"]),
  lastAt: Number(row["last_at"]),
});

/** What changes a held event. */
function prepareChanges(database: DatabaseSync) {
  const call = "INSERT INTO held_call(key, event) VALUES (?, ?) ON CONFLICT DO NOTHING";
  return {
    put: database.prepare(
      "INSERT INTO held(event, reason, claims, received_at, decide_at) VALUES (?, ?, ?, ?, ?)",
    ),
    putKey: database.prepare(
      "INSERT INTO held_key(key, event) VALUES (?, ?) ON CONFLICT DO NOTHING",
    ),
    putCall: database.prepare(call),
    remove: database.prepare("DELETE FROM held WHERE event = ?"),
    removeKeys: database.prepare("DELETE FROM held_key WHERE event = ?"),
    removeCalls: database.prepare("DELETE FROM held_call WHERE event = ?"),
    stays: database.prepare("UPDATE held SET reason = ? WHERE event = ?"),
    claim: database.prepare("UPDATE held SET claims = ? WHERE event = ?"),
    later: database.prepare("UPDATE held SET decide_at = 0 WHERE event = ?"),
    postpone: database.prepare("UPDATE held SET decide_at = :until WHERE decide_at < :until"),
    waits: database.prepare(
      `UPDATE held SET decide_at = received_at + ${graceMs} WHERE event = ?`,
    ),
    decided: database.prepare("UPDATE held SET decide_at = NULL WHERE event = ?"),
    expire: database.prepare(
      `UPDATE held SET reason = 'expired' WHERE event IN (
         SELECT event FROM held WHERE received_at < ? AND reason <> 'expired' LIMIT ${stepMax})
       RETURNING event`,
    ),
    expireEvent: database.prepare("UPDATE event SET state = 'expired' WHERE seq = ?"),
  };
}

/** What is asked about held events. */
function prepareQuestions(database: DatabaseSync) {
  const details = `${columns}, event.id, event.type, event.channel, event.occurred_at,
    event.received_at, event.expires_at, event.raw, event.json IS NOT NULL AS form`;
  return {
    wantedBy: database.prepare("SELECT key FROM held_key WHERE event = ?"),
    find: database.prepare(`SELECT ${columns} FROM held WHERE event = ?`),
    // One that would wait for longer than any has been waiting since before a clock was set back.
    due: database.prepare(
      `SELECT ${columns} FROM held WHERE decide_at <= :now OR decide_at > :latest
       ORDER BY event LIMIT ${stepMax}`,
    ),
    naming: database.prepare(
      `SELECT ${columns} FROM held_call JOIN held ON held.event = held_call.event
       WHERE held_call.key = ? AND held.reason <> 'expired' ORDER BY held.event`,
    ),
    wanted: database.prepare(
      `SELECT held_key.key, count(*) AS count, min(held.received_at) AS first_at,
              max(held.received_at) AS last_at
       FROM held_key JOIN held ON held.event = held_key.event
       WHERE held_key.key > ? AND held.reason <> 'expired'
       GROUP BY held_key.key ORDER BY held_key.key LIMIT ?`,
    ),
    wanting: database.prepare(
      `SELECT held.event FROM held_key JOIN held ON held.event = held_key.event
       WHERE held_key.key = ? AND held.reason <> 'expired' ORDER BY held.event`,
    ),
    details: database.prepare(
      `SELECT ${details} FROM held JOIN event ON event.seq = held.event
       WHERE held.event = ? AND held.reason <> 'expired'`,
    ),
    byKey: database.prepare(
      `SELECT ${columns} FROM held_key JOIN held ON held.event = held_key.event
       WHERE held_key.key = ? ORDER BY held.event`,
    ),
    byId: database.prepare(
      `SELECT ${columns} FROM held JOIN event ON event.seq = held.event
       WHERE event.id = ? ORDER BY held.event`,
    ),
  };
}

/** Opens the held events of a log. */
export function openHeld(database: DatabaseSync): HeldTable {
  const change = prepareChanges(database);
  const ask = prepareQuestions(database);
  const any = database.prepare("SELECT EXISTS (SELECT 1 FROM held_call) AS found");
  const isAny = () => any.get()?.["found"] === 1;
  // Asked for every leg that is new: most of the time nothing waits for any.
  let mayName = isAny();

  function expire(before: number): readonly EventRef[] {
    const refs = change.expire.all(before).map((row) => Number(row["event"]));
    for (const ref of refs) {
      change.expireEvent.run(ref);
      change.removeCalls.run(ref);
    }
    return refs;
  }

  return {
    expire,
    add(ref, at, why, claims, wanted) {
      change.put.run(ref, why, JSON.stringify(claims), at, at + graceMs);
      for (const key of wanted) change.putKey.run(key, ref);
      const { legs = [], circles = [] } = claims.evidence;
      for (const key of [...legs, ...circles]) change.putCall.run(key, ref);
      mayName = true;
    },
    remove(ref) {
      change.remove.run(ref);
      change.removeKeys.run(ref);
      change.removeCalls.run(ref);
    },
    later: (ref) => void change.later.run(ref),
    postpone: (until) => void change.postpone.run({ until }),
    stays: (ref, why) => void change.stays.run(why, ref),
    claim: (ref, claims) => void change.claim.run(JSON.stringify(claims), ref),
    find(ref) {
      const row = ask.find.get(ref);
      return row === undefined ? undefined : rowOf(row);
    },
    wantedBy: (ref) => ask.wantedBy.all(ref).map((row) => String(row["key"])),
    due(now) {
      mayName = isAny();
      const rows = ask.due.all({ now, latest: now + laterMsMax }).map((row): HeldRow => {
        // What only had to wait for another transaction has not waited for its call.
        const late = row["decide_at"] !== 0;
        const ref = Number(row["ref"]);
        if (late) change.decided.run(ref);
        else change.waits.run(ref);
        return { ...rowOf(row), late };
      });
      return rows.filter(({ why }) => why !== "expired");
    },
    naming: (key) => mayName ? ask.naming.all(key).map(rowOf) : [],
    wanted: (after, limit) => ask.wanted.all(after, limit).map(wantedOf),
    wanting: (key) => ask.wanting.all(key).map((row) => Number(row["event"])),
    details(ref) {
      const row = ask.details.get(ref);
      return row && heldOf(row);
    },
    selected(which, limit, mayHave) {
      const found = "wanted" in which
        ? ask.byKey.iterate(which.wanted)
        : ask.byId.iterate(which.id);
      return Iterator.from(found).map(rowOf).filter(mayHave).take(limit).toArray();
    },
  };
}
