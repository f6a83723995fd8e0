/**
 * The files and folders of a running daemon's config, as they change.
 *
 *     looks different? ─▶ read it ─250 ms─▶ still the same? ─▶ that counts
 *                            ▲                    │ no
 *                            └────────────────────┘
 */
import { sleep } from "../flow/sleep.ts";
import { fingerprintOf } from "./notes.ts";
import { readConfig } from "./reader.ts";
import type { Reading, Taken } from "./reading.ts";
import type { Surroundings } from "./surroundings.ts";

/** Content counts when two looks this far apart see the same. */
export const settleMs = 250;
/** A file that is still being written after so many looks is left to the next poll. */
const looksMax = 20;

/** Two ways to read them; large ones never both at a time. */
export interface Sources {
  /** As they are; ends whatever `changed` is doing. */
  now(): Promise<Reading>;
  /** Undefined where nothing differs from `since`, or nothing stands still, or on abort. */
  changed(since: Taken, signal: AbortSignal): Promise<Reading | undefined>;
}

/** The sources of the config at this absolute path; reads nothing yet. */
export function createSources(path: string, disk: Surroundings, stateFolder: string): Sources {
  let demanded = new AbortController();
  const isStill = async ({ asked, fingerprint }: Taken) =>
    await fingerprintOf(asked, disk) === fingerprint;
  return {
    now() {
      demanded.abort();
      demanded = new AbortController();
      return readConfig(path, disk, stateFolder);
    },
    async changed(since, signal) {
      const stop = AbortSignal.any([signal, demanded.signal]);
      if (await isStill(since)) return undefined;
      for (let looks = 0; looks < looksMax && !stop.aborted; looks++) {
        const reading = await readConfig(path, disk, stateFolder, stop);
        await sleep(settleMs, stop);
        if (!stop.aborted && await isStill(reading.taken)) return reading;
      }
      return undefined;
    },
  };
}
