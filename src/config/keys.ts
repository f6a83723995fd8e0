/**
 * A key of Telnyx's is one account's: the operator's, or that of one tenant. Which of them signed a
 * webhook says whose it may be, so that no key may be two's.
 */
import { Buffer } from "node:buffer";
import type { TenantId } from "../tenant.ts";
import { placeText } from "./ownership.ts";
import type { Problems } from "./problems.ts";
import type { Located } from "./schema.ts";
import type { TenantValues } from "./tenant.ts";

/** Every webhook with a wrong signature is tried against each of them. */
const tenantKeysMax = 100;

type Keys = TenantValues["public_keys"];

interface Held extends Located<Uint8Array> {
  readonly by: string;
}

function heldBy(by: string, keys: Keys): readonly Held[] {
  return keys.flatMap((key) => key ? [{ ...key, by }] : []);
}

/** States a problem for every key of two accounts, and for more than can be tried. */
export function checkKeys(
  operators: Keys,
  tenants: ReadonlyMap<TenantId, TenantValues>,
  problems: Problems,
): void {
  const own = [...tenants].flatMap(([id, values]) => heldBy(`tenant "${id}"`, values.public_keys));
  const holders = new Map<string, Held>();
  for (const held of [...heldBy("telnyx.public_keys", operators), ...own]) {
    const text = Buffer.from(held.value).toString("base64");
    const other = holders.get(text) ?? held;
    holders.set(text, other);
    if (other.by === held.by) continue;
    const why = `belongs to ${other.by} (${placeText(other.place)}) as well: leave it to one`;
    problems.add(held.place, held.field, why);
  }
  const tooMany = own[tenantKeysMax];
  if (tooMany === undefined) return;
  const why = `is one too many: tenants may have ${tenantKeysMax} keys of their own in all`;
  problems.add(tooMany.place, tooMany.field, why);
}
