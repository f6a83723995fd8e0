/**
 * What an engine keeps, as the shared rules use it: events, what is held, what calls taught, what
 * belongs to whom. Everything here is used inside one transaction of the engine's.
 */
import type { Member } from "../batch/member.ts";
import type { Belongings, Entry } from "../engine.ts";
import type { HeldReason } from "../ownership.ts";
import type { Event, EventRef, Key, Owner } from "../event.ts";
import type { Held, HeldSelection, Wanted } from "../held.ts";
import type { Channel, TenantId } from "../tenant.ts";
import type { Memory } from "../ownership/learning.ts";
import type { HeldClaims, HeldRow, HeldRows } from "../ownership/owning.ts";
import type { Had } from "../ownership/recycling.ts";
import type { EventState } from "./recording.ts";

/** Held events decided, or expired, in one step. */
export const stepMax = 500;

/** No event is to be decided later than this from now, unless the clock was set back. */
export const laterMsMax = 120_000;

/** An event with what stands for it in a payload. */
export interface Whole {
  readonly event: Event;
  readonly text: Uint8Array;
  /** The body as received, where the text is not it but stands for it. */
  readonly form?: Uint8Array;
  /** Telnyx's `timestamp signature`, as received. */
  readonly proof: string;
  readonly owners: readonly Owner[];
}

/** What was recorded, as it is looked up. */
export function wholeOf(
  { event, json, proof, raw }: Pick<Entry, "event" | "json" | "proof" | "raw">,
  owners: readonly Owner[],
): Whole {
  if (json === undefined) return { event, owners, proof, text: raw };
  return { event, owners, proof, text: json, form: raw };
}

/** An event as a member of a tenant's batches; undefined where it is not the tenant's. */
export function memberIn(whole: Whole, tenant: TenantId): Member | undefined {
  const { event, owners, proof, text: raw, form } = whole;
  const owner = owners.find((candidate) => candidate.tenant === tenant);
  if (owner === undefined) return undefined;
  return form === undefined ? { event, owner, raw, proof } : { event, owner, raw, proof, form };
}

/** All events. */
export interface EventTable {
  /** A number for the next event: greater than every one before. */
  nextRef(): EventRef;
  put(
    entry: Entry,
    ref: EventRef,
    key: Uint8Array,
    state: EventState,
    owners: readonly Owner[],
  ): void;
  /** None of one that is forgotten. */
  ownersOf(ref: EventRef): readonly Owner[];
  /** Throws where there is no such event. */
  whole(ref: EventRef): Whole;
  assign(ref: EventRef, state: EventState, owners: readonly Owner[]): void;
}

/** What held events name, without who had it before. */
export type Counted = Omit<Wanted, "former">;

/** The held events of one log. To be used inside a transaction. */
export interface HeldTable extends Omit<HeldRows, "isRecycled" | "wasAnothers"> {
  add(
    ref: EventRef,
    at: number,
    why: HeldReason,
    claims: HeldClaims,
    wanted: readonly string[],
  ): void;
  remove(ref: EventRef): void;
  find(ref: EventRef): HeldRow | undefined;
  /** What the config would have to name for it to be somebody's. */
  wantedBy(ref: EventRef): readonly string[];
  /** What waits for its call waits at least until then. */
  postpone(until: number): void;
  /** Replaces what is known of it. */
  claim(ref: EventRef, claims: HeldClaims): void;
  /** Those that have waited for their call long enough; they have then done so. */
  due(now: number): readonly HeldRow[];
  /** Received before this; they are expired from now on. */
  expire(before: number): readonly EventRef[];
  wanted(after: string, limit: number): readonly Counted[];
  naming(key: Key): readonly HeldRow[];
  /** Not expired, and named by the config's keys. */
  wanting(key: string): readonly EventRef[];
  details(ref: EventRef): Held | undefined;
  /** At most `limit` of those that may be had. */
  selected(
    which: HeldSelection,
    limit: number,
    mayHave: (row: HeldRow) => boolean,
  ): readonly HeldRow[];
}

/** What calls have taught. */
export interface CallTable extends Memory {
  /** Forgets what nothing has named for long, in steps; each goes on where the last one ended. */
  forget(now: number): void;
}

/** What belongs to whom, in one log. To be used inside a transaction. */
export interface BelongingsTable {
  digests(): [TenantId, string][];
  of(tenant: TenantId): Had;
  /** What the tenant loses by this is remembered until then. */
  put(to: Belongings, until: number): void;
  /** It had these on these channels, and has them no more. */
  lose(
    tenant: TenantId,
    keys: readonly string[],
    channels: readonly Channel[],
    until: number,
  ): void;
  /** It has these again, on these channels. */
  regain(tenant: TenantId, keys: readonly string[], channels: readonly Channel[]): void;
  /** The tenants that had this within `hold`; on any channel where none is named. */
  formerOwners(key: string, channel: Channel | undefined, now: number): readonly TenantId[];
  forget(now: number): void;
}
