/** Dead letters and batches in memory, for people. */
import type { BatchId } from "../../batch.ts";
import type { BatchStory, DeadLetter } from "../../delivery.ts";
import type { LettersOf } from "../replaying.ts";
import type { MemoryEvents } from "./events.ts";
import type { MemoryLane } from "./lane.ts";

const isIn = ({ since = 0, until = Number.POSITIVE_INFINITY }: LettersOf, at: number) =>
  at >= since && at < until;

/** Those that are meant, and still have an event; the ones that died first come first. */
export function lettersIn(
  lanes: readonly MemoryLane[],
  events: MemoryEvents,
  what: LettersOf,
): readonly DeadLetter[] {
  const { tenant } = what;
  return lanes.filter((lane) => tenant === undefined || lane.tenant === tenant).flatMap((lane) =>
    [...lane.dead].flatMap(([ref, { batch, reason, at }]): DeadLetter[] => {
      const event = events.get(ref)?.event;
      if (event === undefined || !isIn(what, at)) return [];
      const attempts = batch === undefined ? 0 : lane.stories.get(batch)?.batch.attempts ?? 0;
      const of = batch === undefined ? {} : { batch };
      return [{ ref, tenant: lane.tenant, event, ...of, reason, at, attempts }];
    })
  ).sort((one, other) => one.at - other.at || one.ref - other.ref);
}

/** One page, those that died last first; copies of one event that died at once are on one page. */
export function pageOf(
  letters: readonly DeadLetter[],
  limit: number,
  after?: Pick<DeadLetter, "at" | "ref">,
): readonly DeadLetter[] {
  const isAfter = ({ at, ref }: DeadLetter, place: Pick<DeadLetter, "at" | "ref">) =>
    at < place.at || (at === place.at && ref < place.ref);
  const rest = letters.toReversed().filter((one) => after === undefined || isAfter(one, after));
  const last = rest[limit - 1];
  return last === undefined ? rest : rest.filter((one) => !isAfter(one, last));
}

/** A batch and its attempts. */
export function storyIn(lanes: readonly MemoryLane[], id: BatchId): BatchStory | undefined {
  const stored = lanes.flatMap(({ stories }) => stories.get(id) ?? [])[0];
  if (stored === undefined) return undefined;
  const { batch, state, settledAt, kept } = stored;
  const { tenant, sequence, count, size, attempts, sealedAt, retryOf, replayOf } = batch;
  return {
    id,
    tenant,
    sequence,
    state,
    count,
    size,
    attempts,
    sealedAt,
    ...(settledAt === undefined ? {} : { settledAt }),
    ...(retryOf === undefined ? {} : { retryOf }),
    ...(replayOf === undefined ? {} : { replayOf }),
    kept,
  };
}
