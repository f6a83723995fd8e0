/**
 * Secrets that the daemon makes for itself at its first start and keeps in the state folder: the
 * seed of the tenants' signing keys, and the admin token.
 */
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { AggregatorError, systemCodeOf } from "./errors.ts";
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

/** The admin token in the state folder, made where there is none. Throws `admin` if too short. */
export function openToken(stateFolder: string): string {
  const path = join(stateFolder, tokenFile);
  const token = readOrCreate(path, () => `${randomBytes(24).toString("base64url")}\n`).trim();
  if (token.length >= tokenLengthMin) return token;
  throw new AggregatorError(
    "admin",
    `Cannot use "${path}": a token has at least ${tokenLengthMin} characters: ` +
      "delete the file, and another one is made",
  );
}

/** The admin token in the state folder, if there is one. */
export function findToken(stateFolder: string): string | undefined {
  try {
    return readFileSync(join(stateFolder, tokenFile), "utf8").trim();
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}
