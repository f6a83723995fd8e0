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
  /** It is the tenant's for a time only. */
  readonly dated: boolean;
}

/** Who owns what, for the events of one channel. */
export interface Directory {
  /**
   * The owner of a number as `number.ts` writes it, at the time `at` in epoch ms; of two prefixes
   * the longer wins.
   */
  ofNumber(
    number: string,
    channel: Channel,
    profile: string | undefined,
    at: number,
  ): Found | undefined;
  ofConnection(id: string, channel: Channel): Found | undefined;
  ofProfile(id: string, channel: Channel): Found | undefined;
  /** `ids`: anything else that Telnyx names. */
  ofId(id: string, channel: Channel): Found | undefined;
  /** Whether this, as `belongingsOf` writes it, is anybody's on any channel at any time. */
  owns(key: string): boolean;
  readonly numbers: number;
}

/** Something that is a tenant's, perhaps for a time only. */
interface Holding extends Pick<OwnedNumber, "fromAt" | "untilAt"> {
  readonly tenant: Tenant;
}

type Index = Map<string, Holding[]>;

/** E.164 allows fifteen digits; with the plus sign. */
const prefixLengthMax = 16;

function put(index: Index, key: string, holding: Holding): void {
  const holdings = index.get(key);
  if (holdings === undefined) index.set(key, [holding]);
  else holdings.push(holding);
}

const isDated = ({ fromAt, untilAt }: Holding | OwnedNumber) =>
  fromAt !== undefined || untilAt !== undefined;

/** Ids have no dates: of them it does not matter when is asked. */
function find(index: Index, key: string, channel: Channel, at = 0): Found | undefined {
  const holding = index.get(key)?.find(({ tenant, fromAt = -Infinity, untilAt = Infinity }) =>
    fromAt <= at && at < untilAt && tenant.channels.has(channel)
  );
  return holding && { tenant: holding.tenant.id, matched: key, dated: isDated(holding) };
}

const pairOf = (number: string, profile: string) => `${number} ${profile.toLowerCase()}`;

const keyOf = ({ number, messagingProfileId }: OwnedNumber) =>
  messagingProfileId === undefined ? number : pairOf(number, messagingProfileId);

/**
 * Everything that is a tenant's at any time, each in a text of its own: `number:+18005559876`,
 * `number:+1312555*`, `number:INFO <profile>`, `connection:…`, `profile:…`, `id:…`; profiles in
 * lower case.
 */
export function belongingsOf(tenant: Tenant): readonly string[] {
  const { numbers, connectionIds, messagingProfileIds, ids } = tenant;
  const all = [
    ...numbers.map((owned) => `number:${keyOf(owned)}${owned.prefix ? "*" : ""}`),
    ...connectionIds.map((id) => `connection:${id}`),
    ...messagingProfileIds.map((id) => `profile:${id.toLowerCase()}`),
    ...ids.map((id) => `id:${id}`),
  ];
  return [...new Set(all)];
}

/** Builds the directory of these tenants. Of two owners of one thing at once the first wins. */
export function buildDirectory(tenants: Iterable<Tenant>): Directory {
  const exact: Index = new Map();
  const prefixes: Index = new Map();
  const connections: Index = new Map();
  const profiles: Index = new Map();
  const ids: Index = new Map();
  for (const tenant of tenants) {
    const always: Holding = { tenant };
    for (const owned of tenant.numbers) {
      const holding = isDated(owned) ? { ...owned, tenant } : always;
      put(owned.prefix ? prefixes : exact, keyOf(owned), holding);
    }
    for (const id of tenant.connectionIds) put(connections, id, always);
    for (const id of tenant.messagingProfileIds) put(profiles, id.toLowerCase(), always);
    for (const id of tenant.ids) put(ids, id, always);
  }

  const byPrefix = (number: string, channel: Channel, at: number): Found | undefined => {
    if (prefixes.size === 0) return undefined;
    for (let length = Math.min(number.length, prefixLengthMax); length > 0; length--) {
      const found = find(prefixes, number.slice(0, length), channel, at);
      if (found) return { ...found, matched: `${found.matched}*` };
    }
    return undefined;
  };

  const isPrefixed = (number: string) =>
    prefixes.size > 0 &&
    Array.from(number.slice(0, prefixLengthMax)).some((_, end) =>
      prefixes.has(number.slice(0, end + 1))
    );

  const owners: ReadonlyMap<string, (name: string) => boolean> = new Map([
    ["number", (name) => exact.has(name) || isPrefixed(name)],
    ["connection", (name) => connections.has(name)],
    ["profile", (name) => profiles.has(name.toLowerCase())],
    ["id", (name) => ids.has(name)],
  ]);

  return {
    owns(key) {
      const end = key.indexOf(":");
      return owners.get(key.slice(0, end))?.(key.slice(end + 1)) ?? false;
    },
    numbers: exact.size + prefixes.size,
    ofNumber(number, channel, profile, at) {
      const paired = profile && find(exact, pairOf(number, profile), channel, at);
      if (paired) return { ...paired, matched: number };
      return find(exact, number, channel, at) ?? byPrefix(number, channel, at);
    },
    ofConnection: (id, channel) => find(connections, id, channel),
    ofProfile: (id, channel) => find(profiles, id.toLowerCase(), channel),
    ofId: (id, channel) => find(ids, id, channel),
  };
}
