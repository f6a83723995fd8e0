/** Keys as their operator is told of them, by the daemon and by the command alike. */
import { type Config, tenantOf } from "../config.ts";
import { ownId, ownRule, type Signing, type SigningRule } from "../signing.ts";
import type { TenantId } from "../tenant.ts";

/** What `GET /key` answers. */
export interface KeysView {
  readonly tenant: string;
  /** Null where the config's own secrets replace it; they are not shown. */
  readonly secret: string | null;
  readonly public_key: string;
  readonly replaced: boolean;
  /** Those of before, while they sign as well. */
  readonly previous_secret?: string | null;
  readonly previous_public_key?: string;
  readonly previous_until?: string;
}

/** What the config says of anybody's keys: a tenant's, those of `unassigned`, or our own. */
function ruleOf(config: Config, id: TenantId): SigningRule | undefined {
  return id === ownId ? ownRule : tenantOf(config, id)?.destination;
}

/** The keys of the version that the config names; undefined: it knows nobody of this id. */
export function keysView(
  config: Config,
  tenant: TenantId,
  signing: Pick<Signing, "keysOf">,
): KeysView | undefined {
  const rule = ruleOf(config, tenant);
  if (rule === undefined) return undefined;
  const { secret, publicKey, previous } = signing.keysOf(tenant, rule.secretVersion);
  const replaced = rule.secrets.length > 0;
  const shown = (text: string) => replaced ? null : text;
  const current = { tenant, secret: shown(secret), public_key: publicKey, replaced };
  if (previous === undefined) return current;
  return {
    ...current,
    previous_secret: shown(previous.secret),
    previous_public_key: previous.publicKey,
    previous_until: new Date(previous.until).toISOString(),
  };
}
