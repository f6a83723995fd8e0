/**
 * Whose event it is: the rules in their order, strongest first (README, "Whose event it is"). The
 * first that says something decides. A caller may show any number, so a number counts only on the
 * account's side; and until the direction of a leg is known, what could be another tenant's waits.
 *
 *     creator ▸ leg ▸ number ▸ both sides ▸ only owner ▸ call or conference ▸ either side ▸ ids
 */
import type { Evidence, HeldReason, Known, Named } from "../ownership.ts";
import { distinct, graceMs, keyOf } from "../ownership.ts";
import { type Direction, isConference, type Key, type KeyKind } from "../event.ts";
import type { TenantId } from "../tenant.ts";

/** What is known of the things an event names. */
export type Knowledge = (key: Key) => Known | undefined;

/** Whose an event is, or why it is nobody's. */
export type Decision =
  | {
    readonly is: "owned";
    readonly owners: readonly Named[];
    /** The direction is known, or will never be: what follows from it may be remembered. */
    readonly firm: boolean;
  }
  | { readonly is: "held"; readonly why: HeldReason };

/** What is asked. */
export interface Question {
  readonly evidence: Evidence;
  readonly known: Knowledge;
  /** Epoch ms. */
  readonly now: number;
  /** It has waited for its call long enough. */
  readonly late: boolean;
}

/** What the rules look at. */
export interface Case extends Question {
  /** Those of its legs that are known. */
  readonly legs: readonly (readonly [Key, Known])[];
  /** The side that is the account's, as the event or its leg tells it. */
  readonly direction: Direction | undefined;
}

const noLegs: Case["legs"] = [];

/** Looks up what every rule needs. */
export function caseOf(question: Question): Case {
  const { evidence, known, now, late } = question;
  let legs = noLegs;
  for (const key of evidence.legs ?? []) {
    const leg = known(key);
    if (leg !== undefined) legs = [...legs, [key, leg]];
  }
  const direction = evidence.direction ?? legs.find(([, leg]) => leg.direction)?.[1].direction;
  return { evidence, known, now, late, legs, direction };
}

/** One rule, and what it looks at, for people. */
export interface Rule {
  readonly name: string;
  /** Undefined: it has nothing to say. */
  readonly decide: (of: Case) => Decision | undefined;
  readonly looksAt: (of: Case) => readonly string[];
}

const held = (why: HeldReason): Decision => ({ is: "held", why });
const owned = (owners: readonly Named[], firm: boolean): Decision => ({
  is: "owned",
  owners,
  firm,
});

function namedBy(key: Key, tenant: TenantId): Named {
  const end = key.indexOf(":");
  return { tenant, by: key.slice(0, end) as KeyKind, matched: key.slice(end + 1) };
}

/** Nothing is known of its leg, and another event of it will say something. */
function waits({ evidence, late, legs, direction }: Case): boolean {
  if (late || evidence.awaits !== true || direction !== undefined) return false;
  return legs.every(([, { tenant }]) => tenant === undefined);
}

/** The owners on both sides, where the direction is not known. */
function eitherOf(of: Case): readonly Named[] {
  const { sides } = of.evidence;
  if (sides === undefined || of.direction !== undefined) return [];
  return distinct([...sides.inbound, ...sides.outbound]);
}

/** By the nearest call or conference that is known to be one tenant's. */
function circleOf({ evidence, known }: Case): Named | undefined {
  for (const key of evidence.circles ?? []) {
    // A participant is not the creator: of the conference itself only calls can tell.
    if (evidence.conference !== undefined && isConference(key)) continue;
    const tenant = known(key)?.tenant;
    if (tenant !== undefined) return namedBy(key, tenant);
  }
  return undefined;
}

/** The call it belongs to itself is not known yet, and what is farther could be another's. */
function isFarther({ by, matched }: Named, { evidence, known, direction, late }: Case): boolean {
  const [nearest] = evidence.circles ?? [];
  if (late || direction !== undefined || nearest === undefined) return false;
  return nearest !== `${by}:${matched}` && !isConference(nearest) && known(nearest) === undefined;
}

/** Something else that it names is another tenant's. */
function isContradicted(owner: Named, of: Case): boolean {
  const { between = [], ids = [] } = of.evidence;
  const circle = circleOf(of);
  const others = circle === undefined ? [...between, ...ids] : [circle, ...between, ...ids];
  return others.some(({ tenant }) => tenant !== owner.tenant);
}

/** What is about a whole conference is its creator's. */
const creator: Rule = {
  name: "the conference's creator",
  looksAt: ({ evidence }) => evidence.conference === "wide" ? evidence.circles ?? [] : [],
  decide({ evidence, known, late }) {
    if (evidence.conference !== "wide") return undefined;
    for (const key of evidence.circles ?? []) {
      const tenant = known(key)?.creator;
      if (tenant !== undefined) return owned([namedBy(key, tenant)], true);
    }
    return late ? undefined : held("waiting");
  },
};

