/** Telnyx's own sample bodies, which lie beside the checkout of whoever develops this. */
import { existsSync, readdirSync, readFileSync } from "node:fs";

const folder = new URL("../../../shared/telnyx-fixtures/", import.meta.url);

/** A reason to skip, as `it` wants it; nothing where the samples are there. */
export const skip: string | false = existsSync(folder)
  ? false
  : "SKIPPED: no sample bodies in ../shared/telnyx-fixtures beside this checkout";

export interface Fixture {
  /** `voice/call.initiated.json` */
  readonly name: string;
  readonly folder: string;
  readonly body: Uint8Array;
  readonly contentType: string;
}

export const fixtureText = (name: string): string => readFileSync(new URL(name, folder), "utf8");

export function fixture(name: string): Fixture {
  const type = name.endsWith(".form") ? "application/x-www-form-urlencoded" : "application/json";
  const body = new Uint8Array(readFileSync(new URL(name, folder)));
  return { name, folder: name.replace(/\/.*/, ""), body, contentType: type };
}

/** Every body there is; none where the samples are missing. */
export function fixtures(): readonly Fixture[] {
  if (skip !== false) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== "signature")
    .flatMap(({ name }) => readdirSync(new URL(`${name}/`, folder)).map((f) => `${name}/${f}`))
    .map(fixture);
}
