/**
 * The tables of the log.
 *
 * A copy of an event moves `waiting` → `batch.members` → nothing (delivered) or `dead`; there is
 * no column that could say it is in two of them.
 * `waiting.lane` is a lane's number, or minus that of a row in `session`, which is everything that
 * waits beside a lane: sessions, and what came back of batches. `waiting.prior` is explained in
 * `stories.ts`. A `halt` of lane 0 is every lane's.
 */
import type { DatabaseSync } from "node:sqlite";
import { AggregatorError } from "../../errors.ts";
import { createTransaction } from "./transaction.ts";
import { first } from "./versions/first.ts";
import { second } from "./versions/second.ts";
import { third } from "./versions/third.ts";

/** What brings a file from one version to the next, from an empty one on. Never changed. */
const versions: readonly string[] = [first, second, third];

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
