/**
 * Halts: times that do not count in how long something has waited. The same rules in every engine.
 *
 * Those of one lane never overlap, are oldest first, and only the last of them may be open.
 */
import type { Halt } from "../delivery.ts";

/** Kept of one lane. Where there are more, the oldest two become one: late beats too early. */
export const haltsMax = 64;

/** Where it is open: for ever. */
const endOf = ({ until }: Halt) => until ?? Number.POSITIVE_INFINITY;

const haltOf = (from: number, until: number): Halt =>
  until === Number.POSITIVE_INFINITY ? { from } : { from, until };

/** All of these times, each once, oldest first. */
export function joined(halts: readonly Halt[]): readonly Halt[] {
  const all: Halt[] = [];
  for (const halt of halts.toSorted((one, other) => one.from - other.from)) {
    const last = all.at(-1);
    if (last === undefined || halt.from > endOf(last)) all.push(halt);
    else all[all.length - 1] = haltOf(last.from, Math.max(endOf(last), endOf(halt)));
  }
  return all;
}

/** These and one more. */
export function withHalt(halts: readonly Halt[], halt: Halt): readonly Halt[] {
  const all = joined([...halts, halt]);
  const [first, second, ...others] = all;
  if (first === undefined || second === undefined || all.length <= haltsMax) return all;
  return [haltOf(first.from, endOf(second)), ...others];
}

/** These and one that begins; the same list where one is open already. */
export function begun(halts: readonly Halt[], at: number): readonly Halt[] {
  return halts.some(({ until }) => until === undefined) ? halts : withHalt(halts, { from: at });
}

/** These, none of them open; the same list where none was. One from the future leaves nothing. */
export function ended(halts: readonly Halt[], at: number): readonly Halt[] {
  const last = halts.at(-1);
  if (last === undefined || last.until !== undefined) return halts;
  const before = halts.slice(0, -1);
  return last.from < at ? [...before, { from: last.from, until: at }] : before;
}
