/**
 * Whose event a body is, and why, in words that travel: what the admin listener answers and what
 * the command line prints. Decided as the log would decide it now; nothing is recorded.
 */
import { hash } from "node:crypto";
import type { Config } from "../config.ts";
import {
  type Evidence,
  type HeldReason,
  keyOf,
  type Known,
  type Named,
  type Subject,
} from "../ownership.ts";
import type { Direction, Key, MatchedBy, Owner } from "../event.ts";
import type { Channel, TenantId } from "../tenant.ts";
import { readEnvelope } from "../telnyx/envelope.ts";
import { ownershipOf } from "./claims.ts";
import { explain, type Explanation, keysOf, type Step } from "./explaining.ts";
import { eventOf, type Read, read } from "./reading.ts";

/** A body, and how it came. */
export interface AskedAbout {
  readonly body: Uint8Array;
  readonly contentType?: string;
  /** That it was sent to, or the whole URL; absent: where Telnyx says that it delivered it. */
  readonly path?: string;
  /** The tenant whose own account signed it. */
  readonly signer?: TenantId;
  /** Epoch ms. */
  readonly receivedAt: number;
  /** It has waited for its call long enough. */
  readonly late?: boolean;
}

/** What the owners' rules make of an event. */
export interface Sorting {
  ownerOf(named: Named, type: string, subject: Subject): Owner;
  sessionOf(tenant: TenantId, subject: Subject): { readonly key: Key } | undefined;
}

/** What is decided from. */
export interface Grounds {
  readonly config: Config;
  readonly sorting: Sorting;
  /** What calls have taught of these. */
  known(keys: readonly Key[]): Promise<readonly (Known | undefined)[]>;
}

/** One tenant that gets it. */
export interface ExplainedOwner {
  readonly tenant: TenantId;
  readonly matched_by: MatchedBy;
  readonly matched: string;
  readonly immediate: boolean;
  readonly dropped: boolean;
  /** `window`, `session call_session_id:…`, or `none` where it is dropped. */
  readonly lane: string;
}

/** Something that a rule looked at, with what was found; without a tenant: nothing. */
export interface ExplainedLook {
  readonly what: string;
  readonly tenant?: TenantId;
  /** By what the config names the tenant; absent where a call has taught it. */
  readonly matched_by?: MatchedBy;
  readonly matched?: string;
  readonly direction?: Direction;
  /** It is two tenants', and decides nothing. */
  readonly shared?: true;
  /** It began while nobody owned a number that changed hands: an operator has to say whose. */
  readonly recycled?: true;
  readonly guessed?: TenantId;
  readonly creator?: TenantId;
  readonly seen_at?: string;
}

/** One rule, as it was asked. */
export interface ExplainedStep {
  readonly rule: string;
  readonly looked: readonly ExplainedLook[];
  /** Absent: it had nothing to say. */
  readonly decided?: Outcome;
}

/** Whose it is, or why it is nobody's. */
export type Outcome =
  | { readonly tenants: readonly TenantId[] }
  | { readonly held: HeldReason };

/** Everything there is to say of a body. */
export interface Explained {
  /** It cannot be read: there is nothing else to say of it. */
  readonly parked: boolean;
  readonly id?: string;
  readonly type?: string;
  readonly channel?: Channel;
  readonly direction?: Direction;
  /** The numbers it names, by their sides. */
  readonly from?: readonly string[];
  readonly to?: readonly string[];
  readonly cc?: readonly string[];
  readonly path: string;
  readonly signed_by?: TenantId;
  readonly owners: readonly ExplainedOwner[];
  readonly held?: HeldReason;
  /** Where it waits for its call: what becomes of it if that says nothing. */
  readonly otherwise?: Outcome;
  /** Up to the rule that decides. */
  readonly steps: readonly ExplainedStep[];
  /** What the config would have to name for it to be somebody's. */
  readonly wanted: readonly string[];
}

const usualPath = "/webhooks/ingest";

const pathIn = (url: string) => URL.parse(url, "http://host")?.pathname.replace(/(.)\/$/, "$1");

