/** Dead letters: listed, those that died last first, and found to be sent again. */
import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { DeadLetter } from "../../delivery.ts";
import type { EventRef } from "../../event.ts";
import type { TenantId } from "../../tenant.ts";
import type { Letter, LettersOf } from "../replaying.ts";
import { eventIn } from "./events.ts";

/** In the order in which they died; without `tenant` those of all. */
const among = (tenant: TenantId | undefined) =>
  `dead.at >= :since AND (dead.at, dead.event) < (:before, :ref)${
    tenant === undefined ? "" : " AND dead.lane = (SELECT id FROM lane WHERE name = :tenant)"
  }`;

/** The columns of a dead letter. The joins stand in the order in which they are to be made. */
const listing = `
  SELECT dead.event AS ref, lane.tenant, dead.batch, dead.reason, dead.at,
         coalesce(batch.attempts, 0) AS attempts, event.id, event.type, event.channel,
         event.occurred_at, event.received_at, event.expires_at
  FROM dead CROSS JOIN lane ON lane.id = dead.lane CROSS JOIN event ON event.seq = dead.event
  LEFT JOIN batch ON batch.id = dead.batch`;

function deadLetterOf(row: Record<string, unknown>): DeadLetter {
  const { ref, tenant, batch, reason, at, attempts } = row;
  return {
    ref: Number(ref),
    tenant: String(tenant),
    event: eventIn(row),
    ...(batch === null ? {} : { batch: String(batch) }),
    reason: String(reason),
    at: Number(at),
    attempts: Number(attempts),
  };
}

/** What is asked for by `among`; `after` in the order of the newest first. */
function valuesOf(what: LettersOf, after?: Pick<DeadLetter, "at" | "ref">) {
  const { tenant, since = 0, until = Number.MAX_SAFE_INTEGER } = what;
  const end = after !== undefined && after.at < until ? after : { at: until, ref: 0 };
  const values: Record<string, SQLInputValue> = { since, before: end.at, ref: end.ref };
  return tenant === undefined ? values : { ...values, tenant };
}

/** The selections, as tests look at how they are made. */
export const letterQueries = {
  list: (tenant: TenantId | undefined) =>
    `${listing} WHERE ${among(tenant)} ORDER BY dead.at DESC, dead.event DESC LIMIT :limit`,
  oldest: (tenant: TenantId | undefined) => `
    SELECT dead.event AS ref, lane.tenant, dead.batch
    FROM dead CROSS JOIN lane ON lane.id = dead.lane
    WHERE ${among(tenant)} ORDER BY dead.at, dead.event LIMIT :limit`,
  count: (tenant: TenantId | undefined) => `
    SELECT count(*) AS events, count(DISTINCT lane) AS tenants FROM dead WHERE ${among(tenant)}`,
};

/** Opens the dead letters of a log. To be used inside a transaction. */
export function openLetters(database: DatabaseSync) {
  const prepare = (query: (tenant: TenantId | undefined) => string) => {
    const [ofAll, ofOne] = [database.prepare(query(undefined)), database.prepare(query("one"))];
    return ({ tenant }: LettersOf) => tenant === undefined ? ofAll : ofOne;
  };
  const list = prepare(letterQueries.list);
  const oldest = prepare(letterQueries.oldest);
  const count = prepare(letterQueries.count);
  const beside = database.prepare(
    `${listing} WHERE dead.at = ? AND dead.event = ? AND dead.lane NOT IN
      (SELECT id FROM lane WHERE tenant IN (SELECT value FROM json_each(?)))`,
  );
  const remove = database.prepare(
    "DELETE FROM dead WHERE event = ? AND lane = (SELECT id FROM lane WHERE name = ?)",
  );

  /** Copies of the last one's event that died in the same ms: `after` would pass over them. */
  function besides(letters: readonly DeadLetter[]): readonly DeadLetter[] {
    const last = letters.at(-1);
    if (last === undefined) return [];
    const same = letters.filter(({ at, ref }) => at === last.at && ref === last.ref);
    const tenants = same.map(({ tenant }) => tenant);
    return beside.all(last.at, last.ref, JSON.stringify(tenants)).map(deadLetterOf);
  }

  return {
    list(what: LettersOf, limit: number, after?: Pick<DeadLetter, "at" | "ref">) {
      const values = { ...valuesOf(what, after), limit };
      const letters = list(what).all(values).map(deadLetterOf);
      return what.tenant === undefined ? [...letters, ...besides(letters)] : letters;
    },
    /** Those that died first. */
    oldest: (what: LettersOf, limit: number): readonly Letter[] =>
      oldest(what).all({ ...valuesOf(what), limit }).map(({ ref, tenant, batch }) => ({
        ref: Number(ref),
        tenant: String(tenant),
        batch: batch === null ? undefined : String(batch),
      })),
    count(what: LettersOf) {
      const row = count(what).get(valuesOf(what));
      return { events: Number(row?.["events"]), tenants: Number(row?.["tenants"]) };
    },
    remove: (tenant: TenantId, ref: EventRef) => remove.run(ref, tenant).changes === 1,
  };
}
