/**
 * At any moment a number or id has one owner per channel. Two owners are told with both their
 * places, since only the operator knows which of them is wrong.
 */
import { type Channel, channels, type OwnedNumber, type TenantId } from "../tenant.ts";
import type { Problems } from "./problems.ts";
import type { Located } from "./schema.ts";
import type { TenantValues } from "./tenant.ts";
import type { Place } from "./tree.ts";

/** That something is a tenant's, on these channels from one moment until another. */
interface Claim {
  readonly tenant: TenantId;
  readonly place: Place;
  readonly field: string;
  readonly on: readonly Channel[];
  readonly fromAt: number;
  readonly untilAt: number;
}

/** What is claimed, and where that is written. */
type Claimed = readonly [key: string, Located<Partial<OwnedNumber>>];

type Tenants = ReadonlyMap<TenantId, TenantValues>;

/** Beyond every date, and still numbers that can be subtracted. */
const beginning = -Number.MAX_VALUE;
const end = Number.MAX_VALUE;

function numberKey({ number, prefix, messagingProfileId }: OwnedNumber): string {
  return `number ${number}${prefix ? "*" : ""} ${messagingProfileId?.toLowerCase() ?? ""}`;
}

/** `aggregator.yaml:12:7`, for a problem that names a second place. */
export function placeText({ file, position }: Place): string {
  const at = position();
  return at ? `${file}:${at.line}:${at.column}` : file;
}

function claimedBy(values: TenantValues): readonly Claimed[] {
  const ids = (list: TenantValues["ids"], keyOf: (id: string) => string) =>
    list.flatMap((one) => one ? [[keyOf(one.value), { ...one, value: {} }] as const] : []);
  return [
    ...values.phone_numbers.flatMap((one) => one ? [[numberKey(one.value), one] as const] : []),
    ...ids(values.connection_ids, (id) => `connection ${id}`),
    ...ids(values.messaging_profile_ids, (id) => `profile ${id.toLowerCase()}`),
    ...ids(values.ids, (id) => `id ${id}`),
  ];
}

/** All claims by what is claimed, as they are written. */
function claimsOn(tenants: Tenants): ReadonlyMap<string, readonly Claim[]> {
  const claims = new Map<string, Claim[]>();
  for (const [tenant, values] of tenants) {
    const on = channels.filter((channel) => values.channels.includes(channel));
    for (const [key, { field, place, value }] of claimedBy(values)) {
      const { fromAt = beginning, untilAt = end } = value;
      const claim = { tenant, place, field, on, fromAt, untilAt };
      const others = claims.get(key);
      if (others === undefined) claims.set(key, [claim]);
      else others.push(claim);
    }
  }
  return claims;
}

/**
 * Each claim with another tenant's that it reaches into; they come in the order of their
 * beginnings. Whatever their number, two of those before need to be known: the one that lasts
 * longest, and the one that lasts longest of all other tenants'.
 */
function* clashes(claims: readonly Claim[]): Generator<readonly [Claim, Claim]> {
  let longest: Claim | undefined;
  let second: Claim | undefined;
  for (const claim of claims) {
    const rival = longest?.tenant === claim.tenant ? second : longest;
    if (rival !== undefined && rival.untilAt > claim.fromAt) yield [claim, rival];
    if (longest === undefined || claim.untilAt > longest.untilAt) {
      if (longest?.tenant !== claim.tenant) second = longest;
      longest = claim;
    } else if (longest.tenant !== claim.tenant && claim.untilAt > (second?.untilAt ?? beginning)) {
      second = claim;
    }
  }
}

/** Each claim that clashes, once, however many channels it clashes on. */
function clashing(claims: readonly Claim[]): ReadonlyMap<Claim, Claim> {
  const inTime = claims.toSorted((a, b) => a.fromAt - b.fromAt);
  const pairs = channels.flatMap((channel) => [
    ...clashes(inTime.filter(({ on }) => on.includes(channel))),
  ]);
  return new Map(pairs);
}

const isDated = ({ fromAt, untilAt }: Claim) => fromAt !== beginning || untilAt !== end;

function clashText(claim: Claim, rival: Claim): string {
  const other = `belongs to tenant "${rival.tenant}" (${placeText(rival.place)})`;
  return isDated(claim) || isDated(rival)
    ? `${other} at the same time: one must have it until a moment, the other from then`
    : `${other} as well: leave it to one of them`;
}

/** States a problem for everything that two tenants own on one channel at one time. */
export function checkOwners(tenants: Tenants, problems: Problems): void {
  for (const claims of claimsOn(tenants).values()) {
    if (claims.length === 1) continue;
    for (const [claim, rival] of clashing(claims)) {
      problems.add(claim.place, claim.field, clashText(claim, rival));
    }
  }
}
