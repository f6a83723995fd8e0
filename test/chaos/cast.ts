/** Who takes part: tenants with rules of every kind, and what each backend will not take. */
import type { TenantLines } from "../support/daemon.ts";
import { type Dice, pick } from "./dice.ts";

/** Of one request. */
export const timeoutMs = 300;

/** The shapes of payloads, most of them envelopes. */
export type Format = "envelope" | "array" | "ndjson" | "cloudevents" | "single";

/** One tenant, and how its backend is. */
export interface Member {
  readonly id: string;
  readonly number: string;
  readonly format: Format;
  readonly inFlight: number;
  readonly session: boolean;
  /** It has a second URL. */
  readonly failover: boolean;
  /** Bodies that are larger, as they are on the wire, are answered 413. */
  readonly wireBytesMax: number;
  /** The batch that is answered 410, once. */
  readonly goneAt?: number;
  /** The tenant's part of the config, but for its URLs. */
  readonly lines: readonly string[];
}

const formats: Readonly<Record<number, Format>> = {
  2: "array",
  3: "ndjson",
  4: "cloudevents",
  5: "single",
};

const windowOf = (dice: Dice, id: string, session: boolean) =>
  [
    "max_wait: 50ms",
    `max_events: ${pick(dice("events", id), [10, 30, 100])}`,
    `max_bytes: ${pick(dice("bytes", id), ["16KiB", "64KiB", "256KiB"])}`,
    ...session ? ["session: call", "linger: 100ms", "max_age: 2s"] : [],
  ].join(", ");

/** A tenant by its place: what must be in every run does not hang on dice. */
function memberOf(dice: Dice, index: number): Member {
  const id = `t${String(index).padStart(2, "0")}`;
  const format = formats[index % 12] ?? "envelope";
  const inFlight = index % 6 === 1 ? 3 : 1;
  const session = index === 0 || index === 7;
  const gzip = index % 5 === 2;
  const delivery = [
    `timeout: ${timeoutMs}ms`,
    `in_flight: ${inFlight}`,
    `gzip: ${gzip}`,
    "catch_up: oldest_first",
    "retry: { first: 10ms, max: 100ms, for: 72h }",
    ...index === 6 ? ["rate: 20/s"] : [],
    ...index % 12 === 0 ? ["include_signatures: true"] : [],
  ];
  // More than any event takes alone.
  const least = gzip ? 3_000 : 6_000;
  return {
    id,
    number: `+1800556${String(index).padStart(4, "0")}`,
    format,
    inFlight,
    session,
    failover: index % 3 === 0,
    wireBytesMax: Math.round(least * (1 + 4 * dice("large", id))),
    // Said by a failover URL it pauses nobody.
    ...index % 10 === 4 && index % 3 !== 0 ? { goneAt: 3 } : {},
    lines: [
      `window: { ${windowOf(dice, id, session)} }`,
      `format: ${format}`,
      `delivery: { ${delivery.join(", ")} }`,
      ...index % 4 === 3 || session ? [] : ["immediate: []"],
    ],
  };
}

/** So many tenants. */
export function castOf(dice: Dice, count: number): readonly Member[] {
  return Array.from({ length: count }, (_, index) => memberOf(dice, index));
}

/** The tenant in the config, with the URLs of its backend. */
export function linesOf({ id, number, lines }: Member, urls: readonly string[]): TenantLines {
  const [url = "", failoverUrl] = urls;
  const more = failoverUrl === undefined ? lines : [`failover_url: ${failoverUrl}`, ...lines];
  return { id, number, url, more };
}
