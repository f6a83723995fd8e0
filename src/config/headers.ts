/** Which request headers a tenant may add: none that we or HTTP itself must be sure of. */

import type { JsonSchema } from "./json.ts";

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/;

const ours =
  "^(host|content-.*|transfer-encoding|connection|keep-alive|te|trailer|upgrade|expect|proxy-.*" +
  "|webhook-.*|x-aggregator-.*|traceparent)$";
const isOurs = new RegExp(ours, "i");

// A schema's patterns cannot ignore case.
const eitherCase = ours.replace(/[a-z]/g, (letter) => `[${letter.toUpperCase()}${letter}]`);

/** The same for editors. */
export const headerNameJson: JsonSchema = {
  pattern: token.source,
  not: { pattern: eitherCase },
};

/** Why a header of this name must not be set. */
export function headerNameProblem(name: string): string | undefined {
  if (!token.test(name)) return "is not the name of a header";
  return isOurs.test(name) ? "must not be set: it is the aggregator's own" : undefined;
}

/** Visible ASCII, spaces inside. */
export const headerValue = /^[!-~](?:[\t -~]{0,8190}[!-~])?$/;
