/**
 * The rules of sealing, the same in every engine: how much of a lane's head becomes a batch, and
 * what the batch says of itself.
 */
import type { Batch, BatchHead, BatchId } from "../batch.ts";
import { envelopeFrameBytesOf, type Member, renderEnvelope } from "../batch/envelope.ts";
import type { Cut } from "../engine.ts";
import type { EventRef } from "../event.ts";
import type { TenantId } from "../tenant.ts";
import { ulid } from "./ulid.ts";

/** One waiting event, without its bytes. */
export interface WaitingRow {
  readonly event: EventRef;
  /** When it became the tenant's. */
  readonly since: number;
  /** What it adds to a payload. */
  readonly bytes: number;
}

/** Whose batch it is, and what it follows. */
export interface Place {
  readonly stream: string;
  readonly tenant: TenantId;
  readonly lastSequence: number;
  readonly lastBatch?: BatchId;
}

/** A batch, made but not yet written down. */
export interface Made<Row extends WaitingRow> {
  readonly head: BatchHead;
  readonly batch: Batch;
  /** The rows that are its members. */
  readonly taken: readonly Row[];
  readonly bytes: Uint8Array;
}

/** As many rows from the head as fit; at least one. */
function fitting<Row extends WaitingRow>(
  rows: readonly Row[],
  bytesMax: number,
): readonly Row[] {
  let bytes = 0;
  const end = rows.findIndex((row, index) => {
    bytes += row.bytes;
    return index > 0 && bytes > bytesMax;
  });
  return end === -1 ? rows : rows.slice(0, end);
}

function headOf(place: Place, { reason }: Cut, openedAt: number): BatchHead {
  const { stream, tenant, lastSequence, lastBatch } = place;
  const sealedAt = Date.now();
  return {
    id: `bat_${ulid(sealedAt)}`,
    stream,
    tenant,
    sequence: lastSequence + 1,
    ...(lastBatch === undefined ? {} : { previousId: lastBatch }),
    sealedAt,
    openedAt,
    reason,
  };
}

/** The batch that a cut makes of a lane's first rows; none when there are no rows. */
export function makeBatch<Row extends WaitingRow>(
  place: Place,
  rows: readonly Row[],
  cut: Cut,
  memberOf: (row: Row) => Member,
): Made<Row> | undefined {
  const [oldest] = rows;
  if (oldest === undefined) return undefined;
  const head = headOf(place, cut, oldest.since);
  const taken = fitting(rows, cut.bytesMax - envelopeFrameBytesOf(head, cut.eventsMax));
  const bytes = renderEnvelope(head, taken.map(memberOf));
  const ages = taken.map(({ since }) => since);
  const batch: Batch = {
    ...head,
    count: taken.length,
    size: bytes.byteLength,
    attempts: 0,
    oldestAt: Math.min(...ages),
    youngestAt: Math.max(...ages),
  };
  return { head, batch, taken, bytes };
}
