/**
 * Secrets that the daemon makes for itself at its first start and keeps in the state folder: the
 * seed of the tenants' signing keys, and the admin token.
 */
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { AggregatorError, type ErrorCode, systemCodeOf } from "./errors.ts";
import { makeFolder, readOrCreate, replaceFile } from "./files.ts";
import { createSeed, keyBytes } from "./signing.ts";

const seedFile = "signing.key";
const tokenFile = "admin.token";
const tokenLengthMin = 16;

/** The seed in the state folder, made where there is none. Throws `signing_key` if damaged. */
export function openSeed(stateFolder: string): Uint8Array {
  const path = join(stateFolder, seedFile);
  const text = readOrCreate(path, () => `${Buffer.from(createSeed()).toString("base64")}\n`);
  return parseSeed(text, path);
}

/** A seed as it stands in a file: 32 bytes in base64. */
export function parseSeed(text: string, where: string): Uint8Array {
  const seed = Buffer.from(text.trim(), "base64");
  if (seed.byteLength === keyBytes && seed.toString("base64") === text.trim()) return seed;
  throw new AggregatorError(
    "signing_key",
    `Cannot use "${where}": it must be ${keyBytes} bytes in base64: restore it from a backup`,
  );
}

/** Puts another seed in place of the one in the state folder. */
export function replaceSeed(stateFolder: string, seed: Uint8Array): void {
  makeFolder(stateFolder);
  replaceFile(join(stateFolder, seedFile), `${Buffer.from(seed).toString("base64")}\n`);
}

function checkToken(text: string, path: string): string {
  const token = text.trim();
  if (token.length >= tokenLengthMin) return token;
  throw new AggregatorError(
    "admin",
    `Cannot use "${path}": a token has at least ${tokenLengthMin} characters: ` +
      "delete the file, and the daemon makes another one when it starts",
  );
}

/** The admin token in the state folder, made where there is none. Throws `admin` if too short. */
export function openToken(stateFolder: string): string {
  const path = join(stateFolder, tokenFile);
  const made = () => `${randomBytes(24).toString("base64url")}\n`;
  return checkToken(readOrCreate(path, made), path);
}

const whyUnreadable: Readonly<Record<string, string>> = {
  EACCES: "only the daemon's user, or root, may read it",
  EPERM: "only the daemon's user, or root, may read it",
};

function readIfThere(path: string, code: ErrorCode): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const why = systemCodeOf(error) ?? "unknown error";
    if (why === "ENOENT" || why === "ENOTDIR") return undefined;
    throw new AggregatorError(code, `Cannot read "${path}": ${whyUnreadable[why] ?? why}`);
  }
}

/** The admin token in the state folder, if there is one. Throws `admin` if it cannot be used. */
export function findToken(stateFolder: string): string | undefined {
  const path = join(stateFolder, tokenFile);
  const text = readIfThere(path, "admin");
  return text === undefined ? undefined : checkToken(text, path);
}

/** The seed in the state folder, if there is one. Throws `signing_key` if it cannot be used. */
export function findSeed(stateFolder: string): Uint8Array | undefined {
  const path = join(stateFolder, seedFile);
  const text = readIfThere(path, "signing_key");
  return text === undefined ? undefined : parseSeed(text, path);
}
