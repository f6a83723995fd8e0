/**
 * The rules of sealing, the same in every engine: how much of what waits becomes a batch, and
 * what the batch says of itself.
 */
import type { Batch, BatchHead, BatchId } from "../batch.ts";
import { envelopeFrameBytesOf, type Member, renderEnvelope } from "../batch/envelope.ts";
import type { Cut } from "../engine.ts";
import type { TenantId } from "../tenant.ts";
import { arranged, compacted, type WaitingRow } from "./queue.ts";
import { ulid } from "./ulid.ts";

/** Whose batch it is, and what it follows. */
export interface Place {
  readonly stream: string;
  readonly tenant: TenantId;
  readonly lastSequence: number;
  readonly lastBatch?: BatchId;
  /** Of a session: the batch that held its beginning. */
  readonly continues?: BatchId;
}

/** A batch, made but not yet written down. */
export interface Made<Row extends WaitingRow> {
  readonly head: BatchHead;
  readonly batch: Batch;
  /** In the order of the payload. */
  readonly members: readonly Row[];
  /** The first of the rows given: what waits no longer, the members among them. */
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
  const { stream, tenant, lastSequence, lastBatch, continues } = place;
  const sealedAt = Date.now();
  return {
    id: `bat_${ulid(sealedAt)}`,
    stream,
    tenant,
    sequence: lastSequence + 1,
    ...(lastBatch === undefined ? {} : { previousId: lastBatch }),
    ...(continues === undefined ? {} : { continues }),
    sealedAt,
    openedAt,
    reason,
  };
}

/**
 * The batch that a cut makes of these rows, given in the order of arrival; none when there are
 * none. What later states replaced is taken with it, and delivered by no batch.
 */
export function makeBatch<Row extends WaitingRow>(
  place: Place,
  rows: readonly Row[],
  cut: Cut,
  memberOf: (row: Row) => Member,
): Made<Row> | undefined {
  const [oldest] = rows;
  if (oldest === undefined) return undefined;
  const head = headOf(place, cut, oldest.since);
  const wanted = cut.compact ? compacted(rows) : rows;
  const fit = fitting(wanted, cut.bytesMax - envelopeFrameBytesOf(head, cut.eventsMax));
  const next = wanted[fit.length];
  const members = arranged(fit);
  const bytes = renderEnvelope(head, members.map(memberOf));
  const ages = members.map(({ since }) => since);
  const batch: Batch = {
    ...head,
    count: members.length,
    size: bytes.byteLength,
    attempts: 0,
    oldestAt: Math.min(...ages),
    youngestAt: Math.max(...ages),
  };
  const taken = next === undefined ? rows : rows.slice(0, rows.indexOf(next));
  return { head, batch, members, taken, bytes };
}
