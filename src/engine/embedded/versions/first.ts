/** The tables of the first version. Never changed: what later ones have is added by them. */
export const first = `
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
`;
