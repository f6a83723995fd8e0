/** One transaction: all of it, or nothing. */
import type { DatabaseSync } from "node:sqlite";

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
