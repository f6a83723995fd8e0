/**
 * Is it their clock or ours? A webhook signed at the wrong time is refused for good; if our own
 * clock is wrong, every webhook looks like that, and refusing them would lose them. So when
 * nothing has been in time for a while, and several different webhooks, rightly signed, were off
 * by the same amount, we suspect ourselves and ask to be sent them later.
 */
import { Buffer } from "node:buffer";
import type { State } from "../telemetry.ts";

/** Nothing within tolerance for so long, … */
const quietMs = 60_000;
/** … and so many different webhooks … */
const differentMin = 5;
/** … off by the same amount, within this. */
const sameSeconds = 30;
/** … and all of it lately: a suspicion that nothing supports any more ends. */
const evidenceMs = 5 * 60_000;
/** Of webhooks with a wrong time so many a second are read and verified, to learn from them. */
const admittedPerSecond = 5;
const rememberedMax = 32;

/** Watches how far timestamps are from our clock. */
export interface SkewWatch {
  /** Whether a webhook with a wrong time may be read and verified. */
  admits(): boolean;
  /** Tells of a rightly signed webhook. */
  saw(skewSeconds: number, timely: boolean, signature: Uint8Array): void;
  suspect(): boolean;
}

/** Makes a watch; `now` is a monotonic clock in ms. */
export function createSkewWatch(state: State, now: () => number): SkewWatch {
  let timelyAt = now();
  let second = -1;
  let admitted = 0;
  let suspected = false;
  const off = new Map<string, { readonly skewSeconds: number; readonly at: number }>();

  function isSupported(): boolean {
    if (now() - timelyAt < quietMs) return false;
    const recent = [...off.values()].filter(({ at }) => now() - at < evidenceMs);
    return recent.some(({ skewSeconds }) =>
      recent.filter((other) => Math.abs(other.skewSeconds - skewSeconds) <= sameSeconds).length >=
        differentMin
    );
  }

  function trust(): void {
    suspected = false;
    off.clear();
    state({ is: "clock.trusted" });
  }

  return {
    admits() {
      const current = Math.floor(now() / 1_000);
      if (current !== second) {
        second = current;
        admitted = 0;
      }
      return ++admitted <= admittedPerSecond;
    },
    saw(skewSeconds, timely, signature) {
      if (timely) {
        timelyAt = now();
        if (suspected) trust();
        off.clear();
        return;
      }
      const [oldest] = off.keys();
      if (off.size >= rememberedMax && oldest !== undefined) off.delete(oldest);
      off.set(Buffer.from(signature).toString("base64"), { skewSeconds, at: now() });
      if (suspected || !isSupported()) return;
      suspected = true;
      state({ is: "clock.suspect", offSeconds: skewSeconds });
    },
    suspect() {
      if (suspected && !isSupported()) trust();
      return suspected;
    },
  };
}
