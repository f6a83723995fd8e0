/**
 * The last config that was in force, kept in the state folder as what it was read from, secrets
 * included: so a start with a broken or missing file reads it again, by the same code.
 */
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder, replaceFile } from "../files.ts";
import type { Notes } from "./surroundings.ts";

const fileName = "last-good.json";
const version = 1;

function isKept(path: string, text: string): boolean {
  try {
    return readFileSync(path, "utf8") === text;
  } catch {
    return false;
  }
}

/**
 * Durable and whole on return: a crash leaves either the notes before or these. Writes nothing
 * where these are kept already, so that a full disk is no obstacle. Throws as the disk does.
 */
export function keepLastGood(stateFolder: string, notes: Notes): void {
  const path = join(stateFolder, fileName);
  const text = JSON.stringify({ version, notes });
  if (isKept(path, text)) return;
  makeFolder(stateFolder);
  replaceFile(path, text);
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

function isNotes(value: unknown): value is Notes {
  return isObject(value) && isObject(value["files"]) && isObject(value["matches"]) &&
    isObject(value["env"]);
}

/** What was kept; undefined where nothing was, or nothing that can be read. */
export async function lastGood(stateFolder: string): Promise<Notes | undefined> {
  try {
    const kept: unknown = JSON.parse(await readFile(join(stateFolder, fileName), "utf8"));
    const notes = isObject(kept) && kept["version"] === version ? kept["notes"] : undefined;
    return isNotes(notes) ? notes : undefined;
  } catch {
    return undefined;
  }
}
