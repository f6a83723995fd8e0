/** Looks up single events, for people. */
import { Buffer } from "node:buffer";
import { hash } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import type { HeldReason } from "../../ownership.ts";
import type { EventRef } from "../../event.ts";
import type { Stored } from "../../held.ts";
import type { HeldClaims } from "../../ownership/owning.ts";
import { eventIn } from "./events.ts";

/** `sha256:…`: an event without an id of its own is known by its content. */
const contentId = /^sha256:([0-9a-f]{64})$/;
/** The second content under one id has eight digits of that at its end. */
const secondId = /~[0-9a-f]{8}$/;

/** What a fingerprint's key ends with. */
function endingOf(id: string): Buffer {
  const content = contentId.exec(id)?.[1];
  if (content !== undefined) return Buffer.from(content, "hex").subarray(0, 16);
  return hash("sha256", id.replace(secondId, ""), "buffer").subarray(0, 16);
}

function storedOf(row: Record<string, unknown>, ref: EventRef): Stored {
  const why = row["reason"] === null ? {} : { why: String(row["reason"]) as HeldReason };
  const claims: Partial<HeldClaims> = row["claims"] === null
    ? {}
    : JSON.parse(String(row["claims"]));
  const { path, signer } = claims;
  return {
    ref,
    event: eventIn(row),
    state: String(row["state"]) as Stored["state"],
    owners: JSON.parse(String(row["owners"])),
    raw: row["raw"] as Uint8Array,
    form: row["form"] === 1,
    ...why,
    ...(path === undefined ? {} : { path }),
    ...(signer === undefined ? {} : { signer }),
  };
}

/** Finds events by their ids, without an index of them: among the newest. */
export function createStored(database: DatabaseSync) {
  const search = database.prepare(
    `SELECT event FROM (SELECT key, event FROM seen ORDER BY key DESC LIMIT :limit)
     WHERE substr(key, 9, 16) = :ending`,
  );
  // What has no id has no time in its key either: its key is known whole.
  const exactly = database.prepare("SELECT event FROM seen WHERE key >= ? AND key < ?");
  const read = database.prepare(
    `SELECT event.*, event.json IS NOT NULL AS form, held.reason, held.claims
     FROM event LEFT JOIN held ON held.event = event.seq WHERE event.seq = ? AND event.id = ?`,
  );

  function refsOf(id: string, limit: number): EventRef[] {
    const ending = endingOf(id);
    const start = Buffer.concat([Buffer.alloc(8), ending]);
    const end = Buffer.concat([start, Buffer.alloc(9, 0xff)]);
    const rows = [...exactly.all(start, end), ...search.all({ limit, ending })];
    return rows.map((row) => Number(row["event"])).sort((one, other) => other - one);
  }

  return {
    find(id: string, limit: number): Stored | undefined {
      for (const ref of refsOf(id, limit)) {
        const row = read.get(ref, id);
        if (row !== undefined) return storedOf(row, ref);
      }
      return undefined;
    },
  };
}
