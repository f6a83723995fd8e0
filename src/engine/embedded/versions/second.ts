/** From the first version to the second: held events wait for calls, copies gather in sessions. */
export const second = `
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
`;
