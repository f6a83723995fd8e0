/** Identifiers that sort by the time they were made (the ULID specification's text form). */
import { randomBytes } from "node:crypto";

const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** 26 characters: 48 bits of time in ms, 80 random bits. */
export function ulid(at: number): string {
  let value = BigInt(at) << 80n | BigInt(`0x${randomBytes(10).toString("hex")}`);
  let text = "";
  for (let digit = 0; digit < 26; digit++) {
    text = alphabet.charAt(Number(value & 31n)) + text;
    value >>= 5n;
  }
  return text;
}
