/**
 * Who an event names. A party is a string, an object with a `phone_number`, or a list of either;
 * an object may also carry an `agent_id` (an RCS agent) or an `id` (a porting order), which are
 * ids and never numbers.
 */
import { numbersIn } from "../number.ts";
import { type Fields, isFields, nameIn } from "./fields.ts";

/** Of one list. A port-in of a whole range is the longest; a group message has a few dozen. */
export const numbersMax = 1000;

const add = (list: string[], text: string): void => {
  if (!list.includes(text)) list.push(text);
};

function addNumbers(list: string[], text: unknown): void {
  if (typeof text !== "string") return;
  for (const number of numbersIn(text)) {
    if (list.length < numbersMax) add(list, number);
  }
}

/** `value` of a hosted number, `phone_number` of everybody else. */
const numberOf = (party: unknown): unknown =>
  isFields(party) ? party.phone_number ?? party.value : party;

const listOf = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value.slice(0, numbersMax) : [value];

const none: readonly string[] = [];

/** The look-up forms of every number in these values, in order, each once. */
export function numbersOf(...values: readonly unknown[]): readonly string[] {
  const list: string[] = [];
  for (const value of values) {
    if (value === undefined || value === null) continue;
    if (typeof value === "string") addNumbers(list, value);
    else for (const party of listOf(value)) addNumbers(list, numberOf(party));
  }
  return list.length === 0 ? none : list;
}

/** Ids per event. */
const idsMax = 100;

/** A name as text; Telnyx's 64-bit ids are strings, and numbers only where they are small. */
export function idIn(value: unknown): string | undefined {
  return Number.isSafeInteger(value) ? String(value) : nameIn(value);
}

/** The ids under these keys, strings or lists of strings, each once. */
export function idsUnder(fields: Fields, keys: readonly string[]): string[] {
  const ids: string[] = [];
  for (const key of keys) {
    const value = fields[key];
    if (value === undefined || value === null) continue;
    for (const each of Array.isArray(value) ? value.slice(0, idsMax) : [value]) {
      const id = idIn(each);
      if (id !== undefined && ids.length < idsMax) add(ids, id);
    }
  }
  return ids;
}

/** The ids of agents and orders that stand where a number might. */
export function partyIdsOf(...values: readonly unknown[]): readonly string[] {
  const ids: string[] = [];
  for (const value of values) {
    if (typeof value !== "object" || value === null) continue;
    for (const party of listOf(value)) {
      const id = isFields(party) ? nameIn(party.agent_id) ?? nameIn(party.id) : undefined;
      if (id !== undefined && ids.length < idsMax) add(ids, id);
    }
  }
  return ids.length === 0 ? none : ids;
}
