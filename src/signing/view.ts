/** A tenant's keys as its operator is told of them, by the daemon and by the command alike. */
import type { Signing } from "../signing.ts";
import type { Tenant } from "../tenant.ts";

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

/** The keys of the version that the config names. */
export function keysView(
  { id, destination }: Pick<Tenant, "id" | "destination">,
  signing: Pick<Signing, "keysOf">,
): KeysView {
  const { secret, publicKey, previous } = signing.keysOf(id, destination.secretVersion);
  const replaced = destination.secrets.length > 0;
  const shown = (text: string) => replaced ? null : text;
  const current = { tenant: id, secret: shown(secret), public_key: publicKey, replaced };
  if (previous === undefined) return current;
  return {
    ...current,
    previous_secret: shown(previous.secret),
    previous_public_key: previous.publicKey,
    previous_until: new Date(previous.until).toISOString(),
  };
}
