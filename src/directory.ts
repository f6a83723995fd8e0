/**
 * The directory: who owns which number and which id. Built once per config, asked several times
 * per webhook; every lookup costs the same whatever the number of tenants.
 */
import type { Channel, OwnedNumber, Tenant, TenantId } from "./tenant.ts";

/** A number or id of a tenant that an event named. */
export interface Found {
  readonly tenant: TenantId;
  /** As the config has it. */
  readonly matched: string;
}

/** Who owns what, for the events of one channel. */
export interface Directory {
  /** The owner of a number as `number.ts` writes it; of two prefixes the longer wins. */
  ofNumber(number: string, channel: Channel, profile: string | undefined): Found | undefined;
  ofConnection(id: string, channel: Channel): Found | undefined;
  ofProfile(id: string, channel: Channel): Found | undefined;
  /** `ids`: anything else that Telnyx names. */
  ofId(id: string, channel: Channel): Found | undefined;
  readonly numbers: number;
}

type Index = Map<string, Tenant[]>;

/** E.164 allows fifteen digits; with the plus sign. */
const prefixLengthMax = 16;

function put(index: Index, key: string, tenant: Tenant): void {
  const owners = index.get(key);
  if (owners === undefined) index.set(key, [tenant]);
  else if (!owners.includes(tenant)) owners.push(tenant);
}

function find(index: Index, key: string, channel: Channel): Found | undefined {
  const owner = index.get(key)?.find((tenant) => tenant.channels.has(channel));
  return owner && { tenant: owner.id, matched: key };
}

const pairOf = (number: string, profile: string) => `${number} ${profile.toLowerCase()}`;

const keyOf = ({ number, messagingProfileId }: OwnedNumber) =>
  messagingProfileId === undefined ? number : pairOf(number, messagingProfileId);

/** Builds the directory of these tenants. Two owners of one thing on one channel: first wins. */
export function buildDirectory(tenants: Iterable<Tenant>): Directory {
  const exact: Index = new Map();
  const prefixes: Index = new Map();
  const connections: Index = new Map();
  const profiles: Index = new Map();
  const ids: Index = new Map();
  for (const tenant of tenants) {
    for (const owned of tenant.numbers) {
      put(owned.prefix ? prefixes : exact, keyOf(owned), tenant);
    }
    for (const id of tenant.connectionIds) put(connections, id, tenant);
    for (const id of tenant.messagingProfileIds) put(profiles, id.toLowerCase(), tenant);
    for (const id of tenant.ids) put(ids, id, tenant);
  }

  const byPrefix = (number: string, channel: Channel): Found | undefined => {
    if (prefixes.size === 0) return undefined;
    for (let length = Math.min(number.length, prefixLengthMax); length > 0; length--) {
      const found = find(prefixes, number.slice(0, length), channel);
      if (found) return { ...found, matched: `${found.matched}*` };
    }
    return undefined;
  };

  return {
    numbers: exact.size + prefixes.size,
    ofNumber(number, channel, profile) {
      const paired = profile && find(exact, pairOf(number, profile), channel);
      if (paired) return { ...paired, matched: number };
      return find(exact, number, channel) ?? byPrefix(number, channel);
    },
    ofConnection: (id, channel) => find(connections, id, channel),
    ofProfile: (id, channel) => find(profiles, id.toLowerCase(), channel),
    ofId: (id, channel) => find(ids, id, channel),
  };
}
