/** How fast a tenant is sent to: `20/s`, which counts requests, or a map for its events too. */
import * as kind from "./kinds.ts";
import { object } from "./maps.ts";
import { about, type Field, optional, scalar, type ValueOf } from "./schema.ts";

const map = object({
  requests: about("Requests in a time, such as 20/s", scalar(kind.rate, "none")),
  events: about("Events in a time, such as 500/s", scalar(kind.rate, "none")),
});
const single = optional(kind.rate);

/** Both kinds of rates; absent: as fast as requests are answered. */
export const rates: Field<ValueOf<typeof map>> = {
  fallback: map.fallback,
  json: { anyOf: [kind.rate.json, map.json], default: "none" },
  read(tree, base, at) {
    if (tree.kind === "map" || tree.kind === "empty") return map.read(tree, base, at);
    return { ...map.fallback, requests: single.read(tree, base.requests, at) };
  },
};
