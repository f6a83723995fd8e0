/** Files and folders that are still there after a power loss, for their owner only. */
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { randomUUID } from "node:crypto";
import { dirname, resolve } from "node:path";
import { systemCodeOf } from "./errors.ts";

/** Waits until the names in a folder are on disk. */
export function syncFolder(path: string): void {
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** Makes a folder, and those above it, 0700; what was there keeps its mode. */
export function makeFolder(path: string): void {
  const wanted = resolve(path);
  const first = mkdirSync(wanted, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  const above = dirname(resolve(first));
  for (let folder = dirname(wanted); folder !== above; folder = dirname(folder)) syncFolder(folder);
  syncFolder(above);
}

function writeSynced(path: string, text: string): void {
  const file = openSync(path, "wx", 0o600);
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Replaces a file in one step: a reader, and a crash, see the old or the new text, never less. */
export function replaceFile(path: string, text: string): void {
  const temporary = `${path}.${randomUUID()}`;
  try {
    writeSynced(temporary, text);
    renameSync(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
  syncFolder(dirname(path));
}

/** The text of a file; where there is none, what `make` gives is written first. */
export function readOrCreate(path: string, make: () => string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (systemCodeOf(error) !== "ENOENT") throw error;
  }
  makeFolder(dirname(path));
  const temporary = `${path}.${randomUUID()}`;
  try {
    writeSynced(temporary, make());
    // Unlike a rename this fails where somebody else was quicker; then theirs counts.
    linkSync(temporary, path);
  } catch (error) {
    if (systemCodeOf(error) !== "EEXIST") throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
  syncFolder(dirname(path));
  return readFileSync(path, "utf8");
}
