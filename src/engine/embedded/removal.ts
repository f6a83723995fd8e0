/** Taking rows out of their queues, with what is counted of them. */
import type { WaitingRow } from "../queue.ts";
import { withoutRows } from "../sessions.ts";
import type { Rows } from "./rows.ts";
import type { SessionRow, Sessions } from "./sessions.ts";
import type { Stories } from "./stories.ts";
import { countOut, type Summary } from "./summaries.ts";

type Gone = readonly WaitingRow[];

/** Takes rows out of a queue, which may be of a session or group. */
export function createRemoval(rows: Rows, sessions: Sessions, stories: Stories) {
  /** A group ends with the last of it; a session is remembered. */
  function leaveBeside(lane: Summary, session: SessionRow, gone: Gone): void {
    const { group, id } = session;
    lane.gathered -= gone.length;
    if (group === undefined) return sessions.put(-id, withoutRows(session, gone));
    if (group.source === "split") lane.split -= gone.length;
    const count = session.count - gone.length;
    if (count > 0) return sessions.put(-id, { ...session, count });
    sessions.remove(-id);
    if (group.refusedAt !== undefined) lane.refused -= 1;
  }

  function leave(lane: Summary, queue: number, gone: Gone, session?: SessionRow): void {
    if (queue < 0) return leaveBeside(lane, session ?? sessions.at(queue), gone);
    countOut(lane, gone);
    const head = lane.count === 0 ? undefined : rows.next(queue, 0);
    lane.oldestAt = head?.since;
    if (lane.expiresAt !== undefined) lane.expiresAt = rows.expiresAt(queue, Date.now());
    stories.leave(queue, gone, head?.position);
  }

  function some(lane: Summary, queue: number, gone: Gone): void {
    for (const { position } of gone) rows.remove(queue, position);
    leave(lane, queue, gone);
  }

  return {
    head(lane: Summary, queue: number, gone: Gone, session?: SessionRow): void {
      rows.removeThrough(queue, gone.at(-1)?.position ?? 0);
      leave(lane, queue, gone, session);
    },
    /** Whatever is of one story leaves from its beginning. */
    some,
    /** Where a clock went back, earlier rows of their stories may stay behind. */
    any(lane: Summary, queue: number, gone: Gone): void {
      some(lane, queue, gone);
      const last = gone.at(-1)?.position ?? 0;
      if (queue < 0 || (rows.next(queue, 0)?.position ?? last) >= last) return;
      rows.loseBefore(queue, gone);
      stories.lose(queue, last);
    },
  };
}
