/**
 * The file that the log lives in: made for its owner only, synced at every commit, and kept to
 * one daemon by a lock that goes with its process.
 */
import { closeSync, openSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { AggregatorError, messageOf, systemCodeOf } from "../../errors.ts";
import { makeFolder, syncFolder } from "../../files.ts";
import { prepareTables } from "./tables.ts";

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

/** Where a file really is, once its folder is made: two names of one store are one store. */
function realPathOf(file: string): string {
  const path = resolve(file);
  makeFolder(dirname(path));
  const real = statSync(path, { throwIfNoEntry: false }) && realpathSync(path);
  return real ?? join(realpathSync(dirname(path)), basename(path));
}

/** Throws when the file at this path is no longer the one it was when this was made. */
export function createPresence(file: string): () => void {
  const identityOf = () => {
    const found = statSync(file, { throwIfNoEntry: false });
    return found && `${found.dev} ${found.ino}`;
  };
  const first = identityOf();
  return () => {
    if (identityOf() === first) return;
    throw new AggregatorError("store", `Cannot go on: "${file}" was removed or replaced`);
  };
}

function failure(path: string, error: unknown): AggregatorError {
  if (error instanceof AggregatorError) return error;
  return new AggregatorError("store", `Cannot open "${path}": ${messageOf(error)}`, {
    cause: error,
  });
}

/** 32 MiB: checkpoints copy pages, and a page that changed often is copied once. */
const walPages = 8_000;

/** Opens the log, making it where there is none: every commit is on disk when it returns. */
export function openDatabase(file: string): DatabaseSync {
  const path = realPathOf(file);
  try {
    makeFile(path);
    const database = new DatabaseSync(path);
    using opening = new DisposableStack();
    opening.defer(() => database.close());
    database.exec("PRAGMA busy_timeout = 2000");
    prepareTables(database, path);
    database.exec("PRAGMA journal_mode = WAL");
    database.exec("PRAGMA synchronous = FULL");
    database.exec(`PRAGMA wal_autocheckpoint = ${walPages}`);
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
  const path = realPathOf(file);
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
