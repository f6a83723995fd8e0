/** What the engine in memory holds, remembers of calls, and knows of who owns what. */
import { graceMs, type Known } from "../../ownership.ts";
import type { EventRef, Key } from "../../event.ts";
import type { Channel, TenantId } from "../../tenant.ts";
import { rememberedMs, seenWithinMs } from "../../ownership/learning.ts";
import type { HeldRow } from "../../ownership/owning.ts";
import { type Had, movedBetween, prefixesOf } from "../../ownership/recycling.ts";
import {
  type BelongingsTable,
  type CallTable,
  type HeldTable,
  laterMsMax,
  stepMax,
} from "../tables.ts";
import type { MemoryEvents } from "./events.ts";

interface Row extends HeldRow {
  readonly at: number;
  readonly decideAt: number;
  readonly wanted: readonly string[];
}

const namesCall = ({ claims: { evidence: { legs = [], circles = [] } } }: Row, key: Key) =>
  legs.includes(key) || circles.includes(key);

/** Held events, which move with the clock. */
export interface MemoryHeld extends HeldTable {
  /** What waits for its call waits as long as before. */
  move(byMs: number): void;
}

/** Changes until when held events wait for their calls. */
function createDelays(
  rows: ReadonlyMap<EventRef, Row>,
  change: (ref: EventRef, by: Partial<Row>) => void,
): Pick<MemoryHeld, "postpone" | "move"> {
  return {
    postpone(until) {
      for (const { ref, decideAt } of rows.values()) {
        if (decideAt < until) change(ref, { decideAt: until });
      }
    },
    move(byMs) {
      for (const { ref, decideAt } of rows.values()) {
        if (decideAt > 0) change(ref, { decideAt: Math.max(1, decideAt + byMs) });
      }
    },
  };
}

/** Makes an empty table of held events. */
export function createMemoryHeld(events: MemoryEvents): MemoryHeld {
  const rows = new Map<EventRef, Row>();
  const inOrder = () => [...rows.values()].sort((one, other) => one.ref - other.ref);
  const live = () => inOrder().filter(({ why }) => why !== "expired");

  function change(ref: EventRef, by: Partial<Row>): void {
    const row = rows.get(ref);
    if (row !== undefined) rows.set(ref, { ...row, ...by });
  }

  return {
    add: (ref, at, why, claims, wanted) =>
      void rows.set(ref, { ref, at, why, claims, wanted, late: false, decideAt: at + graceMs }),
    remove: (ref) => void rows.delete(ref),
    later: (ref) => change(ref, { late: false, decideAt: 0 }),
    ...createDelays(rows, change),
    stays: (ref, why) => change(ref, { why }),
    find: (ref) => rows.get(ref),
    wantedBy: (ref) => rows.get(ref)?.wanted ?? [],
    claim: (ref, claims) => change(ref, { claims }),
    due(now) {
      const isDue = ({ decideAt, late }: Row) =>
        !late && (decideAt <= now || decideAt > now + laterMsMax);
      const due = inOrder().filter(isDue).slice(0, stepMax);
      const rows = due.map((row): Row => {
        const late = row.decideAt !== 0;
        change(row.ref, late ? { late } : { decideAt: row.at + graceMs });
        return { ...row, late };
      });
      return rows.filter(({ why }) => why !== "expired");
    },
    expire(before) {
      const old = live().filter(({ at }) => at < before).slice(0, stepMax);
      for (const { ref } of old) {
        change(ref, { why: "expired" });
        events.assign(ref, "expired", events.ownersOf(ref));
      }
      return old.map(({ ref }) => ref);
    },
    naming: (key) => live().filter((row) => namesCall(row, key)),
    wanted(after, limit) {
      const all = live();
      const keys = [...new Set(all.flatMap(({ wanted }) => wanted))].sort();
      return keys.filter((key) => key > after).slice(0, limit).map((key) => {
        const times = all.filter(({ wanted }) => wanted.includes(key)).map(({ at }) => at);
        const [firstAt, lastAt] = [Math.min(...times), Math.max(...times)];
        return { key, count: times.length, firstAt, lastAt };
      });
    },
    wanting: (key) => live().filter(({ wanted }) => wanted.includes(key)).map(({ ref }) => ref),
    details(ref) {
      const [row, kept] = [live().find((one) => one.ref === ref), events.get(ref)];
      if (row === undefined || kept === undefined) return undefined;
      const { why, claims: { path, signer } } = row;
      const { event, raw, json } = kept;
      const signed = signer === undefined ? {} : { signer };
      return { ref, event, raw: raw.slice(), form: json !== undefined, path, why, ...signed };
    },
    selected: (which, limit, mayHave) =>
      inOrder().filter(mayHave).filter(({ ref, wanted }) =>
        "wanted" in which ? wanted.includes(which.wanted) : events.get(ref)?.event.id === which.id
      ).slice(0, limit),
  };
}

/** Makes an empty memory of calls. */
export function createMemoryCalls(): CallTable {
  const calls = new Map<Key, Known>();
  return {
    get: (key) => calls.get(key),
    put: (key, known) => void calls.set(key, known),
    forget(now) {
      for (const [key, { seenAt }] of calls) {
        if (seenAt < now - rememberedMs - seenWithinMs) calls.delete(key);
      }
    },
  };
}

interface Former {
  readonly key: string;
  readonly tenant: TenantId;
  readonly channels: readonly Channel[];
  readonly until: number;
}

/** Makes an empty table of who owns what. */
export function createMemoryBelongings(): BelongingsTable {
  const belongings = new Map<TenantId, Had & { readonly digest: string }>();
  let former: readonly Former[] = [];
  const of = (tenant: TenantId): Had => belongings.get(tenant) ?? { channels: [], keys: [] };

  const lose: BelongingsTable["lose"] = (tenant, keys, channels, until) => {
    former = [...former, ...keys.map((key) => ({ key, tenant, channels, until }))];
  };
  const regain: BelongingsTable["regain"] = (tenant, keys, channels) => {
    former = former.flatMap((one) => {
      if (one.tenant !== tenant || !keys.includes(one.key)) return [one];
      const lost = one.channels.filter((channel) => !channels.includes(channel));
      return lost.length === 0 ? [] : [{ ...one, channels: lost }];
    });
  };

  return {
    of,
    lose,
    regain,
    digests: () => [...belongings].map(([tenant, { digest }]) => [tenant, digest]),
    put(to, until) {
      const had = of(to.tenant);
      const { lost, narrowed, narrowedBy, gained } = movedBetween(had, to);
      regain(to.tenant, gained, to.channels);
      lose(to.tenant, lost, had.channels, until);
      lose(to.tenant, narrowed, narrowedBy, until);
      if (to.keys.length === 0) belongings.delete(to.tenant);
      else belongings.set(to.tenant, to);
    },
    formerOwners(key, channel, now) {
      const keys = prefixesOf(key);
      return former.filter((one) =>
        keys.includes(one.key) && one.until >= now &&
        (channel === undefined || one.channels.includes(channel))
      ).map(({ tenant }) => tenant);
    },
    forget: (now) => void (former = former.filter(({ until }) => until >= now)),
  };
}
