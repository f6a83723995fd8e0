/** One transaction: all of it, or nothing. */
import type { DatabaseSync } from "node:sqlite";

/** Runs `work` in one transaction: all of it is durable when this returns, or none of it. */
export type Transaction = <T>(work: () => T) => T;

/** Transactions of one connection, their words prepared: there are hundreds per second. */
export function createTransaction(database: DatabaseSync): Transaction {
  const begin = database.prepare("BEGIN IMMEDIATE");
  const commit = database.prepare("COMMIT");
  return (work) => {
    begin.run();
    try {
      const result = work();
      commit.run();
      return result;
    } catch (error) {
      // SQLite ends the transaction by itself after some errors, a full disk among them.
      if (database.isTransaction) database.exec("ROLLBACK");
      throw error;
    }
  };
}
