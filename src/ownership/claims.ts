/**
 * What an event and the config say about whose it is. Numbers count only on the side that the
 * direction names, never by position: a caller may show any number. What its call has taught us
 * comes in where it is recorded: `deciding.ts` joins the two.
 */
import type { Config } from "../config.ts";
import type { Directory, Found } from "../directory.ts";
import { distinct, type Evidence, type Named, type Subject } from "../ownership.ts";
import { type Direction, isLeg, type MatchedBy } from "../event.ts";
import type { Channel, TenantId } from "../tenant.ts";
import type { Envelope } from "../telnyx/envelope.ts";
import type { Sighting } from "../telnyx/families.ts";
import { numbersMax } from "../telnyx/parties.ts";

/** What the config in force says about ownership. */
export interface Ownership {
  readonly directory: Directory;
  /** Whether there is such a tenant, and it takes events of this channel. */
  takes(id: TenantId, channel: Channel): boolean;
  /** Only its own Telnyx account signs for this tenant. */
  hasOwnAccount(id: TenantId): boolean;
}

/** What this config says. */
export function ownershipOf(
  { directory, tenants }: Pick<Config, "directory" | "tenants">,
): Ownership {
  return {
    directory,
    takes: (id, channel) => tenants.get(id)?.channels.has(channel) ?? false,
    hasOwnAccount: (id) => (tenants.get(id)?.publicKeys.length ?? 0) > 0,
  };
}

/** What an event told. */
export interface Told {
  readonly envelope: Envelope;
  readonly sight: Sighting;
  /** The path it was sent to. */
  readonly path: string;
  /** The tenant whose own account signed it. */
  readonly signer?: TenantId;
  /** When it happened, or was received where nothing tells; epoch ms. */
  readonly at: number;
}

/** What follows from what an event told. */
export interface Claims {
  readonly evidence: Evidence;
  readonly subject: Subject;
  /** What else the config could name for it to be somebody's. */
  readonly wanted: readonly string[];
}

const tenantPath = "/webhooks/@";

/** The tenant that a path names: `/webhooks/@acme`. Whether there is one is not known. */
export function tenantIn(path: string): TenantId | undefined {
  return path.startsWith(tenantPath) ? path.slice(tenantPath.length) : undefined;
}

const profileKeyOf = (profile: string) => `profile:${profile.toLowerCase()}`;

/** Ids, profiles, connections of one event; an order may have all its numbers besides. */
const wantedMax = 128;

/** Looks things up for one event. */
interface Lookup {
  readonly told: Told;
  readonly directory: Directory;
  readonly isForIt: (tenant: TenantId) => boolean;
}

function lookupOf(told: Told, { directory, hasOwnAccount }: Ownership): Lookup {
  const { signer } = told;
  const isForIt = (tenant: TenantId) =>
    signer === undefined ? !hasOwnAccount(tenant) : tenant === signer;
  return { told, directory, isForIt };
}

function namedBy(found: Found | undefined, by: MatchedBy, { isForIt }: Lookup): Named | undefined {
  if (found === undefined || !isForIt(found.tenant)) return undefined;
  const { tenant, matched, dated } = found;
  return dated ? { tenant, by, matched, dated } : { tenant, by, matched };
}

function byNumbers(numbers: readonly string[], lookup: Lookup): readonly Named[] {
  const { directory, told: { at, sight: { channel, profile } } } = lookup;
  return numbers.flatMap((number) => {
    const found = directory.ofNumber(number, channel, profile, at);
    const named = namedBy(found, "phone_number", lookup);
    if (named === undefined) return [];
    return named.matched === number ? [named] : [{ ...named, of: `number:${number}` }];
  });
}

function byProfile(lookup: Lookup): readonly Named[] {
  const { directory, told: { sight: { channel, profile } } } = lookup;
  if (profile === undefined) return none;
  const named = namedBy(directory.ofProfile(profile, channel), "messaging_profile_id", lookup);
  return named === undefined ? none : [named];
}

