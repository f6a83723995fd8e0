/** Which version of its derived keys each tenant signs with, since when, and what was before. */
import type { DatabaseSync } from "node:sqlite";
import type { SecretVersion } from "../../engine.ts";
import type { TenantId } from "../../tenant.ts";
import { versionBefore } from "../secret-versions.ts";

/** Opens the versions of a log. To be used inside a transaction. */
export function openSecretVersions(database: DatabaseSync) {
  const find = database.prepare("SELECT version, previous, since FROM secret WHERE tenant = ?");
  const findSealed = database.prepare("SELECT 1 FROM tenant WHERE id = ? AND last_sequence > 0");
  const put = database.prepare(
    "INSERT OR REPLACE INTO secret(tenant, version, previous, since) VALUES (?, ?, ?, ?)",
  );

  function of(tenant: TenantId): SecretVersion | undefined {
    const row = find.get(tenant);
    if (row === undefined) return undefined;
    const { version, previous, since } = row;
    const before = previous === null ? {} : { previous: Number(previous) };
    return { tenant, version: Number(version), ...before, since: Number(since) };
  }

  /** Puts this version in force, unless it is. */
  return function inForce(tenant: TenantId, version: number): SecretVersion {
    const known = of(tenant);
    if (known?.version === version) return known;
    const previous = known?.version ??
      versionBefore(version, () => findSealed.get(tenant) !== undefined);
    const since = Date.now();
    put.run(tenant, version, previous ?? null, since);
    return { tenant, version, ...(previous === undefined ? {} : { previous }), since };
  };
}
