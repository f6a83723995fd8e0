/**
 * Who owns what, and who did before: what is held for a number is not for its new owner if another
 * tenant had that number a short while ago, even if the config changed while nothing ran.
 */
import type { DatabaseSync } from "node:sqlite";
import type { TenantId } from "../../tenant.ts";
import { type Had, movedBetween, prefixesOf } from "../../ownership/recycling.ts";
import type { BelongingsTable } from "../tables.ts";

function prepareRows(database: DatabaseSync) {
  return {
    digests: database.prepare("SELECT tenant, digest FROM belonging"),
    find: database.prepare("SELECT channels, keys FROM belonging WHERE tenant = ?"),
    put: database.prepare(
      "INSERT OR REPLACE INTO belonging(tenant, digest, channels, keys) VALUES (?, ?, ?, ?)",
    ),
    remove: database.prepare("DELETE FROM belonging WHERE tenant = ?"),
    lose: database.prepare(
      "INSERT OR REPLACE INTO former(key, tenant, channel, until) VALUES (?, ?, ?, ?)",
    ),
    regain: database.prepare("DELETE FROM former WHERE key = ? AND tenant = ? AND channel = ?"),
    former: database.prepare(
      "SELECT DISTINCT tenant FROM former WHERE key = :key AND until >= :now " +
        "AND (:channel IS NULL OR channel = :channel)",
    ),
    any: database.prepare("SELECT EXISTS (SELECT 1 FROM former) AS found"),
    forget: database.prepare("DELETE FROM former WHERE until < ?"),
  };
}

/** Opens what belongs to whom. */
export function openBelongings(database: DatabaseSync): BelongingsTable {
  const rows = prepareRows(database);

  function of(tenant: TenantId): Had {
    const row = rows.find.get(tenant);
    if (row === undefined) return { channels: [], keys: [] };
    const { channels, keys } = row;
    return { channels: JSON.parse(String(channels)), keys: JSON.parse(String(keys)) };
  }

  // Asked for every event whose owner is guessed; most configs take nothing from anybody.
  let mayHaveMoved = rows.any.get()?.["found"] === 1;

  const lose: BelongingsTable["lose"] = (tenant, keys, channels, until) => {
    mayHaveMoved = true;
    for (const key of keys) {
      for (const channel of channels) rows.lose.run(key, tenant, channel, until);
    }
  };

  const regain: BelongingsTable["regain"] = (tenant, keys, channels) => {
    for (const key of keys) {
      for (const channel of channels) rows.regain.run(key, tenant, channel);
    }
  };

  return {
    of,
    lose,
    regain,
    digests: () => rows.digests.all().map((row) => [String(row["tenant"]), String(row["digest"])]),
    put(to, until) {
      const { tenant, digest, channels, keys } = to;
      const had = of(tenant);
      const { lost, narrowed, narrowedBy, gained } = movedBetween(had, to);
      regain(tenant, gained, channels);
      lose(tenant, lost, had.channels, until);
      lose(tenant, narrowed, narrowedBy, until);
      if (keys.length === 0) rows.remove.run(tenant);
      else rows.put.run(tenant, digest, JSON.stringify(channels), JSON.stringify(keys));
    },
    formerOwners: (key, channel, now) =>
      (mayHaveMoved ? prefixesOf(key) : []).flatMap((each) =>
        rows.former.all({ key: each, now, channel: channel ?? null })
          .map((row) => String(row["tenant"]))
      ),
    forget(now) {
      rows.forget.run(now);
      mayHaveMoved = rows.any.get()?.["found"] === 1;
    },
  };
}
