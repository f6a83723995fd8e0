/** What the daemon's answers say, read without believing that they are what they should be. */
import { type Fields, isFields } from "../telnyx/fields.ts";
import { printable } from "./text.ts";

/** A number, or 0. */
export function numberIn(fields: Fields, name: string): number {
  const value = fields[name];
  return typeof value === "number" ? value : 0;
}

/** A text, fit for a terminal; a dash where there is none. */
export function textIn(fields: Fields, name: string): string {
  const value = fields[name];
  return typeof value === "string" || typeof value === "number" ? printable(String(value)) : "-";
}

/** A moment in epoch ms. */
export function momentIn(fields: Fields, name: string): number | undefined {
  const value = fields[name];
  const at = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
}

/** Texts of a list, fit for a terminal. */
export function textsIn(fields: Fields, name: string): readonly string[] {
  const value = fields[name];
  if (!Array.isArray(value)) return [];
  return value.filter((one) => typeof one === "string").map(printable);
}

/** The objects of an object, by their names. */
export function groupsIn(fields: Fields, name: string): readonly (readonly [string, Fields])[] {
  const value = fields[name];
  if (!isFields(value)) return [];
  return Object.entries(value).flatMap(([key, one]) =>
    isFields(one) ? [[printable(key), one] as const] : []
  );
}

/** The objects of a list. */
export function listIn(fields: Fields, name: string): readonly Fields[] {
  const value = fields[name];
  return Array.isArray(value) ? value.filter(isFields) : [];
}
