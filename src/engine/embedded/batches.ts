/**
 * Sealing and settling: what waits becomes a batch whose id, number, members and bytes are fixed
 * in one transaction, and a batch becomes delivered or dead in one more. The bytes are not stored
 * twice: they are rendered from the named layout, and a digest proves that they are the same.
 */
import { Buffer } from "node:buffer";
import { hash } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import type { Batch, BatchHead, BatchId } from "../../batch.ts";
import { envelopeLayout, type Member, renderEnvelope } from "../../batch/envelope.ts";
import type { Attempt, Settlement } from "../../delivery.ts";
import type { Cut } from "../../engine.ts";
import { AggregatorError } from "../../errors.ts";
import type { EventRef } from "../../event.ts";
import type { TenantId } from "../../tenant.ts";
import type { WaitingRow } from "../queue.ts";
import { type Made, makeBatch, type Place } from "../sealing.ts";
import { createAttempts } from "./attempts.ts";
import type { EventTable } from "../tables.ts";
import type { LaneId, Lanes } from "./lanes.ts";
import type { Sealed } from "./ops.ts";

/** Waiting events that die with a batch, in one transaction. */
const deadAtOnceMax = 10_000;

const digestOf = (bytes: Uint8Array): Uint8Array => hash("sha256", bytes, "buffer");

/** Looks up events as the members of one tenant's batches. */
function createMembers(events: Pick<EventTable, "whole">) {
  return function memberOf(ref: EventRef, tenant: TenantId): Member {
    const { event, owners, text } = events.whole(ref);
    const owner = owners.find((candidate) => candidate.tenant === tenant);
    if (owner === undefined) throw new Error(`Event ${ref} is not of tenant "${tenant}"`);
    return { event, owner, raw: text };
  };
}

/** The number and id of each tenant's last batch. */
function createPlaces(database: DatabaseSync, stream: string) {
  const find = database.prepare("SELECT last_sequence, last_batch FROM tenant WHERE id = ?");
  const put = database.prepare(`
    INSERT INTO tenant(id, last_sequence, last_batch) VALUES (?, ?, ?)
    ON CONFLICT(id) DO UPDATE
    SET last_sequence = excluded.last_sequence, last_batch = excluded.last_batch`);
  return {
    of(tenant: TenantId, continues?: BatchId): Place {
      const last = find.get(tenant);
      return {
        stream,
        tenant,
        lastSequence: Number(last?.["last_sequence"] ?? 0),
        ...(last === undefined ? {} : { lastBatch: String(last["last_batch"]) }),
        ...(continues === undefined ? {} : { continues }),
      };
    },
    put: ({ tenant, sequence, id }: BatchHead) => void put.run(tenant, sequence, id),
  };
}

/** The rows of sealed batches. */
function createSealed(database: DatabaseSync) {
  const put = database.prepare(`
    INSERT INTO batch(id, lane, state, head, layout, members, first_event, digest, size, attempts,
                      oldest_at, youngest_at, sealed_at)
    VALUES (?, ?, 'sealed', ?, ?, ?, ?, ?, ?, 0, ?, ?, ?)`);
  const all = database.prepare(
    "SELECT head, members, attempts, size, oldest_at, youngest_at FROM batch " +
      "WHERE lane = ? AND state = 'sealed' ORDER BY seq",
  );
  return {
    put(made: Made<WaitingRow>, lane: LaneId, layout: string): void {
      const { head, batch, bytes } = made;
      const members = made.members.map(({ event }) => event);
      put.run(
        head.id,
        lane.id,
        JSON.stringify(head),
        layout,
        JSON.stringify(members),
        Math.min(...members),
        digestOf(bytes),
        bytes.byteLength,
        batch.oldestAt,
        batch.youngestAt,
        head.sealedAt,
      );
    },
    /** Oldest first. */
    of: (lane: LaneId): readonly Batch[] =>
      all.all(lane.id).map((row) => {
        const head: BatchHead = JSON.parse(String(row["head"]));
        const members: readonly EventRef[] = JSON.parse(String(row["members"]));
        return {
          ...head,
          count: members.length,
          size: Number(row["size"]),
          attempts: Number(row["attempts"]),
          oldestAt: Number(row["oldest_at"]),
          youngestAt: Number(row["youngest_at"]),
        };
      }),
  };
}

