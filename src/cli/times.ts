/** --since and --until: which time is meant, the same however often the daemon is asked. */
import { parseMoment } from "../config/moment.ts";
import { usageError } from "./arguments.ts";
import type { Given, OptionSpec } from "./command.ts";

/** The two options. */
export const timeOptions: Readonly<Record<string, OptionSpec>> = {
  since: { value: "TIME", about: "from then on: 2026-12-01T00:00:00Z, or 2h back from now" },
  until: { value: "TIME", about: "before then" },
};

function momentGiven(given: Given, option: string, now: number): number | undefined {
  const text = given.text(option);
  if (text === undefined) return undefined;
  const parsed = parseMoment(text, now);
  if ("value" in parsed) return parsed.value;
  throw usageError(`Option "--${option}" ${parsed.problem}`);
}

/** As parameters of a query. Throws `usage`. */
export function timesGiven(given: Given): Readonly<Record<string, string>> {
  const now = Date.now();
  const [since, until] = [momentGiven(given, "since", now), momentGiven(given, "until", now)];
  if (since !== undefined && until !== undefined && since >= until) {
    throw usageError('Option "--until" must be later than "--since"');
  }
  return {
    ...(since === undefined ? {} : { since: new Date(since).toISOString() }),
    ...(until === undefined ? {} : { until: new Date(until).toISOString() }),
  };
}
