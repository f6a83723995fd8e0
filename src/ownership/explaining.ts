/** Whose event it is, and why: the rules in their order, with what each looked at and found. */
import type { Evidence, HeldReason, Known, Named } from "../ownership.ts";
import type { Direction, Key } from "../event.ts";
import { caseOf, type Decision, type Knowledge, rules } from "./deciding.ts";

/** One rule, as it was asked. */
export interface Step {
  readonly rule: string;
  /** The legs, calls, numbers and ids it looked at. */
  readonly looked: readonly string[];
  /** What is known of those of them that are known. */
  readonly known: Readonly<Record<string, Known>>;
  /** Absent: it had nothing to say, and the next was asked. */
  readonly decided?: Decision;
}

/** Everything there is to say. */
export interface Explanation {
  /** As the event or its leg tells it. */
  readonly direction?: Direction;
  /** Up to the rule that decided. */
  readonly steps: readonly Step[];
  readonly owners: readonly Named[];
  /** Why it is nobody's. */
  readonly held?: HeldReason;
}

function knownOf(looked: readonly string[], known: Knowledge): Readonly<Record<string, Known>> {
  const found = looked.flatMap((text): [string, Known][] => {
    const one = known(text as Key);
    return one === undefined ? [] : [[text, one]];
  });
  return Object.fromEntries(found);
}

/** Every leg, call and conference that the rules may ask about. */
export const keysOf = ({ legs = [], circles = [] }: Evidence): readonly Key[] => [
  ...new Set([...legs, ...circles]),
];

/**
 * Asks the rules as the log does, and writes down what they say; `late`: of an event that has
 * waited for its call long enough.
 */
export function explain(
  evidence: Evidence,
  known: Knowledge,
  now: number,
  late = false,
): Explanation {
  const of = caseOf({ evidence, known, now, late });
  const { direction } = of;
  const told = direction === undefined ? {} : { direction };
  const steps: Step[] = [];
  for (const rule of rules) {
    const looked = rule.looksAt(of);
    const decided = rule.decide(of);
    const step = { rule: rule.name, looked, known: knownOf(looked, known) };
    steps.push(decided === undefined ? step : { ...step, decided });
    if (decided?.is === "owned") return { ...told, steps, owners: decided.owners };
    if (decided?.is === "held") return { ...told, steps, owners: [], held: decided.why };
  }
  return { ...told, steps, owners: [] };
}
