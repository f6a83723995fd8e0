/**
 * Whose event is it: the rules in their order, strongest first. Numbers count only on the side
 * that the direction names, never by position: a caller may show any number.
 */
import type { Directory, Found } from "../directory.ts";
import type { MatchedBy, Owner } from "../event.ts";
import type { Channel, TenantId } from "../tenant.ts";
import type { Envelope } from "../telnyx/envelope.ts";
import type { Sighting } from "../telnyx/families.ts";

/** What the config in force says about ownership. */
export interface Ownership {
  readonly directory: Directory;
  /** Whether there is such a tenant, and it takes events of this channel. */
  takes(id: TenantId, channel: Channel): boolean;
  isImmediate(tenant: TenantId, type: string): boolean;
  isDropped(tenant: TenantId, type: string): boolean;
}

/** What an event told. */
export interface Told {
  readonly envelope: Envelope;
  readonly sight: Sighting;
  /** The path it was sent to. */
  readonly path: string;
}

type Named = Omit<Owner, "immediate" | "dropped">;

/** Held keys per event: enough to see whose it could be. */
const keysMax = 32;
const pathPrefix = "/webhooks/@";

function named(found: Found | undefined, by: MatchedBy): Named[] {
  return found === undefined ? [] : [{ tenant: found.tenant, by, matched: found.matched }];
}

/** Each tenant once, by the first that named it. */
function distinct(owners: readonly Named[]): readonly Named[] {
  return owners.filter((owner, index) =>
    owners.findIndex(({ tenant }) => tenant === owner.tenant) === index
  );
}

function byNumber({ sight }: Told, directory: Directory, numbers: readonly string[]) {
  return distinct(
    numbers.flatMap((number) =>
      named(directory.ofNumber(number, sight.channel, sight.profile), "phone_number")
    ),
  );
}

/** A short code or a sender's name is not one tenant's alone: its profile says more. */
const isShared = (number: string) => !number.startsWith("+") && !number.includes("@");

function byProfile({ sight }: Told, directory: Directory): readonly Named[] {
  const { profile, channel } = sight;
  if (profile === undefined) return [];
  return named(directory.ofProfile(profile, channel), "messaging_profile_id");
}

function byConnection({ sight }: Told, directory: Directory): readonly Named[] {
  const { connection, channel } = sight;
  if (connection === undefined) return [];
  return named(directory.ofConnection(connection, channel), "connection_id");
}

function byIds({ sight }: Told, directory: Directory): readonly Named[] {
  return sight.ids.flatMap((id) => named(directory.ofId(id, sight.channel), "id")).slice(0, 1);
}

/** The path names a tenant only when Telnyx signed that it delivered there. */
function byPath({ envelope, path, sight }: Told, ownership: Ownership): readonly Named[] {
  if (!path.startsWith(pathPrefix) || envelope.deliveredTo === undefined) return [];
  const signed = URL.parse(envelope.deliveredTo)?.pathname.replace(/\/$/, "");
  const tenant = path.slice(pathPrefix.length);
  if (signed !== path || !ownership.takes(tenant, sight.channel)) return [];
  return [{ tenant, by: "path", matched: path }];
}

/** Our numbers: those that can only be ours, else on the side that the direction names. */
function byDirection(told: Told, directory: Directory): readonly Named[] {
  const { sight } = told;
  if (sight.ours.length > 0) return byNumber(told, directory, sight.ours);
  if (sight.direction === "outbound") return byNumber(told, directory, sight.from).slice(0, 1);
  const owners = byNumber(told, directory, sight.to);
  return owners.length > 0 ? owners : byNumber(told, directory, sight.cc);
}

/** Without a direction: the only owner on either side. */
function byEitherSide(told: Told, directory: Directory): readonly Named[] {
  const { from, to, cc } = told.sight;
  return byNumber(told, directory, [...to, ...from, ...cc]);
}

function keysOf({ sight }: Told): readonly string[] {
  const { ours, to, from, cc, profile, connection, ids } = sight;
  const numbers = [...ours, ...to, ...from, ...cc].map((number) => `number:${number}`);
  const others = [
    ...(profile === undefined ? [] : [`profile:${profile}`]),
    ...(connection === undefined ? [] : [`connection:${connection}`]),
    ...ids.map((id) => `id:${id}`),
  ];
  return [...new Set([...numbers, ...others])].slice(0, keysMax);
}

/** On this side nobody's number alone says whose an event is. */
function isSharedSide({ direction, from, to }: Sighting): boolean {
  const side = direction === undefined ? [...to, ...from] : direction === "inbound" ? to : from;
  return side.some(isShared);
}

/** What the event says about its owner, and what would have to be known if it does not. */
export interface Claims {
  /** By the first rule that names anybody; empty when none does. */
  readonly owners: readonly Named[];
  /** Owners on both sides, and nothing that says which of them. */
  readonly ambiguous: boolean;
  /** Only of an event that is nobody's. */
  readonly keys: readonly string[];
}

type Rule = (
  told: Told,
  ownership: Ownership,
  byNumbers: readonly Named[],
) => readonly Named[];

/** Strongest first. Without a direction `byNumbers` is the only owner on either side. */
const rules: readonly Rule[] = [
  (told, { directory }) => isSharedSide(told.sight) ? byProfile(told, directory) : [],
  (_told, _ownership, byNumbers) => byNumbers,
  (told, { directory }) => byIds(told, directory),
  byPath,
  (told, { directory }) => byProfile(told, directory),
  (told, { directory }) => byConnection(told, directory),
];

/** Between two owners their connection or profile decides, where no later event will. */
function between(either: readonly Named[], told: Told, directory: Directory): readonly Named[] {
  // Another event of the call will tell its direction; until then nobody may see it.
  if (told.sight.tellsDirection) return [];
  const isOneOf = (owner: Named) => either.some(({ tenant }) => tenant === owner.tenant);
  const profile = byProfile(told, directory).filter(isOneOf);
  return profile.length > 0 ? profile : byConnection(told, directory).filter(isOneOf);
}

function firstOf(...asked: Parameters<Rule>): readonly Named[] {
  for (const rule of rules) {
    const owners = rule(...asked);
    if (owners.length > 0) return owners;
  }
  return [];
}

/** Whose an event is by the config in force. */
export function claimsOf(told: Told, ownership: Ownership): Claims {
  const { directory } = ownership;
  const { direction, ours } = told.sight;
  const isTold = direction !== undefined || ours.length > 0;
  const byNumbers = isTold ? byDirection(told, directory) : byEitherSide(told, directory);
  const ambiguous = !isTold && byNumbers.length > 1;
  const owners = ambiguous
    ? between(byNumbers, told, directory)
    : firstOf(told, ownership, byNumbers);
  if (owners.length > 0) return { owners, ambiguous: false, keys: [] };
  return { owners, ambiguous, keys: keysOf(told) };
}
