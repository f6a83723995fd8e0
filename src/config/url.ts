/**
 * Where callbacks may go: public https. Addresses in the file are judged here, in every notation
 * that URLs have for them; names are judged when connecting, on the address really reached.
 */
import { isIP } from "node:net";
import type { AddressRule } from "../address.ts";
import { textLike } from "./json.ts";
import type { Kind } from "./schema.ts";

const lengthMax = 8192;

function originOf(text: string): string | undefined {
  const url = URL.parse(text);
  return url && url.origin !== "null" ? url.origin : undefined;
}

/** A web address, as yet of any host. Only its origin is ever quoted: the rest may be secret. */
export const url: Kind<URL> = {
  is: 'a URL such as "https://hooks.example/telnyx"',
  json: textLike("^https?://[^/\\\\]"),
  quote: originOf,
  parse(text) {
    const isWeb = /^https?:\/\/[^/\\]/.test(text) && !/[\s\p{Cc}]/u.test(text);
    const parsed = isWeb && text.length <= lengthMax ? URL.parse(text) : null;
    if (!parsed) return { problem: 'must be a URL such as "https://hooks.example/telnyx"' };
    if (parsed.username || parsed.password) {
      return { problem: "must not contain a user and password: use headers.authorization" };
    }
    return { value: parsed };
  },
};

const allowing = (address: string) =>
  `to allow it add ${address}/${isIP(address) === 6 ? 128 : 32} to callbacks.allow_private`;

function nameProblem(host: string, rule: AddressRule): string | undefined {
  if (!/^(.+\.)?localhost\.?$/.test(host)) return undefined;
  const refused = ["::1", "127.0.0.1"].every((address) => rule.refuses(address));
  if (!refused) return undefined;
  return `must be a public https URL: ${host} resolves to ::1; ${allowing("::1")}`;
}

function plainProblem(address: string, isAddress: boolean, rule: AddressRule, all: AddressRule) {
  const isAllowed = isAddress && !rule.refuses(address) && all.refuses(address);
  if (isAllowed) return undefined;
  return "must be https: http is only for an address in callbacks.allow_private, written as such";
}

/**
 * Why callbacks must not go to this URL; undefined: they may, as far as can be told without
 * resolving its name. `bare` is the rule without any exception.
 */
export function destinationProblem(
  { protocol, hostname }: URL,
  rule: AddressRule,
  bare: AddressRule,
): string | undefined {
  const host = hostname.replace(/^\[|\]$/g, "");
  const isAddress = isIP(host) > 0;
  const why = isAddress ? rule.refuses(host) : undefined;
  if (why) return `must be a public https URL: ${host} ${why}; ${allowing(host)}`;
  const name = isAddress ? undefined : nameProblem(host, rule);
  if (name) return name;
  return protocol === "http:" ? plainProblem(host, isAddress, rule, bare) : undefined;
}
