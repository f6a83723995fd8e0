/**
 * What two bodies have in common when they say the same: one text for one value, whatever the
 * order of its keys, its white space and its escapes. Made for comparing, not for reading: lengths
 * stand where JSON would escape, which makes it three times as fast.
 *
 * Values are compared as `JSON.parse` sees them: of a repeated key the last, of a number what fits
 * into a double. V8 (13.6 and 15.0 at least) may read a key that is written with an escape as a
 * key with a backslash that an earlier body had at that place; Telnyx's keys have neither.
 */
import { type Fields, isFields } from "./fields.ts";

/** Where sorting in place by insertion is no longer the faster way. */
const fewKeysMax = 48;

/** Says whether arrays and objects lie within each other more than `levels` deep. */
export function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  for (const inner of Object.values(value)) {
    if (typeof inner === "object" && isDeeperThan(levels - 1, inner)) return true;
  }
  return false;
}

function sortedKeys(fields: Fields): string[] {
  const keys = Object.keys(fields);
  if (keys.length > fewKeysMax) return keys.sort();
  for (let end = 1; end < keys.length; end++) {
    const key = keys[end] ?? "";
    let at = end;
    for (let before = keys[at - 1]; before !== undefined && before > key; before = keys[at - 1]) {
      keys[at--] = before;
    }
    keys[at] = key;
  }
  return keys;
}

/** The one text for a value that `JSON.parse` gave; recurses as deep as the value does. */
function canonicalText(value: unknown): string {
  if (typeof value === "string") return `"${value.length}:${value}`;
  if (isFields(value)) return canonicalFields(value);
  if (!Array.isArray(value)) return `${value};`;
  let text = "[";
  for (const inner of value) text += canonicalText(inner);
  return `${text}]`;
}

/** The same for an object, without one of its keys. */
export function canonicalFields(fields: Fields, except?: string): string {
  let text = "{";
  for (const key of sortedKeys(fields)) {
    if (key !== except) text += `${key.length}:${key}${canonicalText(fields[key])}`;
  }
  return `${text}}`;
}