function byConnection(lookup: Lookup): readonly Named[] {
  const { directory, told: { sight: { channel, connection } } } = lookup;
  if (connection === undefined) return none;
  const named = namedBy(directory.ofConnection(connection, channel), "connection_id", lookup);
  return named === undefined ? none : [named];
}

function byIds(lookup: Lookup): readonly Named[] {
  const { directory, told: { sight: { channel, ids } } } = lookup;
  return ids.flatMap((id) => namedBy(directory.ofId(id, channel), "id", lookup) ?? []);
}

const none: readonly Named[] = [];

/** A short code or a sender's name is not one tenant's alone: its profile says more. */
const isShared = (number: string) => !number.startsWith("+") && !number.includes("@");

/** A message goes to many; the numbers of a call or fax are forms of one. */
const isOneParty = ({ channel }: Sighting) => channel === "voice" || channel === "fax";

/** The owners of the account's side, if it is this one. */
function bySide(direction: Direction, sight: Sighting, lookup: Lookup): readonly Named[] {
  const side = direction === "inbound" ? sight.to : sight.from;
  const sharers = side.some(isShared) ? byProfile(lookup) : none;
  if (sharers.length > 0) return sharers;
  const owners = distinct(byNumbers(side, lookup));
  if (direction === "outbound" || isOneParty(sight)) return owners.slice(0, 1);
  return owners.length > 0 ? owners : distinct(byNumbers(sight.cc, lookup));
}

/** The path names a tenant only when Telnyx signed that it delivered there. */
function byPath({ envelope, path, sight, signer }: Told, ownership: Ownership): readonly Named[] {
  const tenant = tenantIn(path);
  if (tenant === undefined || envelope.deliveredTo === undefined) return [];
  const signed = URL.parse(envelope.deliveredTo)?.pathname.replace(/\/$/, "");
  const isForeign = signer === undefined ? ownership.hasOwnAccount(tenant) : signer !== tenant;
  if (signed !== path || isForeign || !ownership.takes(tenant, sight.channel)) return [];
  return [{ tenant, by: "path", matched: path }];
}

/** By number: whose, or whose if it were the one direction or the other. */
function numbersOf(
  { sight }: Told,
  lookup: Lookup,
): Pick<Evidence, "numbers" | "sides" | "far"> {
  if (sight.ours.length > 0) return { numbers: distinct(byNumbers(sight.ours, lookup)) };
  const { direction } = sight;
  if (direction !== undefined) {
    const numbers = bySide(direction, sight, lookup);
    if (numbers.length === 0) return {};
    const isCall = direction === "outbound" && sight.sessions.length > 0;
    const far = isCall ? byNumbers(sight.to, lookup) : none;
    return far.length === 0 ? { numbers } : { numbers, far };
  }
  const inbound = bySide("inbound", sight, lookup);
  const outbound = bySide("outbound", sight, lookup);
  return inbound.length + outbound.length === 0 ? {} : { sides: { inbound, outbound } };
}

/** What is received is over when it comes: nothing of the same message will follow. */
const isSingle = ({ channel, direction }: Sighting) =>
  channel === "messaging" && direction === "inbound";

/** Another event of the same leg will tell its direction, or its numbers. */
function awaitsMore({ sight }: Told): boolean {
  const { direction, legs, from, to, tellsDirection } = sight;
  if (direction !== undefined || !legs.some(isLeg)) return false;
  const isTexml = legs.some((key) => key.startsWith("CallSid:"));
  return tellsDirection || !isTexml || from.length + to.length === 0;
}

