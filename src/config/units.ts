/**
 * Spans, sizes, rates, dates and addresses to listen on, as people write them. Every number has a
 * unit in its text, so that none can be mistaken; converted once, here.
 */
import { isIP } from "node:net";
import type { Listen } from "../config.ts";
import type { Rate } from "../tenant.ts";

/** What came of a text: its value, or what is wrong with it. */
export type Parsed<T> = { readonly value: T } | { readonly problem: string };

const durationUnits: ReadonlyMap<string, number> = new Map([
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
  ["ms", 1],
]);

const sizeUnits: ReadonlyMap<string, number> = new Map([
  ["TiB", 2 ** 40],
  ["GiB", 2 ** 30],
  ["MiB", 2 ** 20],
  ["KiB", 2 ** 10],
  ["B", 1],
]);

function parseUnits(text: string, units: ReadonlyMap<string, number>): Parsed<number> {
  const known = [...units.keys()].reverse();
  const listed = `${known.slice(0, -1).join(", ")} or ${known.at(-1)}`;
  const [, digits, unit] = /^([0-9]{1,15})([A-Za-z]*)$/.exec(text) ?? [];
  if (digits === undefined) return { problem: `must be a whole number with a unit: ${listed}` };
  if (unit === "") return { problem: `needs a unit: ${listed}` };
  const factor = units.get(unit ?? "");
  return factor === undefined
    ? { problem: `has an unknown unit: use ${listed}` }
    : { value: Number(digits) * factor };
}

function formatUnits(value: number, units: ReadonlyMap<string, number>): string {
  for (const [unit, factor] of units) {
    if (value >= factor && value % factor === 0) return `${value / factor}${unit}`;
  }
  return `0${[...units.keys()].at(-1)}`;
}

/** `250ms 5s 10m 72h 7d` in ms. */
export function parseDuration(text: string): Parsed<number> {
  return parseUnits(text, durationUnits);
}

/** The shortest way to write a whole number of ms. */
export function formatDuration(ms: number): string {
  return formatUnits(ms, durationUnits);
}

/** `512B 64KiB 1MiB 1GiB` in bytes. */
export function parseSize(text: string): Parsed<number> {
  return parseUnits(text, sizeUnits);
}

/** The shortest way to write a whole number of bytes. */
export function formatSize(bytes: number): string {
  return formatUnits(bytes, sizeUnits);
}

/** All texts that mean the same as this span or size, itself first; of another text, itself. */
export function spellingsOf(text: string): readonly string[] {
  const [, digits, unit = ""] = /^([0-9]+)([A-Za-z]+)$/.exec(text) ?? [];
  const units = [durationUnits, sizeUnits].find((some) => some.has(unit));
  if (units === undefined) return [text];
  const value = Number(digits) * (units.get(unit) ?? 1);
  const whole = [...units].filter(([, factor]) => value % factor === 0);
  return [...new Set([text, ...whole.map(([name, factor]) => `${value / factor}${name}`)])];
}

/** `20/s`, `300/m` or `none`, which is no limit. */
export function parseRate(text: string): Parsed<Rate | undefined> {
  if (text === "none") return { value: undefined };
  const [, digits, unit = ""] = /^([1-9][0-9]{0,6})\/([smh])$/.exec(text) ?? [];
  const perMs = durationUnits.get(unit);
  if (digits === undefined || perMs === undefined) {
    return { problem: 'must be a rate such as "20/s" or "300/m", or "none"' };
  }
  return { value: { count: Number(digits), perMs } };
}

const dateForm =
  /^(\d{4})-(\d\d)-(\d\d)T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;

/** A moment with its offset, in epoch ms. */
export function parseDate(text: string): Parsed<number> {
  if (/^\d{4}-\d\d-\d\d(T[\d:.]+)?$/.test(text)) {
    return { problem: 'needs a time and an offset, such as "2026-12-01T00:00:00Z"' };
  }
  const [, year, month, day] = dateForm.exec(text) ?? [];
  const value = Date.parse(text);
  const midnight = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  const exists = midnight.getUTCMonth() === Number(month) - 1;
  if (Number.isNaN(value) || !exists) {
    return { problem: 'must be a moment with an offset, such as "2026-12-01T00:00:00Z"' };
  }
  return { value };
}

/** sockaddr_un has room for 108 bytes with the closing zero. */
const socketPathLengthMax = 107;
const hostName = /^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9-]+)*\.?$/;

function parseSocket(path: string, resolve: (path: string) => string): Parsed<Listen> {
  const absolute = resolve(path);
  if (path === "" || absolute.length > socketPathLengthMax) {
    return { problem: `must name a socket of at most ${socketPathLengthMax} characters` };
  }
  return { value: { kind: "unix", path: absolute } };
}

/** `host:port`, `[v6]:port`, a port alone (then on `host`), `unix:/path` or `fd:NAME`. */
export function parseListen(
  text: string,
  host: string,
  resolve: (path: string) => string,
): Parsed<Listen> {
  if (text.startsWith("unix:")) return parseSocket(text.slice(5), resolve);
  if (/^fd:[A-Za-z0-9._-]{1,255}$/.test(text)) {
    return { value: { kind: "fd", name: text.slice(3) } };
  }
  const [, v6, name, digits] = /^(?:\[([^\]]*)\]:|([^:]*):)?([0-9]{1,5})$/.exec(text) ?? [];
  const named = v6 ?? name ?? host;
  const isHost = v6 === undefined ? hostName.test(named) || isIP(named) > 0 : isIP(v6) === 6;
  if (digits === undefined || Number(digits) > 65535 || !isHost) {
    return {
      problem: 'must be "host:port", "[v6]:port", a port up to 65535, "unix:/path" or "fd:NAME"',
    };
  }
  return { value: { kind: "tcp", host: named, port: Number(digits) } };
}
