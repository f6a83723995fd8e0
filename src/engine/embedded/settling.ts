/**
 * Settling: in one transaction with its last attempt a batch ends, and its events are delivered or
 * dead, or wait again.
 */
import type { DatabaseSync } from "node:sqlite";
import type { Batch, BatchId } from "../../batch.ts";
import { envelopeBytesOf } from "../../batch/envelope.ts";
import type { Member } from "../../batch/member.ts";
import type { Settled, UrlState } from "../../delivery.ts";
import type { EventRef } from "../../event.ts";
import type { TenantId } from "../../tenant.ts";
import type { Settling } from "../handout.ts";
import { type Back, type Ending, endingOf, returnedOf, type Source } from "../returning.ts";
import { createAttempts } from "./attempts.ts";
import type { LaneId, Lanes } from "./lanes.ts";
import { type MemberRow, membersIn } from "./members.ts";

/** Waiting events that die with a batch, in one transaction. */
const deadAtOnceMax = 10_000;

/** What is written down with a settlement, beside the batch. */
export interface Beyond {
  putUrl(lane: LaneId, url: UrlState): void;
  /** Nobody wants the tenant's events there any more. */
  gone(lane: LaneId, destination: string): void;
}

type Row = Record<string, unknown>;

const refusedAtIn = ({ refused_at }: Row) =>
  typeof refused_at === "number" ? refused_at : undefined;

/** What a batch's row says of its members' past. */
export function returnedIn(row: Row): Pick<Batch, "returned"> {
  const returned = returnedOf(Number(row["returned"]), refusedAtIn(row));
  return returned === undefined ? {} : { returned };
}

/** Writes dead letters down; one that dies again, after a replay, is one. */
function createBury(database: DatabaseSync, lanes: Lanes) {
  const put = database.prepare(
    "INSERT INTO dead(event, lane, batch, reason, at) VALUES (?, ?, ?, ?, ?) " +
      "ON CONFLICT(event, lane) DO NOTHING",
  );
  const renew = database.prepare(
    "UPDATE dead SET batch = ?, reason = ?, at = ? WHERE event = ? AND lane = ?",
  );
  type Dying = { readonly event: EventRef; readonly reason: string };
  return function bury(lane: LaneId, dying: readonly Dying[], batch: BatchId | null, at: number) {
    const fresh = dying.filter(({ event, reason }) => {
      const isNew = put.run(event, lane.id, batch, reason, at).changes === 1;
      if (!isNew) renew.run(batch, reason, at, event, lane.id);
      return isNew;
    });
    if (dying.length > 0) lanes.died(lane, fresh.length);
    return dying.length;
  };
}

/** Writes down how batches end. */
function createEnds(database: DatabaseSync, lanes: Lanes) {
  const end = database.prepare("UPDATE batch SET state = ?, settled_at = ? WHERE seq = ?");
  const markDelivered = database.prepare("UPDATE tenant SET delivered_at = ? WHERE id = ?");
  return function ended(
    lane: LaneId,
    seq: number,
    { state, delivered }: Ending<unknown>,
    at: number,
  ) {
    end.run(state, at, seq);
    lanes.sealed(lane, -1);
    if (delivered === 0) return;
    markDelivered.run(at, lane.tenant);
    lanes.delivered(lane, at);
  };
}

/** Settles the batches of a log. To be called inside a transaction. */
export function createSettle(
  database: DatabaseSync,
  lanes: Lanes,
  memberOf: (event: EventRef, tenant: TenantId) => Member,
  beyond: Beyond,
) {
  const attempts = createAttempts(database);
  const bury = createBury(database, lanes);
  const ended = createEnds(database, lanes);
  const find = database.prepare(
    "SELECT seq, members, attempts, state, source, returned, refused_at FROM batch " +
      "WHERE id = ? AND lane = ?",
  );

  function backOf(tenant: TenantId, { event, since }: MemberRow): Back {
    const member = memberOf(event, tenant);
    return { event, since: since ?? member.event.receivedAt, bytes: envelopeBytesOf(member) };
  }

  /** Gives up what waits since before then, too. */
  function buryOld(lane: LaneId, reason: string, olderThan: number, at: number): number {
    const old = lanes.olderThan(lane, olderThan, deadAtOnceMax);
    lanes.remove(lane, old);
    return bury(lane, old.map(({ event }) => ({ event, reason })), null, at);
  }

  /** Ends a batch, if that is what it came to; says how many events died of it. */
  function finish(lane: LaneId, row: Row, { batch: id, to }: Settling): number {
    const members = membersIn(row["members"]);
    const at = Date.now();
    const batch = { id, source: row["source"] as Source, ...returnedIn(row) };
    const ending = endingOf(batch, members, to, at);
    if (ending === undefined) return 0;
    const { back, group, dead } = ending;
    ended(lane, Number(row["seq"]), ending, at);
    if (to.as === "split") lanes.tooLarge(lane, members.length);
    if (to.as === "accepted" || to.as === "partly") lanes.fitted(lane, members.length);
    if (group) lanes.beside(lane, back.map((member) => backOf(lane.tenant, member)), group);
    const dying = dead.map(({ member: { event }, reason }) => ({ event, reason }));
    const died = bury(lane, dying, id, at);
    return to.as === "dead" ? died + buryOld(lane, to.reason, to.olderThan, at) : died;
  }

  /** Writes down an attempt and what it came to. Doing so again changes nothing. */
  return function settle(lane: LaneId, settling: Settling): Settled {
    const { batch: id, attempt, to, url } = settling;
    const row = find.get(id, lane.id);
    if (row === undefined) throw new Error(`No batch of lane "${lane.name}" is called "${id}"`);
    const isRepetition = attempt.number <= Number(row["attempts"]);
    if (row["state"] !== "sealed" || isRepetition) return { dead: 0 };
    attempts.record(Number(row["seq"]), attempt, to.as);
    if (url !== undefined) beyond.putUrl(lane, url);
    if (to.as === "gone") beyond.gone(lane, to.destination);
    return { dead: finish(lane, row, settling) };
  };
}
