/** The events of a log, and what was seen of them. */
import type { DatabaseSync } from "node:sqlite";
import type { Event, EventRef, Owner } from "../../event.ts";
import type { Seen, SeenKeys } from "../recording.ts";
import type { Channel } from "../../tenant.ts";
import { type EventTable, type Whole, wholeOf } from "../tables.ts";

/** What was seen before. To be used inside a transaction. */
export function openSeen(database: DatabaseSync): SeenKeys {
  const put = database.prepare(
    "INSERT INTO seen(key, content, event, at) VALUES (?, ?, ?, ?) ON CONFLICT(key) DO NOTHING",
  );
  const find = database.prepare("SELECT content, event, at FROM seen WHERE key = ?");
  const renew = database.prepare("UPDATE seen SET event = ?, at = ? WHERE key = ?");
  return {
    putNew: (key, { content, event, at }) => put.run(key, content, event, at).changes === 1,
    find: (key) => find.get(key) as Seen | undefined,
    renew: (key, { event, at }) => void renew.run(event, at, key),
  };
}

/** A row's event; its columns are called as in the table. */
export function eventIn(row: Record<string, unknown>): Event {
  const { id, type, channel, occurred_at, received_at, expires_at } = row;
  return {
    id: String(id),
    type: String(type),
    channel: String(channel) as Channel,
    receivedAt: Number(received_at),
    ...(typeof occurred_at === "number" ? { occurredAt: occurred_at } : {}),
    ...(typeof expires_at === "number" ? { expiresAt: expires_at } : {}),
  };
}

/** Events kept in memory until they are asked for, which most are within seconds, and once. */
const freshMax = 8_192;
const freshBytesMax = 16 * 1024 * 1024;

const bytesOf = ({ text, form }: Whole) => text.byteLength + (form?.byteLength ?? 0);

/** What has just been put, in the order in which it came. */
function createFresh() {
  const events = new Map<EventRef, Whole>();
  let bytes = 0;

  function remove(ref: EventRef): void {
    const whole = events.get(ref);
    if (whole !== undefined) bytes -= bytesOf(whole);
    events.delete(ref);
  }

  return {
    remove,
    take(ref: EventRef): Whole | undefined {
      const whole = events.get(ref);
      if (whole !== undefined) remove(ref);
      return whole;
    },
    put(ref: EventRef, whole: Whole): void {
      events.set(ref, whole);
      bytes += bytesOf(whole);
      for (const oldest of events.keys()) {
        if (events.size <= freshMax && bytes <= freshBytesMax) break;
        remove(oldest);
      }
    },
  };
}

/** A text that is the same as the last time is not read again: most events have the same owner. */
function createOwnersIn(): (text: string) => readonly Owner[] {
  let last: { readonly text: string; readonly owners: readonly Owner[] } | undefined;
  return (text) => {
    if (last?.text !== text) last = { text, owners: JSON.parse(text) };
    return last.owners;
  };
}

/** Opens the events. To be used inside a transaction. */
export function openEvents(database: DatabaseSync): EventTable {
  const put = database.prepare(`
    INSERT INTO event(seq, id, type, channel, occurred_at, received_at, expires_at, state, owners,
                      fingerprint, proof, json, raw)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const findOwners = database.prepare("SELECT owners FROM event WHERE seq = ?");
  const find = database.prepare(
    `SELECT id, type, channel, occurred_at, received_at, expires_at, owners,
            proof, coalesce(json, raw) AS text, iif(json IS NULL, NULL, raw) AS form
     FROM event WHERE seq = ?`,
  );
  const assign = database.prepare("UPDATE event SET state = ?, owners = ? WHERE seq = ?");
  const fresh = createFresh();
  const ownersIn = createOwnersIn();
  let last = Number(database.prepare("SELECT max(seq) AS n FROM event").get()?.["n"] ?? 0);
  return {
    // None is given twice, even if its event is long pruned: the newest never is.
    nextRef: () => ++last,
    put(entry, ref, key, state, owners) {
      const { event, proof, json, raw } = entry;
      put.run(
        ref,
        event.id,
        event.type,
        event.channel,
        event.occurredAt ?? null,
        event.receivedAt,
        event.expiresAt ?? null,
        state,
        JSON.stringify(owners),
        key,
        proof,
        json ?? null,
        raw,
      );
      fresh.put(ref, wholeOf(entry, owners));
    },
    ownersOf(ref) {
      const row = findOwners.get(ref);
      return row === undefined ? [] : JSON.parse(String(row["owners"]));
    },
    whole(ref) {
      const found = fresh.take(ref);
      if (found !== undefined) return found;
      const row = find.get(ref);
      if (row === undefined) throw new Error(`Event ${ref} is missing from the log`);
      const owners = ownersIn(String(row["owners"]));
      const { proof, text, form } = row as { proof: string; text: Uint8Array; form: unknown };
      const whole = { event: eventIn(row), owners, proof, text };
      return form instanceof Uint8Array ? { ...whole, form } : whole;
    },
    assign(ref, state, owners) {
      fresh.remove(ref);
      assign.run(state, JSON.stringify(owners), ref);
    },
  };
}
