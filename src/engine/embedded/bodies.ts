/**
 * The bytes of batches: not stored twice, but rendered from the named layout, and a digest proves
 * that they are those that were sealed.
 */
import { Buffer } from "node:buffer";
import { hash } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import type { BatchHead, BatchId } from "../../batch.ts";
import { isLayout, layouts } from "../../batch/layouts.ts";
import type { Member } from "../../batch/member.ts";
import { AggregatorError } from "../../errors.ts";
import type { EventRef } from "../../event.ts";
import type { TenantId } from "../../tenant.ts";
import { type EventTable, memberIn } from "../tables.ts";
import type { LaneId } from "./lanes.ts";
import { refsIn } from "./members.ts";

/** What proves that bytes are the same. */
export const digestOf = (bytes: Uint8Array): Uint8Array => hash("sha256", bytes, "buffer");

/** Looks up events as the members of one tenant's batches. */
export function createMembers(events: Pick<EventTable, "whole">) {
  return function memberOf(ref: EventRef, tenant: TenantId): Member {
    const member = memberIn(events.whole(ref), tenant);
    if (member === undefined) throw new Error(`Event ${ref} is not of tenant "${tenant}"`);
    return member;
  };
}

/** Renders batches again, and proves that the bytes are those that were sealed. */
export function createBodies(database: DatabaseSync, memberOf: ReturnType<typeof createMembers>) {
  const find = database.prepare(
    "SELECT head, layout, members, digest FROM batch WHERE id = ? AND lane = ?",
  );
  return function bytesOf(lane: LaneId, id: BatchId): Uint8Array {
    const row = find.get(id, lane.id);
    if (row === undefined) throw new Error(`No batch of lane "${lane.name}" is called "${id}"`);
    const layout = String(row["layout"]);
    if (!isLayout(layout)) {
      throw new AggregatorError(
        "store",
        `Cannot render batch "${id}": layout "${layout}" is unknown: ` +
          "start the program that sealed it, or a newer one",
      );
    }
    const head: BatchHead = JSON.parse(String(row["head"]));
    const members = refsIn(row["members"]).map((ref) => memberOf(ref, head.tenant));
    const bytes = layouts[layout].render(head, members);
    if (Buffer.compare(digestOf(bytes), row["digest"] as Uint8Array) === 0) return bytes;
    throw new AggregatorError(
      "store",
      `Cannot resend batch "${id}": its bytes would differ from those sealed: the log is damaged`,
    );
  };
}
