/**
 * Whose events are, over time: each is decided when it comes, teaches what its call teaches, and
 * frees what waited for that. The same in every engine; an engine keeps the memory and the rows.
 *
 *     decide ─▶ learn ─▶ what is held by these keys ─▶ decide ─▶ learn ─▶ …   until nothing moves
 */
import type { Evidence, HeldReason, Known, Named, Subject } from "../ownership.ts";
import type { EventRef, Key } from "../event.ts";
import type { TenantId } from "../tenant.ts";
import { decide, type Decision, type Knowledge } from "./deciding.ts";
import { learn, type Memory } from "./learning.ts";
import { filtered } from "./recycling.ts";

/** What is kept of a held event besides itself. */
export interface HeldClaims {
  readonly evidence: Evidence;
  readonly subject: Subject;
  readonly path: string;
  readonly signer?: TenantId;
}

/** A held event, as far as deciding goes. */
export interface HeldRow {
  readonly ref: EventRef;
  readonly claims: HeldClaims;
  readonly why: HeldReason;
  /** It has waited for its call, and is not to do so again. */
  readonly late: boolean;
}

/** Where held events are kept. */
export interface HeldRows {
  /** Those that name this leg, call or conference; not expired ones. */
  naming(key: Key): readonly HeldRow[];
  /** It is decided soon, in another transaction. */
  later(ref: EventRef): void;
  /** It stays held, for this reason. */
  stays(ref: EventRef, why: HeldReason): void;
  /** Another tenant than this had, a short while ago, what it names and nobody owned. */
  isRecycled(row: HeldRow, tenant: TenantId, now: number): boolean;
  /** Another tenant than this had one of these a short while ago. */
  wasAnothers(wanted: readonly string[], tenant: TenantId, now: number): boolean;
  wantedBy(ref: EventRef): readonly string[];
}

/** An event that was held, and whose it is. */
export interface Freed {
  readonly ref: EventRef;
  readonly owners: readonly Named[];
  readonly claims: HeldClaims;
}

/** Decides, learns and frees. Everything here belongs inside a transaction. */
export interface Owning {
  /** Whose a new event is; `wanted` is what else it names. */
  decide(evidence: Evidence, wanted: readonly string[], now: number): Decision;
  /** What a decision teaches, and the events it frees, in the order of their arrival. */
  follow(evidence: Evidence, decision: Decision, now: number): readonly Freed[];
  /** Decides held events anew; gives those that are free now, and those they free. */
  again(rows: readonly HeldRow[], now: number): readonly Freed[];
  /** What an operator's word for these events teaches, and what they free besides. */
  given(rows: readonly HeldRow[], to: TenantId, now: number): readonly Freed[];
  /** What decisions are made from. */
  readonly known: Knowledge;
}

/** Held events decided for what one event has taught; the others follow. */
const settledMax = 2_000;

/** Only its own Telnyx account signs for this tenant. */
export type HasOwnAccount = (tenant: TenantId) => boolean;

const byArrival = (one: Freed, other: Freed) => one.ref - other.ref;

/** Without owners that only their own account can give events to. */
function allowed({ evidence, signer }: HeldClaims, hasOwnAccount: HasOwnAccount): Evidence {
  const isBarred = ({ tenant }: Named) => tenant !== signer && hasOwnAccount(tenant);
  return filtered(evidence, (named) => !isBarred(named));
}

/** What is recycled bars its call, also where by itself it is no more than unknown. */
function isHeldAs(decision: Decision, why: HeldReason): Decision {
  return decision.is === "held" && why === "recycled" ? { is: "held", why } : decision;
}

/** Without what is known of tenants whose events only their own account signs. */
function withoutOwnAccounts(memory: Memory, hasOwnAccount: HasOwnAccount): Knowledge {
  const isForeign = (tenant: TenantId | undefined) => tenant !== undefined && hasOwnAccount(tenant);
  return (key) => {
    const known = memory.get(key);
    if (known === undefined) return undefined;
    const { tenant, guess, creator, ...rest } = known;
    if (![tenant, guess?.tenant, creator].some(isForeign)) return known;
    return rest satisfies Known;
  };
}

/** Owning over this memory and these rows. */
export function createOwning(
  memory: Memory,
  held: HeldRows,
  hasOwnAccount: HasOwnAccount,
): Owning {
  const known = withoutOwnAccounts(memory, hasOwnAccount);

  /** Whose a call probably is does not count where somebody else had one of its numbers. */
  function isRash(decision: Decision, wanted: () => readonly string[], now: number): boolean {
    if (decision.is === "held" || decision.firm) return false;
    const [owner] = decision.owners;
    return owner !== undefined && held.wasAnothers(wanted(), owner.tenant, now);
  }

  function decided(row: HeldRow, decision: Decision, now: number): Decision {
    if (decision.is === "held") return decision;
    if (isRash(decision, () => held.wantedBy(row.ref), now)) {
      return { is: "held", why: "ambiguous" };
    }
    const isNew = decision.owners.some(({ tenant }) => held.isRecycled(row, tenant, now));
    return isNew ? { is: "held", why: "recycled" } : decision;
  }

  function settle(start: readonly HeldRow[], news: readonly Key[], now: number) {
    const freed = new Map<EventRef, Freed>();
    const keys = [...news];
    const look = (row: HeldRow) => {
      const { ref, claims, why, late } = row;
      if (freed.has(ref)) return;
      const evidence = allowed(claims, hasOwnAccount);
      const decision = decided(row, decide({ evidence, known, now, late }), now);
      if (decision.is === "owned") freed.set(ref, { ref, owners: decision.owners, claims });
      // What another tenant had stays listed as such for as long as nobody else owns it.
      else if (why !== "recycled" || decision.why === "ambiguous") held.stays(ref, decision.why);
      keys.push(...learn(evidence, isHeldAs(decision, why), memory, now));
    };
    let looked = 0;
    for (const row of start) look(row);
    for (let key = keys.shift(); key !== undefined; key = keys.shift()) {
      for (const row of held.naming(key)) {
        if (++looked > settledMax) held.later(row.ref);
        else look(row);
      }
    }
    return [...freed.values()].sort(byArrival);
  }

  return {
    known,
    decide(evidence, wanted, now) {
      const decision = decide({ evidence, known, now, late: false });
      return isRash(decision, () => wanted, now) ? { is: "held", why: "waiting" } : decision;
    },
    follow(evidence, decision, now) {
      const news = learn(evidence, decision, memory, now);
      return news.length === 0 ? [] : settle([], news, now);
    },
    again: (rows, now) => settle(rows, [], now),
    given(rows, tenant, now) {
      const owner: Named = { tenant, by: "release", matched: tenant };
      const decision: Decision = { is: "owned", owners: [owner], firm: true };
      const freed = rows.map(({ ref, claims }) => ({ ref, owners: [owner], claims }));
      const refs = new Set(rows.map(({ ref }) => ref));
      const news = rows.flatMap(({ claims: { evidence } }) =>
        learn(evidence, decision, memory, now)
      );
      const others = settle([], news, now).filter(({ ref }) => !refs.has(ref));
      return [...freed, ...others].sort(byArrival);
    },
  };
}
