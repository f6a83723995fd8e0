/**
 * JSON Schema for what YAML's own types make of a text. The daemon reads source text, so that `10`
 * and `"10"` are the same to it; a schema sees an integer and a string and must allow for both.
 */
import { spellingsOf } from "./units.ts";

/** A piece of JSON Schema, 2020-12. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** What a secret reference looks like; it may stand for any scalar. */
const reference = "^([A-Za-z][A-Za-z0-9_-]* )?(env|file|cred):\\S";

/** Allows nothing. */
export const never: JsonSchema = { not: {} };

/** A text of this form, or a reference. */
export function textLike(form?: string): JsonSchema {
  return form === undefined
    ? { type: "string" }
    : { type: "string", pattern: `${reference}|${form}` };
}

/** The same, where the form fits some texts that YAML takes for a number, `true` or `false`. */
export function scalarLike(form?: string): JsonSchema {
  return { ...textLike(form), type: ["string", "number", "boolean"] };
}

/** A whole number between two bounds, quoted or not. */
export function integerLike(minimum: number, maximum: number): JsonSchema {
  return { ...textLike("^[0-9]{1,15}$"), type: ["integer", "string"], minimum, maximum };
}

/** `true` or `false`, quoted or not. */
export const booleanLike: JsonSchema = {
  ...textLike("^(true|false)$"),
  type: ["boolean", "string"],
};

/** One of these words, which editors offer, or a reference. */
export function oneOfLike(words: readonly string[]): JsonSchema {
  return { anyOf: [{ enum: words }, { type: "string", pattern: reference }] };
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value as it may stand in a file: numbers and booleans in quotes too, spans in every unit. */
function spelled(value: unknown): readonly unknown[] {
  if (typeof value === "string") return spellingsOf(value);
  return typeof value === "object" ? [value] : [value, String(value)];
}

/** The part of a schema that allows the default only; where there is none, nothing. */
export function onlyDefault(json: JsonSchema): JsonSchema {
  const { default: value, properties, description } = json;
  const said = description === undefined ? {} : { description };
  if (isSchema(properties)) {
    const only = ([key, inner]: [string, unknown]) => [key, isSchema(inner) && onlyDefault(inner)];
    return { ...json, properties: Object.fromEntries(Object.entries(properties).map(only)) };
  }
  if (value === undefined) return { ...said, ...never };
  const [one, ...more] = spelled(value);
  const only = more.length === 0 ? { const: one } : { enum: [one, ...more] };
  return { ...said, ...only, default: value };
}
