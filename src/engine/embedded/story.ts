/** A batch, as people look at it, until it is pruned. */
import type { DatabaseSync } from "node:sqlite";
import type { BatchHead, BatchId } from "../../batch.ts";
import type { BatchMember, BatchStory, KeptAttempt } from "../../delivery.ts";
import { membersIn, refsIn } from "./members.ts";
import type { LaneId } from "./lanes.ts";

function attemptOf(row: Record<string, unknown>): KeptAttempt {
  const { number, at, took_ms, origin, status, error, answer, verdict } = row;
  return {
    number: Number(number),
    startedAt: Number(at),
    tookMs: Number(took_ms),
    origin: String(origin),
    ...(status === null ? {} : { status: Number(status) }),
    ...(error === null ? {} : { error: String(error) }),
    ...(answer === null ? {} : { answer: String(answer) }),
    verdict: verdict as KeptAttempt["verdict"],
  };
}

function storyOf(row: Record<string, unknown>, kept: readonly KeptAttempt[]): BatchStory {
  const head: BatchHead = JSON.parse(String(row["head"]));
  const { id, tenant, sequence, sealedAt, retryOf, replayOf } = head;
  const settledAt = row["settled_at"];
  return {
    id,
    tenant,
    sequence,
    state: row["state"] as BatchStory["state"],
    count: refsIn(row["members"]).length,
    size: Number(row["size"]),
    attempts: Number(row["attempts"]),
    sealedAt,
    ...(settledAt === null ? {} : { settledAt: Number(settledAt) }),
    ...(retryOf === undefined ? {} : { retryOf }),
    ...(replayOf === undefined ? {} : { replayOf }),
    kept,
  };
}

/** Opens the batches of a log for people, and their events for whoever must tell them apart. */
export function openStory(database: DatabaseSync) {
  const find = database.prepare("SELECT * FROM batch WHERE id = ?");
  const attempts = database.prepare("SELECT * FROM attempt WHERE batch = ? ORDER BY number");
  const findMembers = database.prepare("SELECT members FROM batch WHERE id = ? AND lane = ?");
  const findEvent = database.prepare("SELECT id, received_at FROM event WHERE seq = ?");
  return {
    of(id: BatchId): BatchStory | undefined {
      const row = find.get(id);
      return row && storyOf(row, attempts.all(Number(row["seq"])).map(attemptOf));
    },
    /** In the order of the payload. Throws where the lane has no such batch. */
    members(lane: LaneId, batch: BatchId): readonly BatchMember[] {
      const row = findMembers.get(batch, lane.id);
      if (row === undefined) {
        throw new Error(`No batch of lane "${lane.name}" is called "${batch}"`);
      }
      return membersIn(row["members"]).map(({ event, since }) => {
        const row = findEvent.get(event);
        return { id: String(row?.["id"]), since: since ?? Number(row?.["received_at"]) };
      });
    },
  };
}
