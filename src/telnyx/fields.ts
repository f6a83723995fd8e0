/**
 * Reading foreign data without believing it: whatever is not what it should be is absent. Nothing
 * here writes under a foreign key, so no key can do harm.
 */

/** An object as it came, of which nothing is known. */
export type Fields = Readonly<Record<string, unknown>>;

/** Ids and type names are short; whatever is longer is not one. */
const nameLengthMax = 255;

/** C0 and C1 control characters, which no name of Telnyx has. */
// deno-lint-ignore no-control-regex
const control = /[\u0000-\u001f\u007f-\u009f]/;

/** An object with fields: neither a list nor null. */
export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * The value if it can be an id or a name: not empty, of bounded length, without controls, and of
 * whole characters, since half of one would not be the same when it is read from a file.
 */
export function nameIn(value: unknown, lengthMax: number = nameLengthMax): string | undefined {
  if (typeof value !== "string" || value === "" || value.length > lengthMax) return undefined;
  return control.test(value) || !value.isWellFormed() ? undefined : value;
}
