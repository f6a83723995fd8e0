/**
 * The kinds of scalars that stand in the file: what each looks like, its bounds, and what to say
 * when it is wrong.
 */
import { Buffer } from "node:buffer";
import { resolve } from "node:path";
import { parseCidr } from "../address.ts";
import type { Listen } from "../config.ts";
import { maskNumber, parseNumber } from "../number.ts";
import { parsePublicKey } from "../telnyx/signature.ts";
import type { OwnedNumber, Rate } from "../tenant.ts";
import {
  booleanLike,
  integerLike,
  type JsonSchema,
  oneOfLike,
  scalarLike,
  textLike,
} from "./json.ts";
import { didYouMean } from "./problems.ts";
import type { Kind } from "./schema.ts";
import {
  formatDuration,
  formatSize,
  type Parsed,
  parseDate,
  parseDuration,
  parseListen,
  parseRate,
  parseSize,
} from "./units.ts";

const nothing = () => undefined;

function within(
  parse: (text: string) => Parsed<number>,
  bounds: readonly [number, number],
  format: (value: number) => string,
): (text: string) => Parsed<number> {
  const [least, most] = bounds;
  return (text) => {
    const parsed = parse(text);
    if ("problem" in parsed || (parsed.value >= least && parsed.value <= most)) return parsed;
    return { problem: `must be between ${format(least)} and ${format(most)}` };
  };
}

/** A span of time, in ms, between two bounds written like itself. */
export function duration(least: string, most: string): Kind<number> {
  const bounds = [boundOf(parseDuration(least)), boundOf(parseDuration(most))] as const;
  return {
    is: "a duration such as 5s",
    json: textLike("^[0-9]{1,15}(ms|s|m|h|d)$"),
    parse: within(parseDuration, bounds, formatDuration),
  };
}

/** A number of bytes between two bounds written like itself. */
export function size(least: string, most: string): Kind<number> {
  const bounds = [boundOf(parseSize(least)), boundOf(parseSize(most))] as const;
  return {
    is: "a size such as 256KiB",
    json: textLike("^[0-9]{1,15}(B|KiB|MiB|GiB|TiB)$"),
    parse: within(parseSize, bounds, formatSize),
  };
}

function boundOf(parsed: Parsed<number>): number {
  if ("problem" in parsed) throw new TypeError(`A bound ${parsed.problem}`);
  return parsed.value;
}

function parseInteger(text: string): Parsed<number> {
  const isWhole = /^[0-9]{1,15}$/.test(text);
  return isWhole ? { value: Number(text) } : { problem: "must be a whole number" };
}

/** A whole number between two bounds. */
export function integer(least: number, most: number): Kind<number> {
  return {
    is: "a whole number",
    json: integerLike(least, most),
    parse: within(parseInteger, [least, most], String),
  };
}

/** `true` or `false`; YAML 1.1's `yes` and `on` are texts. */
export const boolean: Kind<boolean> = {
  is: "true or false",
  json: booleanLike,
  parse: (text) =>
    text === "true" || text === "false"
      ? { value: text === "true" }
      : { problem: "must be true or false" },
};

/** One of a few words. */
export function oneOf<T extends string>(...words: readonly T[]): Kind<T> {
  return {
    is: `one of ${words.join(", ")}`,
    json: oneOfLike(words),
    parse(text) {
      const value = words.find((word) => word === text);
      if (value !== undefined) return { value };
      return { problem: `must be one of ${words.join(", ")}${didYouMean(text, words)}` };
    },
  };
}

/** A moment, in epoch ms. */
export const date: Kind<number> = {
  is: "a moment such as 2026-12-01T00:00:00Z",
  json: textLike("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9]{2}:[0-9]{2})$"),
  parse: parseDate,
};

/** So many in a time, or none. */
export const rate: Kind<Rate | undefined> = {
  is: "a rate such as 20/s",
  json: textLike("^none$|^[1-9][0-9]{0,6}/[smh]$"),
  parse: parseRate,
};

/** A share of something, or a size. */
export const share: Kind<string> = {
  is: "a share such as 25% or a size such as 5GiB",
  json: textLike(),
  parse(text) {
    const isShare = /^([1-9][0-9]?|100)%$/.test(text);
    return isShare || "value" in parseSize(text)
      ? { value: text }
      : { problem: 'must be a share such as "25%" or a size such as "5GiB"' };
  },
};

/** One process per core, or so many. */
export const workers: Kind<number | "auto"> = {
  is: "a whole number or auto",
  json: { type: ["integer", "string"] },
  parse: (text) => text === "auto" ? { value: "auto" } : integer(1, 1024).parse(text, "/"),
};

