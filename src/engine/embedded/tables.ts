/**
 * The tables of the log, the file they live in, and the lock that keeps it to one daemon.
 *
 * A copy of an event moves `waiting` → `batch.members` → nothing (delivered) or `dead`; there is
 * no column that could say it is in two of them.
 */
import { closeSync, openSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { AggregatorError, messageOf, systemCodeOf } from "../../errors.ts";
import { makeFolder, syncFolder } from "../../files.ts";

/** Raised by every change of the tables below; a newer file is refused by an older program. */
const version = 1;

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

/** Runs `work` in one transaction: all of it is durable when this returns, or none of it. */
export function transaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    // SQLite ends the transaction by itself after some errors, a full disk among them.
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

function prepareTables(database: DatabaseSync, path: string): void {
  const found = Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
  if (found > version) {
    throw new AggregatorError(
      "store",
      `Cannot open "${path}": it was written by a newer version (schema ${found}, ` +
        `this program knows ${version}): start the newer program`,
    );
  }
  if (found === version) return;
  transaction(database, () => {
    database.exec(tables);
    database.exec(`PRAGMA user_version = ${version}`);
  });
}

/**
 * Makes an empty file 0600, and the folders above it; what SQLite writes beside it gets its mode.
 * A file that exists is not opened: closing it again would let go of SQLite's locks on it.
 */
function makeFile(path: string): void {
  makeFolder(dirname(path));
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if (systemCodeOf(error) !== "EEXIST") throw error;
  }
}

function failure(path: string, error: unknown): AggregatorError {
  if (error instanceof AggregatorError) return error;
  return new AggregatorError("store", `Cannot open "${path}": ${messageOf(error)}`, {
    cause: error,
  });
}

/** Opens the log, making it where there is none: every commit is on disk when it returns. */
export function openDatabase(file: string): DatabaseSync {
  const path = resolve(file);
  try {
    makeFile(path);
    const database = new DatabaseSync(path);
    using opening = new DisposableStack();
    opening.defer(() => database.close());
    database.exec("PRAGMA busy_timeout = 2000");
    prepareTables(database, path);
    database.exec("PRAGMA journal_mode = WAL");
    database.exec("PRAGMA synchronous = FULL");
    syncFolder(dirname(path));
    opening.move();
    return database;
  } catch (error) {
    throw failure(path, error);
  }
}

// Only the text says so on every runtime: Deno has no error numbers here.
const isLocked = (error: unknown) => messageOf(error).includes("locked");

/**
 * Keeps everybody else out of a log until disposed. The lock is the operating system's: it goes
 * with the process, however that ends. Throws `store_in_use` when another daemon holds it.
 */
export function lockStore(file: string): Disposable {
  const path = resolve(file);
  try {
    makeFile(`${path}.lock`);
    const database = new DatabaseSync(`${path}.lock`);
    using opening = new DisposableStack();
    opening.defer(() => database.close());
    database.exec("PRAGMA locking_mode = EXCLUSIVE");
    database.exec("BEGIN EXCLUSIVE");
    opening.move();
    return { [Symbol.dispose]: () => database.close() };
  } catch (error) {
    if (!isLocked(error)) throw failure(path, error);
    throw new AggregatorError(
      "store_in_use",
      `Cannot open "${path}": another aggregator is using it: stop that one first, ` +
        "or give this one a store.path of its own",
      { cause: error },
    );
  }
}
