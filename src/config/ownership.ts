/**
 * One number or id has one owner per channel. Two owners are told with both their places, since
 * only the operator knows which of them is wrong.
 */
import { type Channel, channels, type OwnedNumber, type TenantId } from "../tenant.ts";
import type { Problems } from "./problems.ts";
import type { Located } from "./schema.ts";
import type { TenantValues } from "./tenant.ts";
import type { Place } from "./tree.ts";

interface Claimed {
  readonly tenant: TenantId;
  readonly place: Place;
}

/** The owner of each thing on each channel: a look costs the same however many there are. */
type Owners = Map<string, Partial<Record<Channel, Claimed>>>;

function numberKey({ number, prefix, messagingProfileId }: OwnedNumber): string {
  return `number ${number}${prefix ? "*" : ""} ${messagingProfileId?.toLowerCase() ?? ""}`;
}

function placeText({ file, position }: Place): string {
  const at = position();
  return at ? `${file}:${at.line}:${at.column}` : file;
}

function claim(
  owners: Owners,
  key: string,
  claimed: Claimed,
  on: readonly Channel[],
): Claimed | undefined {
  const byChannel = owners.get(key) ?? {};
  owners.set(key, byChannel);
  const taken = on.map((channel) => byChannel[channel])
    .find((other) => other && other.tenant !== claimed.tenant);
  for (const channel of on) byChannel[channel] ??= claimed;
  return taken;
}

function claimsOf(values: TenantValues): readonly (readonly [string, Located<unknown>])[] {
  const ids = (kind: string, list: readonly (Located<string> | undefined)[]) =>
    list.flatMap((one) => one ? [[`${kind} ${one.value}`, one] as const] : []);
  const profiles = values.messaging_profile_ids
    .map((one) => one && { ...one, value: one.value.toLowerCase() });
  return [
    ...values.phone_numbers.flatMap((one) => one ? [[numberKey(one.value), one] as const] : []),
    ...ids("connection", values.connection_ids),
    ...ids("profile", profiles),
    ...ids("id", values.ids),
  ];
}

/** States a problem for everything that two tenants own on one channel. */
export function checkOwners(tenants: ReadonlyMap<TenantId, TenantValues>, problems: Problems) {
  const owners: Owners = new Map();
  for (const [tenant, values] of tenants) {
    const on = channels.filter((channel) => values.channels.includes(channel));
    for (const [key, { place, field }] of claimsOf(values)) {
      const other = claim(owners, key, { tenant, place }, on);
      if (other === undefined) continue;
      const first = `tenant "${other.tenant}" (${placeText(other.place)})`;
      problems.add(place, field, `belongs to ${first} as well: leave it to one of them`);
    }
  }
}
