/** The tenants' rules as an engine applies them: to what is appended, and to what is released. */
import type { Rules, TenantRule } from "../engine.ts";
import type { Named, Subject } from "../ownership.ts";
import type { Key, Owner } from "../event.ts";
import type { TenantId } from "../tenant.ts";
import type { SessionOf } from "./copy.ts";
import { matcherOf } from "./patterns.ts";

/** The rules in force. */
export interface RuleBook {
  replace(rules: Rules): void;
  /** What a tenant that owns an event gets of it. */
  ownerOf(named: Named, type: string, subject: Subject): Owner;
  /** The session that an event belongs to, where its tenant gathers by sessions. */
  sessionOf(tenant: TenantId, subject: Subject): SessionOf | undefined;
  /** Whether states of its messages replace each other. */
  compacts(tenant: TenantId): boolean;
  /** Only its own Telnyx account signs for this tenant. */
  hasOwnAccount(tenant: TenantId): boolean;
  readonly holdMs: number;
  readonly copies: boolean;
}

type Matches = (type: string) => boolean;

/** A tenant's rule, with its lists made ready. */
interface Ready extends Omit<TenantRule, "immediate" | "drop"> {
  readonly isImmediate: Matches;
  readonly isDropped: Matches;
}

/** Lists that many tenants share are read once. */
function createMatchers(): (patterns: readonly string[]) => Matches {
  const matchers = new Map<string, Matches>();
  return (patterns) => {
    const key = patterns.join("\n");
    const matcher = matchers.get(key) ?? matcherOf(patterns);
    matchers.set(key, matcher);
    return matcher;
  };
}

function readied(tenants: readonly TenantRule[]): Map<TenantId, Ready> {
  const matching = createMatchers();
  return new Map(tenants.map(({ immediate, drop, ...rule }): [TenantId, Ready] => [
    rule.tenant,
    { ...rule, isImmediate: matching(immediate), isDropped: matching(drop) },
  ]));
}

function sessionKeyOf(by: "call" | "message", { about, call }: Subject): Key | undefined {
  if (by === "call") return call ?? (about?.startsWith("call_") ? about : texmlCallOf(about));
  return about?.startsWith("message_id:") ? about : undefined;
}

const texmlCallOf = (about: Key | undefined) => about?.startsWith("CallSid:") ? about : undefined;

const nothing: Rules = { tenants: [], holdMs: Number.POSITIVE_INFINITY, copies: false };

/** A book without rules: nothing is immediate, nothing dropped. */
export function createRuleBook(): RuleBook {
  let rules = nothing;
  let byTenant = new Map<TenantId, Ready>();
  return {
    replace(next) {
      rules = next;
      byTenant = readied(next.tenants);
    },
    ownerOf({ tenant, by, matched }, type, { optOut = false }) {
      const rule = byTenant.get(tenant);
      const immediate = optOut || (rule?.isImmediate(type) ?? false);
      const dropped = !optOut && (rule?.isDropped(type) ?? false);
      return { tenant, by, matched, immediate, dropped };
    },
    sessionOf(tenant, subject) {
      const session = byTenant.get(tenant)?.session;
      const key = session && sessionKeyOf(session.by, subject);
      if (session === undefined || key === undefined) return undefined;
      return { key, lingerMs: session.lingerMs, maxAgeMs: session.maxAgeMs };
    },
    compacts: (tenant) => byTenant.get(tenant)?.compact === true,
    hasOwnAccount: (tenant) => byTenant.get(tenant)?.ownAccount === true,
    get holdMs() {
      return rules.holdMs;
    },
    get copies() {
      return rules.copies;
    },
  };
}