/** Renders batches again, and proves that the bytes are those that were sealed. */
function createBodies(database: DatabaseSync, memberOf: ReturnType<typeof createMembers>) {
  const find = database.prepare(
    "SELECT head, layout, members, digest FROM batch WHERE id = ? AND lane = ?",
  );
  return function bytesOf(lane: LaneId, id: BatchId): Uint8Array {
    const row = find.get(id, lane.id);
    if (row === undefined) throw new Error(`No batch of lane "${lane.name}" is called "${id}"`);
    if (row["layout"] !== envelopeLayout) {
      throw new AggregatorError(
        "store",
        `Cannot render batch "${id}": layout "${row["layout"]}" is unknown: ` +
          "start the program that sealed it, or a newer one",
      );
    }
    const head: BatchHead = JSON.parse(String(row["head"]));
    const members: readonly EventRef[] = JSON.parse(String(row["members"]));
    const bytes = renderEnvelope(head, members.map((ref) => memberOf(ref, head.tenant)));
    if (Buffer.compare(digestOf(bytes), row["digest"] as Uint8Array) === 0) return bytes;
    throw new AggregatorError(
      "store",
      `Cannot resend batch "${id}": its bytes would differ from those sealed: the log is damaged`,
    );
  };
}

/** Seals and settles. To be called inside a transaction. */
export function createBatches(
  database: DatabaseSync,
  lanes: Lanes,
  events: Pick<EventTable, "whole">,
  stream: string,
) {
  const memberOf = createMembers(events);
  const places = createPlaces(database, stream);
  const sealed = createSealed(database);
  const bytesOf = createBodies(database, memberOf);
  const attempts = createAttempts(database);
  const find = database.prepare(
    "SELECT seq, members, attempts, state FROM batch WHERE id = ? AND lane = ?",
  );
  const end = database.prepare("UPDATE batch SET state = ?, settled_at = ? WHERE seq = ?");
  const markDelivered = database.prepare("UPDATE tenant SET delivered_at = ? WHERE id = ?");
  const putDead = database.prepare(
    "INSERT INTO dead(event, lane, batch, reason, at) VALUES (?, ?, ?, ?, ?)",
  );

  function seal(lane: LaneId, cut: Cut): Sealed | undefined {
    const picked = lanes.pick(lane, cut);
    if (picked === undefined) return undefined;
    const place = places.of(lane.tenant, picked.session?.firstBatch);
    const memberOfRow = ({ event }: WaitingRow) => memberOf(event, lane.tenant);
    const made = makeBatch(place, picked.rows, picked.cut, memberOfRow);
    if (made === undefined) return undefined;
    sealed.put(made, lane, cut.layout);
    places.put(made.head);
    lanes.take(lane, picked, made);
    lanes.sealed(lane, 1);
    return { batch: made.batch, bytes: made.bytes };
  }

  function bury(lane: LaneId, events: readonly EventRef[], batch: BatchId | null, reason: string) {
    for (const event of events) putDead.run(event, lane.id, batch, reason, Date.now());
    lanes.died(lane, events.length);
  }

  /** Writes down an attempt and what it came to. Doing so again changes nothing. */
  function settle(lane: LaneId, id: BatchId, attempt: Attempt, settlement: Settlement): void {
    const row = find.get(id, lane.id);
    if (row === undefined) throw new Error(`No batch of lane "${lane.name}" is called "${id}"`);
    if (row["state"] !== "sealed" || attempt.number <= Number(row["attempts"])) return;
    const batch = Number(row["seq"]);
    attempts.record(batch, attempt, settlement.as);
    if (settlement.as === "again") return;
    const at = Date.now();
    end.run(settlement.as === "dead" ? "dead" : "delivered", at, batch);
    lanes.sealed(lane, -1);
    if (settlement.as === "accepted") {
      markDelivered.run(at, lane.tenant);
      return;
    }
    bury(lane, JSON.parse(String(row["members"])), id, settlement.reason);
    const old = lanes.olderThan(lane, settlement.olderThan, deadAtOnceMax);
    bury(lane, old.map(({ event }) => event), null, settlement.reason);
    lanes.remove(lane, old);
  }

  return { seal, unsettled: sealed.of, bytes: bytesOf, settle };
}