/** A leg, message or fax that is known keeps its tenant, wherever its number has moved to. */
const leg: Rule = {
  name: "a leg, message or fax we know",
  looksAt: ({ evidence }) => evidence.legs ?? [],
  decide(of) {
    // The leg that caused it need not be the creator's.
    if (of.evidence.conference === "wide") return undefined;
    const owners = of.legs.flatMap(([key, { tenant }]) =>
      tenant === undefined ? [] : [namedBy(key, tenant)]
    );
    const [owner] = owners;
    if (owners.some(({ tenant }) => tenant !== owner?.tenant)) return held("ambiguous");
    if (of.legs.some(([, { recycled }]) => recycled === true)) return held("recycled");
    return owner === undefined ? guessed(of) : owned([owner], true);
  },
};

/** A direction that has not come within the time for it will not come any more. */
function guessed({ legs, direction, late, now }: Case): Decision | undefined {
  if (direction !== undefined) return undefined;
  for (const [key, { guess }] of legs) {
    if (guess === undefined || (!late && now - guess.at < graceMs)) continue;
    return owned([namedBy(key, guess.tenant)], false);
  }
  return undefined;
}

const sideOf = ({ evidence: { numbers, sides }, direction }: Case): readonly Named[] =>
  numbers ?? (direction && sides?.[direction]) ?? [];

/**
 * A leg that goes out in a call which is known to be another tenant's alone, and does not go to
 * that one: its call was forwarded with the caller's own number, which anybody may show.
 */
function forwardedBy(of: Case, owners: readonly Named[]): readonly Named[] | undefined {
  const { evidence: { sides, far = sides?.inbound ?? [] }, direction } = of;
  const found = direction === "outbound" ? circleOf(of) : undefined;
  if (found === undefined) return undefined;
  const isIts = ({ tenant }: Named) => tenant === found.tenant;
  return owners.some(isIts) || far.some(isIts) ? undefined : [found];
}

const number: Rule = {
  name: "our number, on the side the direction names",
  looksAt(of) {
    return [`direction ${of.direction ?? "not known"}`, ...sideOf(of).map(keyOf)];
  },
  decide(of) {
    const owners = sideOf(of);
    if (owners.length === 0) return undefined;
    return owned(forwardedBy(of, owners) ?? distinct(owners), true);
  },
};

/** Between two owners the leg's direction decides, and until it is known nobody may see it. */
const bothSides: Rule = {
  name: "two owners, until the leg's direction is known",
  looksAt: (of) => eitherOf(of).map(keyOf),
  decide: (of) =>
    of.evidence.awaits === true && eitherOf(of).length > 1 ? held("ambiguous") : undefined,
};

/** Whose number it is most likely: only if nothing else that it names is another tenant's. */
const onlyOwner: Rule = {
  name: "the only owner on both sides",
  looksAt: (of) => eitherOf(of).map(keyOf),
  decide(of) {
    const [owner, ...others] = eitherOf(of);
    if (owner === undefined || others.length > 0 || isContradicted(owner, of)) return undefined;
    return owned([owner], of.evidence.awaits !== true);
  },
};

/** It names a leg, so its call is that leg's, who need not be the creator: both have to agree. */
function isDoubtful({ tenant }: Named, { evidence, known }: Case): boolean {
  const { conference, circles = [], legs = [] } = evidence;
  return conference === "wide" && legs.length > 0 &&
    circles.some((key) => isConference(key) && known(key)?.tenant !== tenant);
}

const circle: Rule = {
  name: "a call or conference we know",
  looksAt: ({ evidence }) => evidence.circles ?? [],
  decide(of) {
    const found = circleOf(of);
    if (found === undefined) return undefined;
    if (waits(of) || isFarther(found, of)) return held("waiting");
    if (isDoubtful(found, of)) return held("ambiguous");
    return owned([found], of.evidence.awaits !== true || of.direction !== undefined);
  },
};

/** Nothing will ever tell the direction. */
const eitherSide: Rule = {
  name: "of two owners, the one of the profile or connection",
  looksAt: ({ evidence }) => (evidence.between ?? []).map(keyOf),
  decide(of) {
    const either = eitherOf(of);
    if (either.length === 0) return undefined;
    if (waits(of)) return held("waiting");
    const decided = (of.evidence.between ?? []).find(({ tenant }) =>
      either.length > 1 && either.some((owner) => owner.tenant === tenant)
    );
    return decided === undefined ? held("ambiguous") : owned([decided], true);
  },
};

const ids: Rule = {
  name: "an id, path, messaging profile or connection",
  looksAt: ({ evidence }) => (evidence.ids ?? []).map(keyOf),
  decide(of) {
    const [first] = of.evidence.ids ?? [];
    if (first === undefined) return undefined;
    if (waits(of)) return held("waiting");
    return owned([first], of.evidence.awaits !== true || of.direction !== undefined);
  },
};

const nobody: Rule = {
  name: "nobody",
  looksAt: () => [],
  decide: (of) => held(waits(of) ? "waiting" : "unknown"),
};

/** Strongest first; the last always decides. */
export const rules: readonly Rule[] = [
  creator,
  leg,
  number,
  bothSides,
  onlyOwner,
  circle,
  eitherSide,
  ids,
  nobody,
];

/** Whose event it is, by what is known now. */
export function decide(question: Question): Decision {
  const of = caseOf(question);
  for (const rule of rules) {
    const decision = rule.decide(of);
    if (decision !== undefined) return decision;
  }
  return held("unknown");
}
