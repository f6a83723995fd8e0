/**
 * What calls teach: whose a leg, call or conference is and which way a leg goes. Learned from
 * every event whose owner is known, in the same commit, and kept for 24 h after it was last named.
 */
import type { Evidence, Known } from "../ownership.ts";
import { isConference, type Key } from "../event.ts";
import type { TenantId } from "../tenant.ts";
import type { Decision } from "./deciding.ts";

/** How long something is remembered after an event has named it. */
export const rememberedMs = 24 * 60 * 60_000;

/** `seenAt` is written again only when it is older than this; so much longer it is remembered. */
export const seenWithinMs = 10 * 60_000;

/** Where it is remembered. */
export interface Memory {
  get(key: Key): Known | undefined;
  put(key: Key, known: Known): void;
}

/** What an event says of one thing it names. */
type Lesson = Partial<Pick<Known, "tenant" | "direction" | "guess" | "creator" | "recycled">>;

/** What an operator says holds, but for what is another tenant's for sure. */
function withTenant(known: Known, tenant: TenantId, byOperator: boolean): Known {
  if (byOperator && known.tenant === undefined) {
    const { shared: _, recycled: __, guess: ___, ...rest } = known;
    return { ...rest, tenant };
  }
  if (known.shared === true || known.recycled === true || known.tenant === tenant) return known;
  if (byOperator) return known;
  const { tenant: other, guess: _, ...rest } = known;
  return other === undefined ? { ...rest, tenant } : { ...rest, shared: true };
}

/** A direction puts an end to guessing. */
function withDirection(known: Known, direction: NonNullable<Known["direction"]>): Known {
  if (known.direction !== undefined) return known;
  const { guess: _, ...rest } = known;
  return { ...rest, direction };
}

/** With nothing new it is the same object. */
function taught(before: Known, lesson: Lesson, byOperator: boolean): Known {
  const { tenant, direction, guess, creator, recycled } = lesson;
  let known = before;
  if (recycled === true && known.tenant === undefined) known = { ...known, recycled };
  if (direction !== undefined) known = withDirection(known, direction);
  if (tenant !== undefined) known = withTenant(known, tenant, byOperator);
  if (creator !== undefined && known.creator === undefined) known = { ...known, creator };
  const isOpen = known.tenant === undefined && known.shared === undefined &&
    known.recycled === undefined && known.direction === undefined && known.guess === undefined;
  return guess !== undefined && isOpen ? { ...known, guess } : known;
}

/** Whether something else may be decided by it that could not be before. */
const isNews = (before: Known, known: Known) =>
  known.tenant !== undefined && before.tenant === undefined ||
  known.direction !== before.direction || known.creator !== before.creator ||
  known.guess !== undefined && before.guess === undefined;

/** The one tenant whose an event is, if it is one's only. */
function ownerOf(decision: Decision): TenantId | undefined {
  if (decision.is === "held") return undefined;
  const [owner, ...others] = decision.owners;
  return others.length === 0 ? owner?.tenant : undefined;
}

const nothing: Lesson = {};

/** What it says of its legs, and of its calls and conferences. */
function lessonsOf(evidence: Evidence, decision: Decision, now: number) {
  const { conference, direction, awaits } = evidence;
  const owner = conference === "wide" ? undefined : ownerOf(decision);
  const isFirm = decision.is === "owned" && decision.firm;
  const tenant = isFirm && owner !== undefined ? { tenant: owner } : nothing;
  const guess = !isFirm && owner !== undefined && awaits === true
    ? { guess: { tenant: owner, at: now } }
    : nothing;
  const told = direction === undefined ? nothing : { direction };
  const isBarred = decision.is === "held" && decision.why === "recycled";
  const barred = isBarred ? { recycled: true } as const : nothing;
  const made = conference === "created" && isFirm && owner !== undefined
    ? { ...tenant, creator: owner }
    : tenant;
  return { ofLeg: { ...tenant, ...guess, ...told, ...barred }, ofCall: tenant, ofConference: made };
}

/** Remembers what an event teaches; gives the keys by which others may now be decided. */
export function learn(
  evidence: Evidence,
  decision: Decision,
  memory: Memory,
  now: number,
): readonly Key[] {
  const { legs = [], circles = [], teaches = circles } = evidence;
  if (legs.length === 0 && circles.length === 0) return [];
  const news: Key[] = [];
  const isReleased = decision.is === "owned" && decision.owners.every(({ by }) => by === "release");

  function teach(key: Key, lesson: Lesson, byOperator = false): void {
    const before = memory.get(key);
    const from = before ?? { seenAt: now };
    const known = taught(from, lesson, byOperator);
    const isSame = known === from;
    if (isSame && (before === undefined || now - from.seenAt < seenWithinMs)) return;
    memory.put(key, { ...known, seenAt: Math.max(now, from.seenAt) });
    if (isNews(from, known)) news.push(key);
  }

  const { ofLeg, ofCall, ofConference } = lessonsOf(evidence, decision, now);
  for (const key of legs) teach(key, ofLeg, isReleased);
  for (const key of circles) {
    teach(key, !teaches.includes(key) ? nothing : isConference(key) ? ofConference : ofCall);
  }
  return news;
}
