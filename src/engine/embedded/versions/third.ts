/** From the second version to the third: what comes back of a batch, and how URLs have done. */
export const third = `
CREATE TABLE batch_3(
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  lane INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('sealed', 'delivered', 'partly', 'split', 'dead')),
  source TEXT NOT NULL CHECK (source IN ('lane', 'session', 'split', 'retry', 'replay')),
  head TEXT NOT NULL,
  layout TEXT NOT NULL,
  members TEXT NOT NULL,
  first_event INTEGER NOT NULL,
  digest BLOB NOT NULL,
  size INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  returned INTEGER NOT NULL,
  refused_at INTEGER,
  oldest_at INTEGER NOT NULL,
  youngest_at INTEGER NOT NULL,
  sealed_at INTEGER NOT NULL,
  settled_at INTEGER
) STRICT;
INSERT INTO batch_3 SELECT seq, id, lane, state, 'lane', head, layout, members, first_event, digest,
  size, attempts, 0, NULL, oldest_at, youngest_at, sealed_at, settled_at FROM batch;
DROP TABLE batch;
ALTER TABLE batch_3 RENAME TO batch;
CREATE INDEX batch_sealed ON batch(lane, seq) WHERE state = 'sealed';
CREATE INDEX batch_sealed_event ON batch(first_event) WHERE state = 'sealed';
CREATE INDEX batch_settled ON batch(settled_at) WHERE settled_at IS NOT NULL;

ALTER TABLE session ADD COLUMN source TEXT NOT NULL DEFAULT 'session'
  CHECK (source IN ('session', 'split', 'retry', 'replay'));
ALTER TABLE session ADD COLUMN parent TEXT;
ALTER TABLE session ADD COLUMN returned INTEGER NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN refused_at INTEGER;
CREATE INDEX session_split ON session(lane, id) WHERE source = 'split';
CREATE INDEX session_refused ON session(lane) WHERE refused_at IS NOT NULL;

ALTER TABLE lane ADD COLUMN cut TEXT;
CREATE TABLE url(
  lane INTEGER NOT NULL,
  digest TEXT NOT NULL,
  failures INTEGER NOT NULL,
  not_before INTEGER NOT NULL,
  failing_since INTEGER,
  at INTEGER NOT NULL,
  PRIMARY KEY (lane, digest)
) STRICT, WITHOUT ROWID;
CREATE TABLE pause(
  tenant TEXT PRIMARY KEY,
  by TEXT NOT NULL CHECK (by IN ('operator', 'gone')),
  destination TEXT,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE halt(
  lane INTEGER NOT NULL,
  since INTEGER NOT NULL,
  until INTEGER,
  PRIMARY KEY (lane, since)
) STRICT, WITHOUT ROWID;
CREATE TABLE secret(
  tenant TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  previous INTEGER,
  since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX dead_lane ON dead(lane, at, event);
CREATE INDEX dead_at ON dead(at, event, lane);
CREATE INDEX dead_batch ON dead(batch) WHERE batch IS NOT NULL;
`;
