/** Many webhooks over several connections, at a pace, and what they were answered. */
import { randomInt } from "node:crypto";
import { sleep } from "../flow/sleep.ts";
import type { Sample } from "../telnyx/sample.ts";
import type { Poster } from "./post.ts";

/** How many, how fast. */
export interface Pace {
  readonly count: number;
  readonly connections: number;
  /** Per second; undefined: as fast as they are answered. */
  readonly rate: number | undefined;
  /** Percent that repeat an earlier one. */
  readonly duplicates: number;
}

/** What came of it; times in ms. */
export interface Sent {
  /** `200 queued` and how often. */
  readonly answers: ReadonlyMap<string, number>;
  readonly ok: boolean;
  /** How many were recorded, but for numbers that nobody owns. */
  readonly unassigned: number;
  readonly p50: number;
  readonly p99: number;
  readonly perSecond: number;
}

/** Duplicates repeat one of so many last ones. */
const rememberedMax = 256;

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/** New samples, and now and then an old one again. */
function mixed(next: () => Sample, duplicates: number): () => Sample {
  const remembered: Sample[] = [];
  return () => {
    const repeats = remembered.length > 0 && randomInt(100) < duplicates;
    const again = repeats ? remembered[randomInt(remembered.length)] : undefined;
    if (again !== undefined) return again;
    const sample = next();
    remembered.unshift(sample);
    if (remembered.length > rememberedMax) remembered.pop();
    return sample;
  };
}

/** Resolves when everything is answered. */
export async function sendAll(poster: Poster, next: () => Sample, pace: Pace): Promise<Sent> {
  const { count, connections, rate, duplicates } = pace;
  const never = new AbortController().signal;
  const take = mixed(next, duplicates);
  const answers = new Map<string, number>();
  const took: number[] = [];
  const startedAt = performance.now();
  let begun = 0;
  let ok = true;
  let unassigned = 0;

  async function work(): Promise<void> {
    while (begun < count) {
      const dueAt = startedAt + (rate === undefined ? 0 : begun / rate * 1_000);
      begun += 1;
      const waitMs = dueAt - performance.now();
      if (waitMs > 0) await sleep(waitMs, never);
      const { body, contentType } = take();
      const { status, word, tenant, tookMs } = await poster.post(body, contentType);
      const answer = [status, word].filter((part) => part !== undefined && part !== "").join(" ");
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
      took.push(tookMs);
      ok &&= status === 200;
      if (tenant === "unassigned") unassigned += 1;
    }
  }

  await Promise.all(Array.from({ length: Math.min(connections, count) }, work));
  const seconds = (performance.now() - startedAt) / 1_000;
  const sorted = took.sort((a, b) => a - b);
  const perSecond = count / seconds;
  const [p50, p99] = [quantile(sorted, 0.5), quantile(sorted, 0.99)];
  return { answers, ok, unassigned, p50, p99, perSecond };
}
