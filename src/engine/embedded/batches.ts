/**
 * Sealing: what waits becomes a batch whose id, number, members and bytes are fixed in one
 * transaction.
 */
import type { DatabaseSync } from "node:sqlite";
import type { Batch, BatchHead, Layout } from "../../batch.ts";
import type { Cut } from "../../lane.ts";
import type { TenantId } from "../../tenant.ts";
import type { WaitingRow } from "../queue.ts";
import { pastOf, type Source } from "../returning.ts";
import { type Made, makeBatch, type Place } from "../sealing.ts";
import { createBodies, createMembers, digestOf } from "./bodies.ts";
import type { EventTable } from "../tables.ts";
import type { LaneId, Lanes } from "./lanes.ts";
import { isLater, type MemberRow, membersIn, membersText } from "./members.ts";
import type { Sealed } from "./ops.ts";
import type { SessionRow } from "./sessions.ts";
import { type Beyond, createSettle, returnedIn } from "./settling.ts";

/** What a batch says of the session or group that it is of. */
function whenceOf({ group, firstBatch }: Partial<SessionRow>): Partial<Place> {
  if (group !== undefined) return pastOf(group);
  return firstBatch === undefined ? {} : { continues: firstBatch };
}

/** The number and id of each tenant's last batch. */
function createPlaces(database: DatabaseSync, stream: string) {
  const find = database.prepare("SELECT last_sequence, last_batch FROM tenant WHERE id = ?");
  const put = database.prepare(`
    INSERT INTO tenant(id, last_sequence, last_batch) VALUES (?, ?, ?)
    ON CONFLICT(id) DO UPDATE
    SET last_sequence = excluded.last_sequence, last_batch = excluded.last_batch`);
  return {
    of(tenant: TenantId, session: SessionRow | undefined): Place {
      const last = find.get(tenant);
      return {
        stream,
        tenant,
        lastSequence: Number(last?.["last_sequence"] ?? 0),
        ...(last === undefined ? {} : { lastBatch: String(last["last_batch"]) }),
        ...whenceOf(session ?? {}),
      };
    },
    put: ({ tenant, sequence, id }: BatchHead) => void put.run(tenant, sequence, id),
  };
}

/** The rows of sealed batches. */
function createSealed(database: DatabaseSync) {
  const put = database.prepare(`
    INSERT INTO batch(id, lane, state, source, head, layout, members, first_event, digest, size,
                      attempts, returned, refused_at, oldest_at, youngest_at, sealed_at)
    VALUES (?, ?, 'sealed', ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?)`);
  const all = database.prepare(
    "SELECT head, layout, members, attempts, returned, refused_at, size, oldest_at, youngest_at " +
      "FROM batch WHERE lane = ? AND state = 'sealed' ORDER BY seq",
  );
  return {
    put(made: Made<WaitingRow>, lane: LaneId, source: Source, members: readonly MemberRow[]): void {
      const { head, batch, bytes } = made;
      put.run(
        head.id,
        lane.id,
        source,
        JSON.stringify(head),
        batch.layout,
        membersText(members),
        Math.min(...members.map(({ event }) => event)),
        digestOf(bytes),
        bytes.byteLength,
        batch.returned?.times ?? 0,
        batch.returned?.refusedAt ?? null,
        batch.oldestAt,
        batch.youngestAt,
        head.sealedAt,
      );
    },
    /** Oldest first. */
    of: (lane: LaneId): readonly Batch[] =>
      all.all(lane.id).map((row) => {
        const head: BatchHead = JSON.parse(String(row["head"]));
        return {
          ...head,
          layout: row["layout"] as Layout,
          ...returnedIn(row),
          count: membersIn(row["members"]).length,
          size: Number(row["size"]),
          attempts: Number(row["attempts"]),
          oldestAt: Number(row["oldest_at"]),
          youngestAt: Number(row["youngest_at"]),
        };
      }),
  };
}

/** Seals and settles. To be called inside a transaction. */
export function createBatches(
  database: DatabaseSync,
  lanes: Lanes,
  events: Pick<EventTable, "whole">,
  stream: string,
  beyond: Beyond,
) {
  const memberOf = createMembers(events);
  const places = createPlaces(database, stream);
  const sealed = createSealed(database);

  function seal(lane: LaneId, cut: Cut): Sealed | undefined {
    const picked = lanes.pick(lane, cut);
    if (picked === undefined) return undefined;
    const { session } = picked;
    const later = new Set<WaitingRow>();
    const made = makeBatch(places.of(lane.tenant, session), picked.rows, picked.cut, (row) => {
      const member = memberOf(row.event, lane.tenant);
      if (isLater(row.since, member.event.receivedAt)) later.add(row);
      return member;
    });
    if (made === undefined) return undefined;
    const source = session === undefined ? "lane" : session.group?.source ?? "session";
    const members = made.members.map((row) => later.has(row) ? row : { event: row.event });
    sealed.put(made, lane, source, members);
    places.put(made.head);
    lanes.take(lane, picked, made);
    lanes.sealed(lane, 1);
    return { batch: made.batch, bytes: made.bytes };
  }

  return {
    seal,
    unsettled: sealed.of,
    bytes: createBodies(database, memberOf),
    settle: createSettle(database, lanes, memberOf, beyond),
  };
}
