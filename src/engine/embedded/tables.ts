/**
 * The tables of the log.
 *
 * A copy of an event moves `waiting` → `batch.members` → nothing (delivered) or `dead`; there is
 * no column that could say it is in two of them.
 * `waiting.lane` is a lane's number, or minus that of a session beside it; `waiting.prior` is
 * explained in `stories.ts`.
 */
import type { DatabaseSync } from "node:sqlite";
import { AggregatorError } from "../../errors.ts";
import { createTransaction } from "./transaction.ts";

/** What brings a file from one version to the next, from an empty one on. Never changed. */
const versions: readonly string[] = [
  `
  CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE event(
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    channel TEXT NOT NULL,
    occurred_at INTEGER,
    received_at INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('owned', 'held', 'parked', 'dropped')),
    owners TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    proof TEXT NOT NULL,
    json BLOB,
    raw BLOB NOT NULL
  ) STRICT;
  CREATE INDEX event_received ON event(received_at);
  CREATE INDEX event_parked ON event(seq) WHERE state = 'parked';
  CREATE TABLE seen(
    key BLOB PRIMARY KEY,
    content BLOB NOT NULL,
    event INTEGER NOT NULL,
    at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE held(
    event INTEGER PRIMARY KEY,
    reason TEXT NOT NULL
  ) STRICT;
  CREATE TABLE held_key(
    key TEXT NOT NULL,
    event INTEGER NOT NULL,
    PRIMARY KEY (key, event)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE tenant(
    id TEXT PRIMARY KEY,
    last_sequence INTEGER NOT NULL,
    last_batch TEXT,
    delivered_at INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE lane(
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    tenant TEXT NOT NULL
  ) STRICT;
  CREATE TABLE waiting(
    lane INTEGER NOT NULL,
    position INTEGER NOT NULL,
    event INTEGER NOT NULL,
    since INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    immediate INTEGER NOT NULL,
    PRIMARY KEY (lane, position)
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX waiting_event ON waiting(event, lane);
  CREATE TABLE batch(
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    lane INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('sealed', 'delivered', 'dead')),
    head TEXT NOT NULL,
    layout TEXT NOT NULL,
    members TEXT NOT NULL,
    first_event INTEGER NOT NULL,
    digest BLOB NOT NULL,
    size INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    oldest_at INTEGER NOT NULL,
    youngest_at INTEGER NOT NULL,
    sealed_at INTEGER NOT NULL,
    settled_at INTEGER
  ) STRICT;
  CREATE INDEX batch_sealed ON batch(lane, seq) WHERE state = 'sealed';
  CREATE INDEX batch_sealed_event ON batch(first_event) WHERE state = 'sealed';
  CREATE INDEX batch_delivered ON batch(settled_at) WHERE state = 'delivered';
  CREATE TABLE attempt(
    batch INTEGER NOT NULL,
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    took_ms INTEGER NOT NULL,
    origin TEXT NOT NULL,
    status INTEGER,
    error TEXT,
    answer TEXT,
    verdict TEXT NOT NULL,
    PRIMARY KEY (batch, number)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE dead(
    event INTEGER NOT NULL,
    lane INTEGER NOT NULL,
    batch TEXT,
    reason TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (event, lane)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE event_2(
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    channel TEXT NOT NULL,
    occurred_at INTEGER,
    received_at INTEGER NOT NULL,
    expires_at INTEGER,
    state TEXT NOT NULL CHECK (state IN ('owned', 'held', 'parked', 'dropped', 'expired')),
    owners TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    proof TEXT NOT NULL,
    json BLOB,
    raw BLOB NOT NULL
  ) STRICT;
  INSERT INTO event_2 SELECT seq, id, type, channel, occurred_at, received_at, NULL, state, owners,
    fingerprint, proof, json, raw FROM event;
  DROP TABLE event;
  ALTER TABLE event_2 RENAME TO event;
  CREATE INDEX event_received ON event(received_at);
  CREATE INDEX event_parked ON event(seq) WHERE state = 'parked';

  ALTER TABLE held RENAME TO held_1;
  CREATE TABLE held(
    event INTEGER PRIMARY KEY,
    reason TEXT NOT NULL
      CHECK (reason IN ('waiting', 'ambiguous', 'recycled', 'unknown', 'expired')),
    claims TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    decide_at INTEGER
  ) STRICT;
  INSERT INTO held SELECT held_1.event, held_1.reason, '{"evidence":{},"subject":{},"path":""}',
    event.received_at, NULL FROM held_1 JOIN event ON event.seq = held_1.event;
  DROP TABLE held_1;
  CREATE INDEX held_key_event ON held_key(event);
  CREATE TABLE held_call(
    key TEXT NOT NULL,
    event INTEGER NOT NULL,
    PRIMARY KEY (key, event)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX held_call_event ON held_call(event);
  CREATE INDEX held_decide ON held(decide_at) WHERE decide_at IS NOT NULL;
  CREATE INDEX held_received ON held(received_at) WHERE reason <> 'expired';

  CREATE TABLE recent(
    id INTEGER PRIMARY KEY,
    lessons TEXT NOT NULL
  ) STRICT;
  CREATE TABLE older(
    key TEXT PRIMARY KEY,
    known TEXT NOT NULL,
    seen_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE belonging(
    tenant TEXT PRIMARY KEY,
    digest TEXT NOT NULL,
    channels TEXT NOT NULL,
    keys TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE former(
    key TEXT NOT NULL,
    tenant TEXT NOT NULL,
    channel TEXT NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (key, tenant, channel)
  ) STRICT, WITHOUT ROWID;

  ALTER TABLE waiting ADD COLUMN about INTEGER;
  ALTER TABLE waiting ADD COLUMN occurred_at INTEGER;
  ALTER TABLE waiting ADD COLUMN state INTEGER;
  ALTER TABLE waiting ADD COLUMN expires_at INTEGER;
  ALTER TABLE waiting ADD COLUMN prior INTEGER;
  CREATE INDEX waiting_expiring ON waiting(lane, expires_at) WHERE expires_at IS NOT NULL;

  CREATE TABLE session(
    id INTEGER PRIMARY KEY,
    lane INTEGER NOT NULL,
    key TEXT NOT NULL,
    opened_at INTEGER NOT NULL,
    closes_at INTEGER NOT NULL,
    legs TEXT NOT NULL,
    urgent_at INTEGER,
    urgent TEXT,
    first_batch TEXT,
    seen_at INTEGER NOT NULL,
    count INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    due_at INTEGER,
    UNIQUE (lane, key)
  ) STRICT;
  CREATE INDEX session_due ON session(lane, due_at) WHERE due_at IS NOT NULL;
  CREATE INDEX session_bytes ON session(lane, bytes) WHERE due_at IS NOT NULL;
  CREATE INDEX session_seen ON session(seen_at) WHERE due_at IS NULL;
  `,
];

/** Makes the tables, or brings them up to date. Throws `store` where a newer program made them. */
export function prepareTables(database: DatabaseSync, path: string): void {
  const found = Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
  if (found > versions.length) {
    throw new AggregatorError(
      "store",
      `Cannot open "${path}": it was written by a newer version (schema ${found}, ` +
        `this program knows ${versions.length}): start the newer program`,
    );
  }
  if (found === versions.length) return;
  createTransaction(database)(() => {
    for (const version of versions.slice(found)) database.exec(version);
    database.exec(`PRAGMA user_version = ${versions.length}`);
  });
}
