/**
 * What the events of one sample call, message or fax have in common: two numbers, one of which is
 * ours, ids, and a beginning. All of it follows from a seed, so that a run can be repeated.
 */
import { createHash } from "node:crypto";

/** Looks random, is not: the same seed gives the same sequence. */
export interface Chance {
  uuid(): string;
  /** As long as a call control id. */
  token(): string;
  digits(count: number): string;
  below(bound: number): number;
  pick<T>(list: readonly [T, ...T[]]): T;
}

/** Hashes of the seed and a counter: ids of two seeds never meet. */
export function createChance(seed: string): Chance {
  let count = 0;
  const bytes = () => createHash("sha256").update(`${seed}/${count++}`).digest();
  const below = (bound: number) => bytes().readUIntBE(0, 6) % bound;
  return {
    below,
    uuid() {
      const hex = bytes().toString("hex");
      const variant = "89ab"[Number.parseInt(hex.charAt(16), 16) % 4];
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}` +
        `${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
    },
    token: () => `${bytes().toString("base64url")}${bytes().toString("base64url").slice(0, 11)}`,
    digits: (length) => String(below(10 ** length)).padStart(length, "0"),
    pick: ([first, ...others]) => others[below(others.length + 1) - 1] ?? first,
  };
}

/** One call, message or fax in the making. */
export interface Scene {
  readonly chance: Chance;
  readonly own: string;
  readonly other: string;
  readonly connection: string;
  readonly profile: string;
  readonly control: string;
  readonly leg: string;
  readonly session: string;
  /** The message's or fax's own id. */
  readonly subject: string;
  readonly startedAt: number;
}

/** Numbers that are nobody's: 555-0100 to 555-0199 of some area codes. */
function strangerOf(chance: Chance): string {
  const area = chance.pick(["202", "212", "303", "312", "415", "617", "713"]);
  return `+1${area}55501${chance.digits(2)}`;
}

/** The ids of applications that all samples name. */
export interface Applications {
  readonly connection: string;
  readonly profile: string;
}

/** Begins one for this own number; the other side is a stranger. */
export function beginScene(
  own: string,
  applications: Applications,
  chance: Chance,
  now: number,
): Scene {
  const stranger = strangerOf(chance);
  return {
    chance,
    own,
    ...applications,
    other: stranger === own ? "+12025550100" : stranger,
    control: `v3:${chance.token()}`,
    leg: chance.uuid(),
    session: chance.uuid(),
    subject: chance.uuid(),
    startedAt: now,
  };
}

/** As Telnyx writes times: microseconds, UTC. */
export const timeText = (ms: number): string => `${new Date(ms).toISOString().slice(0, -1)}000Z`;
