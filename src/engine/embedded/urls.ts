/** How each lane's URLs had done, so that a restart does not forget it. */
import type { DatabaseSync } from "node:sqlite";
import type { UrlState } from "../../delivery.ts";
import { urlsMax } from "../handout.ts";

function urlOf({ digest, failures, not_before, failing_since }: Record<string, unknown>): UrlState {
  return {
    digest: String(digest),
    failures: Number(failures),
    notBefore: Number(not_before),
    ...(failing_since === null ? {} : { failingSince: Number(failing_since) }),
  };
}

/** Opens the URLs of a log. To be used inside a transaction. */
export function openUrls(database: DatabaseSync) {
  const find = database.prepare("SELECT * FROM url WHERE lane = ? ORDER BY at DESC");
  const put = database.prepare(
    "INSERT OR REPLACE INTO url(lane, digest, failures, not_before, failing_since, at) " +
      "VALUES (?, ?, ?, ?, ?, ?)",
  );
  // The one just written stays, even where the clock went back.
  const forget = database.prepare(`
    DELETE FROM url WHERE lane = :lane AND digest <> :digest AND digest NOT IN
      (SELECT digest FROM url WHERE lane = :lane AND digest <> :digest
        ORDER BY at DESC LIMIT ${urlsMax - 1})`);
  return {
    /** The one that was written last comes first. */
    of: (lane: number): readonly UrlState[] => find.all(lane).map(urlOf),
    put(lane: number, { digest, failures, notBefore, failingSince }: UrlState): void {
      const since = failingSince === undefined ? null : Math.round(failingSince);
      put.run(lane, digest, failures, Math.round(notBefore), since, Date.now());
      forget.run({ lane, digest });
    },
  };
}
