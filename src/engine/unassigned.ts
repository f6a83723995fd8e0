/** What nobody owns: asked about again, given away by an operator, and at last given up. */
import type { Rules, Tended } from "../engine.ts";
import type { Held, HeldSelection, Reclaim, Wanted } from "../held.ts";
import type { EventRef } from "../event.ts";
import type { TenantId } from "../tenant.ts";
import type { HeldRow, Owning } from "../ownership/owning.ts";
import { rememberedMs } from "../ownership/learning.ts";
import { withoutNewOwners } from "../ownership/recycling.ts";
import type { RuleBook } from "./rules.ts";
import type { Copies } from "./copying.ts";
import type { BelongingsTable, CallTable, EventTable, HeldTable } from "./tables.ts";

/** How often it is looked who had what too long ago. */
const forgetMs = 60_000;

/** Closed sessions forgotten in one step. */
const sessionsMax = 500;

/** What is worked with. */
export interface UnassignedParts {
  readonly owning: Owning;
  readonly held: HeldTable;
  readonly copies: Copies;
  readonly calls: CallTable;
  readonly belongings: BelongingsTable;
  readonly rules: RuleBook;
  readonly events: EventTable;
  /** Closed sessions, which what comes later would continue. */
  readonly lanes: { forgetSessions(before: number, limit: number): number };
}

/** The engine's part of it. To be called inside a transaction. */
export interface Unassigned {
  configure(rules: Rules): void;
  wanted(after: string, limit: number): readonly Wanted[];
  naming(keys: readonly string[]): readonly EventRef[];
  held(refs: readonly EventRef[]): readonly Held[];
  reclaim(claims: readonly Reclaim[]): number;
  release(which: HeldSelection, to: TenantId, limit: number): number;
  tend(now: number, expire: boolean): Tended;
}

/** A tenant with an account of its own gets what that signed, and nobody else does. */
function mayHave(to: TenantId, { claims: { signer } }: HeldRow, rules: RuleBook): boolean {
  return signer === undefined ? !rules.hasOwnAccount(to) : signer === to;
}

/** Answers for the held events of one log. */
export function createUnassigned(parts: UnassignedParts): Unassigned {
  const { owning, held, copies, calls, belongings, rules, events, lanes } = parts;
  let forgotAt = 0;

  /** A held event with what the config says of it now. */
  function claimed({ ref, evidence: told }: Reclaim, now: number): HeldRow | undefined {
    const row = held.find(ref);
    if (row === undefined || row.why === "expired") return undefined;
    const channel = events.whole(ref).event.channel;
    const former = (key: string) => belongings.formerOwners(key, channel, now);
    const { evidence, recycled } = withoutNewOwners(told, former);
    const claims = { ...row.claims, evidence };
    held.claim(ref, claims);
    const why = recycled ? "recycled" : row.why === "recycled" ? "unknown" : row.why;
    if (why !== row.why) held.stays(ref, why);
    return { ...row, claims, why };
  }

  function give(freed: ReturnType<Owning["again"]>, now: number): number {
    copies.give(freed, now);
    return freed.length;
  }

  /** What is still nobody's after its time is told to whoever looks after that. */
  function decideDue(now: number): { readonly released: number; readonly more: boolean } {
    const due = held.due(now);
    const freed = owning.again(due, now);
    const isFree = new Set(freed.map(({ ref }) => ref));
    const released = give(freed, now);
    for (const { ref, claims } of rules.copies ? due : []) {
      if (!isFree.has(ref)) copies.putNobodys(ref, claims, now);
    }
    return { released, more: due.length > 0 };
  }

  function forget(now: number): void {
    calls.forget(now);
    lanes.forgetSessions(now - rememberedMs, sessionsMax);
    if (Math.abs(now - forgotAt) > forgetMs) belongings.forget(forgotAt = now);
  }

  return {
    configure: (next) => rules.replace(next),
    wanted: (after, limit) =>
      held.wanted(after, limit).map((one) => ({
        ...one,
        former: [...new Set(belongings.formerOwners(one.key, undefined, Date.now()))].sort(),
      })),
    naming: (keys) => [...new Set(keys.flatMap(held.wanting))].sort((one, other) => one - other),
    held: (refs) => refs.flatMap((ref) => held.details(ref) ?? []),
    reclaim(claims) {
      const now = Date.now();
      const rows = claims.flatMap((claim) => claimed(claim, now) ?? []);
      return give(owning.again(rows, now), now);
    },
    release(which, to, limit) {
      const now = Date.now();
      const rows = held.selected(which, limit, (row) => mayHave(to, row, rules));
      give(owning.given(rows, to, now), now);
      return rows.length;
    },
    tend(now, expire) {
      const { released, more } = decideDue(now);
      const expired = expire ? held.expire(now - rules.holdMs).length : 0;
      if (expire) forget(now);
      return { released, expired, more: more || expired > 0 };
    },
  };
}
