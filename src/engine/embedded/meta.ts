/** Names and values that describe a log itself: which store it is, and whose seed it signs with. */
import type { DatabaseSync } from "node:sqlite";
import { AggregatorError } from "../../errors.ts";

/** Where the log is, and who it belongs to. */
export interface LogOptions {
  readonly path: string;
  /** Of the seed that batches are signed with; a log that has delivered keeps to one. */
  readonly signingFingerprint?: string;
  /** Takes this seed for the log's own, whatever it has delivered under. */
  readonly adoptSigningKey?: boolean;
}

/** Names and values that describe the log itself. */
export function createMeta(database: DatabaseSync) {
  const find = database.prepare("SELECT value FROM meta WHERE name = ?");
  const put = database.prepare(
    "INSERT INTO meta(name, value) VALUES (?, ?) ON CONFLICT(name) DO UPDATE " +
      "SET value = excluded.value",
  );
  return {
    get(name: string): string | undefined {
      const value = find.get(name)?.["value"];
      return typeof value === "string" ? value : undefined;
    },
    put(name: string, value: string): string {
      put.run(name, value);
      return value;
    },
  };
}

type Meta = ReturnType<typeof createMeta>;

/** Keeps a log to its seed. Throws `signing_key` where it has delivered under another. */
export function checkSeed(database: DatabaseSync, meta: Meta, options: LogOptions): void {
  const { path, signingFingerprint, adoptSigningKey = false } = options;
  const known = meta.get("signing");
  if (signingFingerprint === undefined || signingFingerprint === known) return;
  const delivered = database.prepare("SELECT 1 FROM tenant WHERE delivered_at IS NOT NULL LIMIT 1");
  if (known !== undefined && !adoptSigningKey && delivered.get() !== undefined) {
    throw new AggregatorError(
      "signing_key",
      `Cannot open "${path}": what it has delivered was signed with another key: restore the ` +
        "signing key, or make new keys with: aggregator key --new",
    );
  }
  meta.put("signing", signingFingerprint);
}
