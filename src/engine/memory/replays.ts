/** Sends events again that the engine in memory still has. */
import type { BatchId } from "../../batch.ts";
import { envelopeBytesOf } from "../../batch/envelope.ts";
import { createReplay, type SettledBatch } from "../replaying.ts";
import type { MemoryEvents } from "./events.ts";
import type { MemoryLane, StoredBatch } from "./lane.ts";
import { waitingIn } from "./lane.ts";
import type { MemoryLanes } from "./lanes.ts";
import { lettersIn } from "./letters.ts";

const refsOf = (rows: StoredBatch["members"]) => rows.map(({ event }) => event);

const storiesOf = (lanes: MemoryLanes) =>
  lanes.all().flatMap(({ stories }) => [...stories.values()]);

/** Numbers batches in the order in which they are heard of. */
function createNumbers() {
  const numbers = new Map<BatchId, number>();
  return function numberOf({ batch: { id } }: StoredBatch): number {
    const number = numbers.get(id) ?? numbers.size + 1;
    numbers.set(id, number);
    return number;
  };
}

/** Makes a replay of the events of one engine. */
export function createMemoryReplay(lanes: MemoryLanes, events: MemoryEvents) {
  const numberOf = createNumbers();

  function settledOf(stored: StoredBatch): SettledBatch[] {
    const { batch: { id, tenant }, state, settledAt: at } = stored;
    return at === undefined ? [] : [{ id, tenant, state, at, number: numberOf(stored) }];
  }

  const sealedIn = ({ sealed }: MemoryLane) =>
    [...sealed.values()].flatMap(({ members }) => members);

  return createReplay({
    batch(id) {
      const stored = storiesOf(lanes).find(({ batch }) => batch.id === id);
      if (stored === undefined) return undefined;
      const { batch: { tenant }, state, members } = stored;
      return { tenant, state, members: refsOf(members) };
    },
    settled: ({ after, until }, limit) =>
      storiesOf(lanes).flatMap(settledOf)
        .filter(({ at, number }) =>
          at < until && (at > after.at || (at === after.at && number > after.number))
        )
        .sort((one, other) => one.at - other.at || one.number - other.number)
        .slice(0, limit),
    oldest: (what, limit) =>
      lettersIn(lanes.all(), events, what).slice(0, limit)
        .map(({ ref, tenant, batch }) => ({ ref, tenant, batch })),
    countLetters(what) {
      const letters = lettersIn(lanes.all(), events, what);
      const tenants = new Set(letters.map(({ tenant }) => tenant));
      return { events: letters.length, tenants: tenants.size };
    },
    atRest(tenant, refs) {
      const lane = lanes.of(tenant);
      const busy = new Set(refsOf([...waitingIn(lane), ...sealedIn(lane)]));
      return refs.filter((ref) => !busy.has(ref));
    },
    deadAmong: (tenant, refs) => refs.filter((ref) => lanes.of(tenant).dead.has(ref)),
    raise: (tenant, ref) => void lanes.of(tenant).dead.delete(ref),
    bytesOf: (tenant, ref) => events.get(ref) && envelopeBytesOf(events.memberOf(ref, tenant)),
    beside: lanes.beside,
  });
}
