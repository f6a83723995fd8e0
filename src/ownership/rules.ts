/** The rules that follow from a config, for whoever records events by them. */
import type { Config } from "../config.ts";
import type { Rules, TenantRule } from "../engine.ts";
import type { Tenant } from "../tenant.ts";

function ruleOf({ id, immediate, drop, window, publicKeys }: Tenant): TenantRule {
  const { session, lingerMs, maxAgeMs, compact } = window;
  return {
    tenant: id,
    immediate,
    drop,
    ...(session === undefined ? {} : { session: { by: session, lingerMs, maxAgeMs } }),
    ...(compact ? { compact } : {}),
    ...(publicKeys.length === 0 ? {} : { ownAccount: true }),
  };
}

/** What the engine has to know of a config. */
export function rulesOf({ tenants, unassigned: { holdMs, copies } }: Config): Rules {
  const all = copies === undefined ? [...tenants.values()] : [...tenants.values(), copies];
  return { tenants: all.map(ruleOf), holdMs, copies: copies !== undefined };
}
