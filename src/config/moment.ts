/** Moments as people ask for them: a date, or a span back from now. */
import { type Parsed, parseDate, parseDuration } from "./units.ts";

/** `2026-12-01T00:00:00Z`, or `2h`, which is so long before `now`; in epoch ms. */
export function parseMoment(text: string, now: number): Parsed<number> {
  if (/^[0-9]+[A-Za-z]*$/.test(text)) {
    const span = parseDuration(text);
    return "value" in span ? { value: Math.max(0, now - span.value) } : span;
  }
  const date = parseDate(text);
  return "value" in date
    ? date
    : { problem: `${date.problem}, or a span back from now, such as "2h"` };
}