/** A port alone, or text; `host` is a pattern for what stands before the port. */
function listenLike(host: string): JsonSchema {
  const form = `^((${host}):)?[0-9]{1,5}$|^unix:.|^fd:[A-Za-z0-9._-]{1,255}$`;
  return { ...textLike(form), type: ["string", "integer"], minimum: 0, maximum: 65_535 };
}

/** Where webhooks are received; a port alone means all addresses. */
export const listen: Kind<Listen> = {
  is: 'an address such as "0.0.0.0:8080"',
  json: listenLike("\\[[^\\]]+\\]|[A-Za-z0-9.-]+"),
  parse: (text, folder) => parseListen(text, "0.0.0.0", (path) => resolve(folder, path)),
};

const loopbackName = "localhost|127(\\.[0-9]{1,3}){3}";
const loopback = new RegExp(`^(${loopbackName}|::1)$`);

/** Where operators ask; a port alone means this machine only, and no other address may be named. */
export const adminListen: Kind<Listen> = {
  is: 'an address such as "127.0.0.1:8081"',
  json: listenLike(`${loopbackName}|\\[::1\\]`),
  parse(text, folder) {
    const parsed = parseListen(text, "127.0.0.1", (path) => resolve(folder, path));
    const isOpen = "value" in parsed && parsed.value.kind === "tcp" &&
      !loopback.test(parsed.value.host);
    if (!isOpen) return parsed;
    return { problem: "must be an address of this machine such as 127.0.0.1, or unix:/path" };
  },
};

/** A path, made absolute. */
export const path: Kind<string> = {
  is: "a path",
  json: scalarLike("."),
  parse: (text, folder) =>
    text === "" || text.includes("\0")
      ? { problem: "must be a path" }
      : { value: resolve(folder, text) },
};

/** Addresses that are reached although they are not public. */
export const cidr: Kind<string> = {
  is: 'a network such as "10.0.0.0/8"',
  json: textLike("^[0-9A-Fa-f:.]+(/[0-9]{1,3})?$"),
  parse(text) {
    const network = parseCidr(text);
    return "problem" in network ? network : { value: text };
  },
};

/** Text of a form. */
export function text(is: string, form: RegExp): Kind<string> {
  return {
    is,
    json: scalarLike(form.source),
    parse: (value) => form.test(value) ? { value } : { problem: `must be ${is}` },
  };
}

const idForm = /^[!-~](?:[ -~]{0,254}[!-~])?$/;

/** An id that Telnyx gave; unquoted digits keep all their digits. */
export const id: Kind<string> = {
  is: "an id of at most 256 visible characters",
  json: scalarLike(idForm.source),
  parse: (value) =>
    idForm.test(value) ? { value } : { problem: "must be an id of at most 256 visible characters" },
};

/** Text that must never be shown, of visible characters. */
export function secret(is: string, form: RegExp): Kind<string> {
  return { ...text(is, form), quote: nothing };
}

function bytesOf(value: string, least: number, most: number): Uint8Array | undefined {
  const bytes = Uint8Array.from(Buffer.from(value, "base64"));
  const isStrict = Buffer.from(bytes).toString("base64") === value;
  return isStrict && bytes.length >= least && bytes.length <= most ? bytes : undefined;
}

const base64Of32 = "^[A-Za-z0-9+/]{43}=$";

/** The seed of the tenants' signing keys. */
export const signingSeed: Kind<Uint8Array> = {
  is: "32 bytes in base64",
  json: textLike(base64Of32),
  quote: nothing,
  parse(value) {
    const bytes = bytesOf(value, 32, 32);
    return bytes ? { value: bytes } : { problem: "must be 32 bytes in base64" };
  },
};

/** A Standard Webhooks secret. */
export const webhookSecret: Kind<Uint8Array> = {
  is: '"whsec_" and 24 to 64 bytes in base64',
  json: textLike("^whsec_[A-Za-z0-9+/]{32,86}={0,2}$"),
  quote: nothing,
  parse(value) {
    const bytes = value.startsWith("whsec_") ? bytesOf(value.slice(6), 24, 64) : undefined;
    return bytes ? { value: bytes } : { problem: 'must be "whsec_" and 24 to 64 bytes in base64' };
  },
};

/** A public key of Telnyx; its rule says itself what was received. */
export const publicKey: Kind<Uint8Array> = {
  is: "a public key in base64",
  json: textLike(base64Of32),
  quote: nothing,
  parse(value) {
    const parsed = parsePublicKey(value);
    return "key" in parsed ? { value: parsed.key } : parsed;
  },
};

/** A number, prefix, short code, sender's name or SIP address. */
export const phoneNumber: Kind<OwnedNumber> = {
  is: 'a number such as "+18005559876"',
  json: scalarLike("."),
  quote: maskNumber,
  parse(value) {
    const parsed = parseNumber(value);
    return "number" in parsed ? { value: parsed } : parsed;
  },
};
