/**
 * Numbers and ids that pass from one tenant to another: what was held meanwhile may still be the
 * former owner's, so no new owner gets it unless an operator, or a date in the config, says so.
 */
import { type Evidence, keyOf, type Named } from "../ownership.ts";
import type { Channel, TenantId } from "../tenant.ts";

/** A key, and for a full number every prefix that may have stood for it. */
export function prefixesOf(key: string): readonly string[] {
  const start = "number:+";
  if (!key.startsWith(start)) return [key];
  const digits = key.slice(start.length);
  const lengths = Array.from(digits, (_, index) => index + 1);
  return [key, ...lengths.map((length) => `${start}${digits.slice(0, length)}*`)];
}

/** What a tenant was last said to own. */
export interface Had {
  readonly channels: readonly Channel[];
  readonly keys: readonly string[];
}

/** What becomes of a tenant's belongings by what it owns now. */
export interface Moved {
  readonly lost: readonly string[];
  /** Had before and now, but on fewer channels. */
  readonly narrowed: readonly string[];
  readonly narrowedBy: readonly Channel[];
  readonly gained: readonly string[];
}

/** Compares. A channel that comes back takes nothing from anybody: it is as if it had stayed. */
export function movedBetween(before: Had, now: Had): Moved {
  const [had, has] = [new Set(before.keys), new Set(now.keys)];
  const narrowedBy = before.channels.filter((channel) => !now.channels.includes(channel));
  const widened = now.channels.some((channel) => !before.channels.includes(channel));
  return {
    lost: before.keys.filter((key) => !has.has(key)),
    narrowed: narrowedBy.length === 0 ? [] : now.keys.filter((key) => had.has(key)),
    narrowedBy,
    gained: now.keys.filter((key) => widened || !had.has(key)),
  };
}

/** Who had this within `unassigned.hold`. */
export type FormerOwners = (key: string) => readonly TenantId[];

/** The evidence with only those of its owners that are kept. */
export function filtered(evidence: Evidence, isKept: (named: Named) => boolean): Evidence {
  const { numbers, far, sides, between, ids, ...rest } = evidence;
  return {
    ...rest,
    ...(far === undefined ? {} : { far: far.filter(isKept) }),
    ...(numbers === undefined ? {} : { numbers: numbers.filter(isKept) }),
    ...(sides === undefined ? {} : {
      sides: { inbound: sides.inbound.filter(isKept), outbound: sides.outbound.filter(isKept) },
    }),
    ...(between === undefined ? {} : { between: between.filter(isKept) }),
    ...(ids === undefined ? {} : { ids: ids.filter(isKept) }),
  };
}

/** The evidence without owners that have only just come to what another tenant had. */
export function withoutNewOwners(
  evidence: Evidence,
  formerOwners: FormerOwners,
): { readonly evidence: Evidence; readonly recycled: boolean } {
  let recycled = false;
  const cleaned = filtered(evidence, (named) => {
    const isNew = named.dated !== true &&
      formerOwners(keyOf(named)).some((former) => former !== named.tenant);
    recycled ||= isNew;
    return !isNew;
  });
  return { evidence: cleaned, recycled };
}

/**
 * Whether an event came while nobody owned something that it names, that this tenant owns now,
 * and that another tenant had shortly before.
 */
export function isRecycled(
  wanted: readonly string[],
  { numbers = [], sides, between = [], ids = [] }: Evidence,
  tenant: TenantId,
  formerOwners: FormerOwners,
  isOwned: (key: string) => boolean,
): boolean {
  const { inbound = [], outbound = [] } = sides ?? {};
  const owned = new Set([numbers, inbound, outbound, between, ids].flat().map(keyOf));
  return wanted.some((key) =>
    !owned.has(key) && formerOwners(key).some((former) => former !== tenant) && isOwned(key)
  );
}