/** The path it was sent to: as given, else where Telnyx says so, else the usual one. */
export function pathOf(
  { body, contentType, path }: Pick<AskedAbout, "body" | "contentType" | "path">,
): string {
  const url = path ?? readEnvelope(body, contentType)?.deliveredTo;
  return (url === undefined ? undefined : pathIn(url)) ?? usualPath;
}

function namedIn({ numbers = [], sides, between = [], ids = [] }: Evidence): readonly Named[] {
  return [...numbers, ...sides?.inbound ?? [], ...sides?.outbound ?? [], ...between, ...ids];
}

function lookOf(what: string, known: Known | undefined, named: Named | undefined): ExplainedLook {
  if (known !== undefined) {
    const { tenant, direction, shared, recycled, guess, creator, seenAt } = known;
    return {
      what,
      ...(tenant === undefined ? {} : { tenant }),
      ...(direction === undefined ? {} : { direction }),
      ...(shared === undefined ? {} : { shared }),
      ...(recycled === undefined ? {} : { recycled }),
      ...(guess === undefined ? {} : { guessed: guess.tenant }),
      ...(creator === undefined ? {} : { creator }),
      seen_at: new Date(seenAt).toISOString(),
    };
  }
  if (named === undefined) return { what };
  return { what, tenant: named.tenant, matched_by: named.by, matched: named.matched };
}

const outcomeOf = ({ owners, held }: Pick<Explanation, "owners" | "held">): Outcome =>
  held === undefined ? { tenants: owners.map(({ tenant }) => tenant) } : { held };

function stepOf({ rule, looked, known, decided }: Step, named: readonly Named[]): ExplainedStep {
  const looks = looked.map((what) =>
    lookOf(
      what,
      Object.hasOwn(known, what) ? known[what] : undefined,
      named.find((one) => keyOf(one) === what),
    )
  );
  if (decided === undefined) return { rule, looked: looks };
  const outcome = decided.is === "held"
    ? outcomeOf({ owners: [], held: decided.why })
    : outcomeOf(decided);
  return { rule, looked: looks, decided: outcome };
}

function ownerOf(named: Named, { envelope, claims }: Read, sorting: Sorting): ExplainedOwner {
  const { type } = envelope;
  const { tenant, by, matched, immediate, dropped } = sorting.ownerOf(named, type, claims.subject);
  const session = sorting.sessionOf(tenant, claims.subject);
  const lane = dropped ? "none" : session === undefined ? "window" : `session ${session.key}`;
  return { tenant, matched_by: by, matched, immediate, dropped, lane };
}

/** Asks whose a body is. */
export async function explained(asked: AskedAbout, grounds: Grounds): Promise<Explained> {
  const { signer, receivedAt, late = false } = asked;
  const path = pathOf(asked);
  const found = read({ ...asked, path }, ownershipOf(grounds.config));
  if (found === undefined) return { parked: true, path, owners: [], steps: [], wanted: [] };
  const { envelope, sight: { from, to, cc }, claims: { evidence, wanted } } = found;
  const keys = keysOf(evidence);
  const all = await grounds.known(keys);
  const memory = new Map(keys.map((key, index) => [key, all[index]]));
  const known = (key: Key) => memory.get(key);
  const explanation = explain(evidence, known, receivedAt, late);
  const { direction, held } = explanation;
  const { id, type, channel } = eventOf(found, hash("sha256", envelope.content), receivedAt);
  const named = namedIn(evidence);
  return {
    parked: false,
    id,
    type,
    channel,
    ...(direction === undefined ? {} : { direction }),
    from,
    to,
    cc,
    path,
    ...(signer === undefined ? {} : { signed_by: signer }),
    owners: explanation.owners.map((owner) => ownerOf(owner, found, grounds.sorting)),
    ...(held === undefined ? {} : { held }),
    ...(held === "waiting"
      ? { otherwise: outcomeOf(explain(evidence, known, receivedAt, true)) }
      : {}),
    steps: explanation.steps.map((step) => stepOf(step, named)),
    wanted,
  };
}
