/**
 * One reading of a config: all its sources at one time, and what they say.
 */
import { gather } from "./gather.ts";
import { preserved } from "./last-good.ts";
import { type Asked, askedOf, fingerprintOf, recorded, remembered } from "./notes.ts";
import { parseConfig, type ParsedConfig } from "./parse.ts";
import type { Surroundings } from "./surroundings.ts";

/** The sources of a reading. */
export interface Taken {
  /** What there is to look at again. */
  readonly asked: Asked;
  /** Tells it from another reading. */
  readonly fingerprint: string;
  /** The sources themselves, as `keepLastGood` keeps them. */
  readonly kept: Uint8Array<ArrayBuffer>;
}

/** The sources and what became of them. */
export interface Reading {
  readonly taken: Taken;
  readonly parsed: ParsedConfig;
}

/** Reads everything once, on this thread. Never rejects. */
export async function readNow(
  path: string,
  from: Surroundings,
  stateFolder: string,
): Promise<Reading> {
  const source = recorded(from);
  const gathered = await gather(path, source);
  const notes = source.notes();
  const asked = askedOf(notes);
  const fingerprint = await fingerprintOf(asked, remembered(notes));
  const taken: Taken = { asked, fingerprint, kept: preserved(notes) };
  return { taken, parsed: parseConfig(gathered, stateFolder) };
}
