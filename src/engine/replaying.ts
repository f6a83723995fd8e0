/**
 * Replaying: events that were settled wait once more, in groups beside their lanes. The same rules
 * in every engine, and in steps that a thread can do while others wait.
 *
 *     a batch      its dead letters, or what it delivered where none died  ┐ but what waits
 *     dead ones    those that died first; they are dead no more            ├─ or is sealed: that
 *     a time       what the batches delivered that ended in it             ┘ is on its way
 */
import type { BatchId } from "../batch.ts";
import type { BatchStory, Replayed, Selection } from "../delivery.ts";
import type { EventRef } from "../event.ts";
import type { TenantId } from "../tenant.ts";
import type { Back, Beside } from "./returning.ts";

/** Events in one step; of batches that were delivered only the last one may go beyond it. */
export const replayedMax = 2_000;

/**
 * Events looked at in one step, whether or not they are sent: where they are only counted, more. A
 * batch is as much work as some of them.
 */
const lookedAtMax = { sent: 20_000, counted: 100_000 };
const batchWork = { passedOver: 5, lookedInto: 20 };

/** Batches read at once. */
const pageBatches = 200;

/** Which dead letters are meant. */
export type LettersOf = Exclude<Selection, { batch: BatchId }>;

/** A dead letter, as far as its place goes. */
export interface Letter {
  readonly ref: EventRef;
  readonly tenant: TenantId;
  /** The batch that it was last in. */
  readonly batch: BatchId | undefined;
}

/** A batch, as far as sending it again goes. */
export interface Replayable {
  readonly tenant: TenantId;
  readonly state: BatchStory["state"];
  /** In the order of its payload. */
  readonly members: readonly EventRef[];
}

/** A batch, as one of many: they are in the order of when they were settled, then of number. */
export interface SettledBatch extends Pick<Replayable, "tenant" | "state"> {
  readonly id: BatchId;
  readonly number: number;
  readonly at: number;
}

/** Where settled batches are looked for: after the first of these, and before `until`. */
export interface Span {
  readonly after: { readonly at: number; readonly number: number };
  readonly until: number;
}

/** What an engine keeps, as far as replaying goes. To be used inside a transaction. */
export interface ReplayTable {
  batch(id: BatchId): Replayable | undefined;
  settled(span: Span, limit: number): readonly SettledBatch[];
  oldest(what: LettersOf, limit: number): readonly Letter[];
  countLetters(what: LettersOf): { readonly events: number; readonly tenants: number };
  /** Without those that wait or are sealed in the tenant's lane, in the same order. */
  atRest(tenant: TenantId, refs: readonly EventRef[]): readonly EventRef[];
  /** Those that are its dead letters, in the same order. */
  deadAmong(tenant: TenantId, refs: readonly EventRef[]): readonly EventRef[];
  /** It is a dead letter no more. */
  raise(tenant: TenantId, ref: EventRef): void;
  /** What it adds to the tenant's payloads; undefined: it is no longer in the log. */
  bytesOf(tenant: TenantId, ref: EventRef): number | undefined;
  beside(tenant: TenantId, back: readonly Back[], group: Beside): void;
}

interface Sum {
  readonly events: number;
  readonly missing: number;
  /** Some of them more than once. */
  readonly tenants: readonly TenantId[];
}

const nothing: Sum = { events: 0, missing: 0, tenants: [] };

const sumOf = (sums: readonly Sum[]): Sum => ({
  events: sums.reduce((sum, { events }) => sum + events, 0),
  missing: sums.reduce((sum, { missing }) => sum + missing, 0),
  tenants: sums.flatMap(({ tenants }) => tenants),
});

function replayedOf({ events, missing, tenants }: Sum, next?: Selection): Replayed {
  const more = next !== undefined;
  return { events, tenants: new Set(tenants).size, missing, more, ...(more ? { next } : {}) };
}

/** What settles from now on is not meant: it may be what was sent again. */
const untilOf = ({ until = Number.MAX_SAFE_INTEGER }: LettersOf, now: number) =>
  Math.min(until, now + 1);

/** Lets events wait again beside their lanes. */
function createSending(table: ReplayTable) {
  return function send(
    tenant: TenantId,
    refs: readonly EventRef[],
    parent: BatchId | undefined,
    dryRun: boolean,
  ): Sum {
    const now = Date.now();
    const back = refs.flatMap((event): Back[] => {
      const bytes = table.bytesOf(tenant, event);
      return bytes === undefined ? [] : [{ event, since: now, bytes }];
    });
    const of = parent === undefined ? {} : { parent };
    if (!dryRun) { for (const ref of refs) table.raise(tenant, ref); }
    if (!dryRun && back.length > 0) {
      table.beside(tenant, back, { source: "replay", ...of, dueAt: now, returned: 0 });
    }
    const missing = refs.length - back.length;
    return { events: back.length, missing, tenants: back.length > 0 ? [tenant] : [] };
  };
}

