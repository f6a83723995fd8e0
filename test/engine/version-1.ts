/** A log as the first version of the program left it: every state that an event can be in. */
import { Buffer } from "node:buffer";
import { hash } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { noon } from "./shared.ts";

const tables = `
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

export const stream = "01M7W7XKYN10TNJ4PBQCZ07XPX";
export const sealed = "bat_01M7W7XKZ44NWWWW5545BQFZ25";
export const previous = "bat_01M7W7XKZ2J4M94FDJG2TJ8ZE0";
const sealedAt = Date.UTC(2026, 10, 20, 10, 27, 2, 756);

const routing = (id: string, received_at: string) => ({
  id,
  event_type: "message.received",
  channel: "messaging",
  matched_by: "phone_number",
  matched: "+1800555acme",
  received_at,
});

/** What the batch that is sealed was sent as. */
export const payload = JSON.stringify({
  type: "aggregator.batch",
  version: 1,
  id: sealed,
  stream,
  tenant: "acme",
  sequence: 3,
  previous_id: previous,
  timestamp: "2026-11-20T10:27:02.756Z",
  window: {
    opened_at: "2025-11-20T12:00:00.002Z",
    closed_at: "2026-11-20T10:27:02.756Z",
    reason: "max_wait",
  },
  count: 2,
  events: [{ data: { id: "acme3" } }, { data: { id: "acme4" } }],
  routing: [
    routing("acme3", "2025-11-20T12:00:00.002Z"),
    routing("acme4", "2025-11-20T12:00:00.003Z"),
  ],
});

interface Row {
  readonly seq: number;
  readonly id: string;
  readonly state: "owned" | "held" | "parked" | "dropped";
  readonly raw?: string;
  readonly json?: string;
}

const rows: readonly Row[] = [
  { seq: 2, id: "acme2", state: "owned" },
  { seq: 3, id: "acme3", state: "owned" },
  { seq: 4, id: "acme4", state: "owned" },
  { seq: 5, id: "acme5", state: "owned" },
  { seq: 6, id: "held", state: "held" },
  { seq: 7, id: "ambiguous", state: "held" },
  { seq: 8, id: "parked", state: "parked" },
  { seq: 9, id: "dropped", state: "dropped" },
  { seq: 10, id: "form", state: "owned", raw: "a=b", json: '{"a":"b"}' },
];

const sha256 = (text: string) => hash("sha256", text, "buffer");

function putEvents(database: DatabaseSync): void {
  const put = database.prepare(`
    INSERT INTO event(seq, id, type, channel, occurred_at, received_at, state, owners, fingerprint,
                      proof, json, raw)
    VALUES (?, ?, 'message.received', 'messaging', NULL, ?, ?, ?, ?, '1763640000 c2ln', ?, ?)`);
  const see = database.prepare("INSERT INTO seen(key, content, event, at) VALUES (?, ?, ?, ?)");
  for (const { seq, id, state, json, raw = JSON.stringify({ data: { id } }) } of rows) {
    const at = noon + seq - 1;
    const fingerprint = Buffer.concat([Buffer.alloc(8), sha256(id).subarray(0, 16)]);
    const [by, matched] = ["phone_number", "+1800555acme"];
    const owner = { tenant: "acme", by, matched, immediate: false, dropped: state === "dropped" };
    const owners = JSON.stringify(state === "owned" || state === "dropped" ? [owner] : []);
    const text = json === undefined ? null : Buffer.from(json);
    put.run(seq, id, at, state, owners, fingerprint, text, Buffer.from(raw));
    see.run(fingerprint, sha256(raw).subarray(0, 8), seq, at);
  }
}

function putBatches(database: DatabaseSync): void {
  const put = database.prepare(`
    INSERT INTO batch(id, lane, state, head, layout, members, first_event, digest, size, attempts,
                      oldest_at, youngest_at, sealed_at, settled_at)
    VALUES (?, 1, ?, ?, 'envelope/1', ?, ?, ?, ?, 1, ?, ?, ?, ?)`);
  const headOf = (id: string, sequence: number, first: number, previousId?: string) =>
    JSON.stringify({
      id,
      stream,
      tenant: "acme",
      sequence,
      previousId,
      sealedAt,
      openedAt: noon + first - 1,
      reason: "max_wait",
    });
  const at = (seq: number) => noon + seq - 1;
  const digest = sha256(payload);
  const gone = headOf(previous, 2, 2);
  put.run(previous, "dead", gone, "[2]", 2, digest, 9, at(2), at(2), sealedAt, sealedAt);
  const head = headOf(sealed, 3, 3, previous);
  const { length } = payload;
  put.run(sealed, "sealed", head, "[3,4]", 3, digest, length, at(3), at(4), sealedAt, null);
}

const rest = `
  INSERT INTO meta VALUES ('stream', '${stream}');
  INSERT INTO held VALUES (6, 'unknown'), (7, 'ambiguous');
  INSERT INTO held_key VALUES ('id:x', 6), ('number:+18005559876', 6), ('number:+18005559876', 7);
  INSERT INTO tenant VALUES ('acme', 3, '${sealed}', ${sealedAt});
  INSERT INTO lane VALUES (1, 'acme', 'acme');
  INSERT INTO waiting VALUES (1, 5, 5, ${noon + 4}, 187, 0), (1, 10, 10, ${noon + 9}, 172, 0);
  INSERT INTO attempt VALUES (2, 1, ${noon}, 2, 'https://a.example', 500, NULL, NULL, 'again');
  INSERT INTO dead VALUES (2, 1, '${previous}', 'not accepted within 10 s', ${sealedAt});
  PRAGMA user_version = 1;
`;

/** Writes it. */
export function makeVersion1(path: string): void {
  const database = new DatabaseSync(path);
  database.exec(tables);
  putEvents(database);
  putBatches(database);
  database.exec(rest);
  database.close();
}
