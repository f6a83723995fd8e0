/**
 * The rules of sealing, the same in every engine: how much of what waits becomes a batch, and
 * what the batch says of itself.
 */
import type { Batch, BatchHead, BatchId, Layout, Returned } from "../batch.ts";
import { envelopeLayout } from "../batch/envelope.ts";
import { layoutFor, layouts } from "../batch/layouts.ts";
import type { Member } from "../batch/member.ts";
import type { Cut } from "../lane.ts";
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
  /** Of what came back: the batch that held it before, and what it went through. */
  readonly retryOf?: BatchId;
  readonly replayOf?: BatchId;
  readonly returned?: Returned;
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
  membersMax: number,
  bytesOf: (row: Row) => number,
): readonly Row[] {
  let bytes = 0;
  const end = rows.findIndex((row, index) => {
    if (index >= membersMax) return true;
    bytes += bytesOf(row);
    return index > 0 && bytes > bytesMax;
  });
  return end === -1 ? rows : rows.slice(0, end);
}

/** The same, asked only once for each: what is not in memory any more is read. */
function remembering<Row, T>(of: (row: Row) => T): (row: Row) => T {
  const known = new Map<Row, T>();
  return (row) => {
    const found = known.get(row) ?? of(row);
    known.set(row, found);
    return found;
  };
}

function headOf(place: Place, { reason }: Cut, openedAt: number): BatchHead {
  const { stream, tenant, lastSequence, lastBatch, continues, retryOf, replayOf } = place;
  const sealedAt = Date.now();
  return {
    id: `bat_${ulid(sealedAt)}`,
    stream,
    tenant,
    sequence: lastSequence + 1,
    ...(lastBatch === undefined ? {} : { previousId: lastBatch }),
    ...(continues === undefined ? {} : { continues }),
    ...(retryOf === undefined ? {} : { retryOf }),
    ...(replayOf === undefined ? {} : { replayOf }),
    sealedAt,
    openedAt,
    reason,
  };
}

/** The rows that fit into this layout, and how they become members. */
function fittingInto<Row extends WaitingRow>(
  layout: Layout,
  rows: readonly Row[],
  bytesMax: number,
  memberOf: (row: Row) => Member,
) {
  const { bytesOf, membersMax = Number.POSITIVE_INFINITY } = layouts[layout];
  // What a row adds to an envelope stands in it; for all others the event itself is looked at.
  if (layout === envelopeLayout) {
    return { fit: fitting(rows, bytesMax, membersMax, ({ bytes }) => bytes), memberOf };
  }
  const known = remembering(memberOf);
  return {
    fit: fitting(rows, bytesMax, membersMax, (row) => bytesOf(known(row))),
    memberOf: known,
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
  ofRow: (row: Row) => Member,
): Made<Row> | undefined {
  const [oldest] = rows;
  if (oldest === undefined) return undefined;
  const head = headOf(place, cut, oldest.since);
  const wanted = cut.compact ? compacted(rows) : rows;
  const room = cut.bytesMax - layouts[cut.layout].frameBytesOf(head, cut.eventsMax);
  const { fit, memberOf } = fittingInto(cut.layout, wanted, room, ofRow);
  const next = wanted[fit.length];
  const members = arranged(fit);
  const texts = members.map(memberOf);
  const layout = layoutFor(cut.layout, texts);
  const bytes = layouts[layout].render(head, texts);
  const ages = members.map(({ since }) => since);
  const batch: Batch = {
    ...head,
    layout,
    ...(place.returned === undefined ? {} : { returned: place.returned }),
    count: members.length,
    size: bytes.byteLength,
    attempts: 0,
    oldestAt: Math.min(...ages),
    youngestAt: Math.max(...ages),
  };
  const taken = next === undefined ? rows : rows.slice(0, rows.indexOf(next));
  return { head, batch, members, taken, bytes };
}