/** What it is of, what it teaches, and what it waits for. */
function joinsOf(told: Told): Evidence {
  const { sight } = told;
  const { conference, conferences, direction, sessions } = sight;
  const legs = isSingle(sight) ? [] : sight.legs;
  const own = sessions.filter((key) => key === sight.call);
  const around = sessions.filter((key) => key !== sight.call);
  const circles = [...own, ...conferences, ...around];
  return {
    ...(direction === undefined ? {} : { direction }),
    ...(legs.length === 0 ? {} : { legs }),
    ...(circles.length === 0 ? {} : { circles }),
    ...(around.length === 0 ? {} : { teaches: [...own, ...conferences] }),
    ...(conference === undefined ? {} : { conference }),
    ...(awaitsMore(told) ? { awaits: true } : {}),
  };
}

function subjectOf({ sight, signer }: Told): Subject {
  const { about, call, stage, state, optOut, legs } = sight;
  const leg = signer === undefined || stage === undefined ? undefined : legs.find(isLeg);
  return {
    ...(about === undefined ? {} : { about }),
    ...(call === undefined || call === about ? {} : { call }),
    ...(stage === undefined ? {} : { stage }),
    ...(leg === undefined ? {} : { leg }),
    ...(state === undefined ? {} : { state }),
    ...(optOut ? { optOut } : {}),
  };
}

/** The numbers that may be the account's. */
function candidatesOf({ ours, direction, from, to, cc }: Sighting): readonly string[] {
  if (ours.length > 0) return ours;
  if (direction === "inbound") return [...to, ...cc];
  return direction === "outbound" ? from : [...to, ...from, ...cc];
}

const nothingElse: readonly string[] = [];

function wantedOf({ sight, path, signer }: Told, { numbers: owned }: Evidence): readonly string[] {
  if (signer !== undefined) return [`account:${signer}`];
  // An owned number decides; it is held only if its leg is, and is then found by that number.
  if (owned !== undefined && owned.length > 0) return nothingElse;
  const { profile, connection, ids } = sight;
  const numbers = candidatesOf(sight);
  const paired = profile === undefined
    ? []
    : numbers.filter(isShared).map((number) => `number:${number} ${profile.toLowerCase()}`);
  const keys = [
    ...paired,
    ...(profile === undefined ? [] : [profileKeyOf(profile)]),
    ...(connection === undefined ? [] : [`connection:${connection}`]),
    ...ids.map((id) => `id:${id}`),
    ...(tenantIn(path) === undefined ? [] : [`path:${path}`]),
  ];
  const byNumber = numbers.slice(0, numbersMax).map((number) => `number:${number}`);
  return [...new Set([...keys.slice(0, wantedMax), ...byNumber])];
}

/** All that a tenant's own account signed is that tenant's, if it takes such events. */
function ofAccount(signer: TenantId, told: Told, ownership: Ownership): Evidence {
  if (!ownership.hasOwnAccount(signer) || !ownership.takes(signer, told.sight.channel)) return {};
  const { numbers = [], sides } = numbersOf(told, lookupOf(told, ownership));
  const [owner] = [...numbers, ...sides?.inbound ?? [], ...sides?.outbound ?? []];
  const by = { by: "public_key", matched: "public_keys", of: `account:${signer}` } as const;
  return { numbers: [owner ?? { tenant: signer, ...by }] };
}

function evidenceOf(told: Told, ownership: Ownership): Evidence {
  if (told.signer !== undefined) return ofAccount(told.signer, told, ownership);
  const lookup = lookupOf(told, ownership);
  const between = [...byProfile(lookup), ...byConnection(lookup)];
  const ids = [...byIds(lookup), ...byPath(told, ownership), ...between];
  const owners = numbersOf(told, lookup);
  const { sides } = owners;
  return {
    ...joinsOf(told),
    ...owners,
    ...(sides === undefined || between.length === 0 ? {} : { between }),
    ...(ids.length === 0 ? {} : { ids }),
  };
}

/** Whose an event is by the config in force, as far as that goes. */
export function claimsOf(told: Told, ownership: Ownership): Claims {
  const evidence = evidenceOf(told, ownership);
  return { evidence, subject: subjectOf(told), wanted: wantedOf(told, evidence) };
}
