/**
 * The last config that was in force, kept in the state folder as what it was read from, secrets
 * included: so a start with a broken or missing file reads it again, by the same code.
 */
import { Buffer } from "node:buffer";
import { randomUUID } from "node:crypto";
import { open, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { makeFolder } from "../files.ts";
import type { Notes } from "./notes.ts";

const fileName = "last-good.json";
const version = 1;

/** Notes as they are kept. */
export function preserved(notes: Notes): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify({ version, notes }));
}

async function isKept(path: string, kept: Uint8Array): Promise<boolean> {
  try {
    return Buffer.compare(await readFile(path), kept) === 0;
  } catch {
    return false;
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  await folder.sync().finally(() => folder.close());
}

async function writeSynced(path: string, kept: Uint8Array): Promise<void> {
  const file = await open(path, "wx", 0o600);
  await file.writeFile(kept).then(() => file.sync()).finally(() => file.close());
}

async function replace(path: string, kept: Uint8Array): Promise<void> {
  const temporary = `${path}.${randomUUID()}`;
  try {
    await writeSynced(temporary, kept);
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
  await syncFolder(dirname(path));
}

/**
 * Durable and whole when resolved: a crash leaves either the notes before or these. Writes nothing
 * where these are kept already, so that a full disk is no obstacle. Rejects as the disk does.
 */
export async function keepLastGood(stateFolder: string, kept: Uint8Array): Promise<void> {
  const path = join(stateFolder, fileName);
  if (await isKept(path, kept)) return;
  makeFolder(stateFolder);
  await replace(path, kept);
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