/** The batches of a span, a page at a time: what is sent again of one settles none. */
function* settledIn(table: ReplayTable, { after, until }: Span): Generator<SettledBatch> {
  for (let last: Span["after"] | undefined = after; last !== undefined;) {
    const page: readonly SettledBatch[] = table.settled({ after: last, until }, pageBatches);
    yield* page;
    last = page.length < pageBatches ? undefined : page.at(-1);
  }
}

const hasDelivered = ({ state }: SettledBatch) => state === "delivered" || state === "partly";

/** Finds of a batch that is settled what is to be sent again, and is at rest. */
function createMeant(table: ReplayTable) {
  /** Of one that was partly accepted what is not dead: what it did not deliver a later one did. */
  function deliveredOf({ tenant, state, members }: Replayable): readonly EventRef[] {
    const resting = table.atRest(tenant, members);
    if (state !== "partly") return resting;
    const dead = new Set(table.deadAmong(tenant, resting));
    return resting.filter((ref) => !dead.has(ref));
  }

  return {
    deliveredOf,
    of(batch: Replayable): readonly EventRef[] {
      const { tenant, state, members } = batch;
      if (state === "delivered") return deliveredOf(batch);
      const dead = table.deadAmong(tenant, members);
      return state === "partly" && dead.length === 0
        ? deliveredOf(batch)
        : table.atRest(tenant, dead);
    },
  };
}

/** Sends again, or counts, what was delivered in a time. */
function createDelivered(
  table: ReplayTable,
  send: ReturnType<typeof createSending>,
  { deliveredOf }: ReturnType<typeof createMeant>,
) {
  /** By what is written of it: whether all is still there is not looked at. */
  function counted(batch: Replayable): Sum {
    const { tenant, state, members } = batch;
    const refs = state === "delivered" ? members : deliveredOf(batch);
    return { ...nothing, events: refs.length, tenants: refs.length > 0 ? [tenant] : [] };
  }

  function deliveredBy(id: BatchId, dryRun: boolean) {
    const batch = table.batch(id);
    if (batch === undefined) return { work: 0, sum: nothing };
    const work = batchWork.lookedInto + batch.members.length;
    if (dryRun) return { work, sum: counted(batch) };
    return { work, sum: send(batch.tenant, deliveredOf(batch), id, false) };
  }

  return function delivered(what: LettersOf, dryRun: boolean): Replayed {
    const until = untilOf(what, Date.now());
    const { tenant, since = 0, after = { at: since, number: 0 } } = what;
    const sums: Sum[] = [];
    const lookedMax = dryRun ? lookedAtMax.counted : lookedAtMax.sent;
    let [end, looked, sent] = [after, 0, 0];
    for (const batch of settledIn(table, { after, until })) {
      if (sent >= replayedMax || looked >= lookedMax) {
        return replayedOf(sumOf(sums), { ...what, until, after: end });
      }
      end = { at: batch.at, number: batch.number };
      looked += batchWork.passedOver;
      if (!hasDelivered(batch) || (tenant ?? batch.tenant) !== batch.tenant) continue;
      const { work, sum } = deliveredBy(batch.id, dryRun);
      looked += work;
      sent += dryRun ? 0 : sum.events;
      sums.push(sum);
    }
    return replayedOf(sumOf(sums));
  };
}

/** Sends events of one engine again, or counts them. */
export function createReplay(table: ReplayTable) {
  const send = createSending(table);
  const meant = createMeant(table);
  const delivered = createDelivered(table, send, meant);

  function ofBatch(id: BatchId, dryRun: boolean): Sum {
    const batch = table.batch(id);
    if (batch === undefined || batch.state === "sealed") return nothing;
    return send(batch.tenant, meant.of(batch), id, dryRun);
  }

  /** Of one batch, in the order in which it held them. */
  function inOrder(letters: readonly Letter[], batch: BatchId | undefined): readonly EventRef[] {
    const refs = letters.map(({ ref }) => ref);
    const members = batch === undefined ? [] : table.batch(batch)?.members ?? [];
    const places = new Map(members.map((ref, place) => [ref, place]));
    return refs.sort((one, other) => (places.get(one) ?? 0) - (places.get(other) ?? 0));
  }

  function letters(what: LettersOf): Replayed {
    const until = untilOf(what, Date.now());
    const found = table.oldest(what, replayedMax + 1);
    const isAll = found.length <= replayedMax;
    const byTenant = Map.groupBy(found.slice(0, replayedMax), ({ tenant }) => tenant);
    const sums = [...byTenant].flatMap(([tenant, its]) =>
      [...Map.groupBy(its, ({ batch }) => batch)].map(([batch, ofOne]) =>
        send(tenant, inOrder(ofOne, batch), batch, false)
      )
    );
    return replayedOf(sumOf(sums), isAll ? undefined : { ...what, until });
  }

  return function replay(what: Selection, dryRun: boolean): Replayed {
    if ("batch" in what) return replayedOf(ofBatch(what.batch, dryRun));
    if (what.delivered) return delivered(what, dryRun);
    if (!dryRun) return letters(what);
    return { ...table.countLetters(what), missing: 0, more: false };
  };
}
