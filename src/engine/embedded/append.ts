/**
 * Recording: an entry is a duplicate, or becomes an event that is owned, held, parked or dropped,
 * with a row in the lane of every owner.
 */
import type { DatabaseSync } from "node:sqlite";
import { envelopeBytesOf } from "../../batch/envelope.ts";
import type { Entry, Recorded } from "../../engine.ts";
import type { EventRef, Owner } from "../../event.ts";
import {
  duplicateOf,
  type EventState,
  identify,
  ownersOf,
  recordedOf,
  type Seen,
  type SeenKeys,
  stateOf,
} from "../recording.ts";
import type { Lanes } from "./lanes.ts";

function createSeenKeys(database: DatabaseSync): SeenKeys {
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

/** Records entries. To be called inside a transaction. */
export function createAppend(database: DatabaseSync, lanes: Lanes, nextRef: () => EventRef) {
  const keys = createSeenKeys(database);
  const findOwners = database.prepare("SELECT owners FROM event WHERE seq = ?");
  const putEvent = database.prepare(`
    INSERT INTO event(seq, id, type, channel, occurred_at, received_at, state, owners,
                      fingerprint, proof, json, raw)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const putHeld = database.prepare("INSERT INTO held(event, reason) VALUES (?, ?)");
  const putHeldKey = database.prepare(
    "INSERT INTO held_key(key, event) VALUES (?, ?) ON CONFLICT DO NOTHING",
  );

  function ownersAt(ref: EventRef): readonly Owner[] {
    const row = findOwners.get(ref);
    return row === undefined ? [] : JSON.parse(String(row["owners"]));
  }

  function insert(
    entry: Entry,
    ref: EventRef,
    key: Uint8Array,
    state: EventState,
    owners: readonly Owner[],
  ): void {
    const { event } = entry;
    putEvent.run(
      ref,
      event.id,
      event.type,
      event.channel,
      event.occurredAt ?? null,
      event.receivedAt,
      state,
      JSON.stringify(owners),
      key,
      entry.proof,
      entry.json ?? null,
      entry.raw,
    );
    if (state !== "held") return;
    putHeld.run(ref, entry.heldFor ?? "unknown");
    for (const heldKey of entry.heldKeys) putHeldKey.run(heldKey, ref);
  }

  return function append(received: Entry): Recorded {
    const ref = nextRef();
    const identity = identify(received, ref, keys);
    if (identity.is === "duplicate") return duplicateOf(ownersAt(identity.of));
    const event = { ...received.event, id: identity.id };
    const owners = ownersOf(received);
    const state = stateOf(received, owners);
    insert({ ...received, event }, ref, identity.key, state, owners);
    const raw = received.json ?? received.raw;
    for (const owner of owners.filter(({ dropped }) => !dropped)) {
      lanes.add(owner, ref, event.receivedAt, envelopeBytesOf({ event, owner, raw }));
    }
    return recordedOf(state, owners, identity.id !== received.event.id);
  };
}
