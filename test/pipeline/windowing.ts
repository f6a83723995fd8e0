/** A window over a lane of acme's, for tests of when it closes. */
import type { Batch } from "../../src/batch.ts";
import type { Engine } from "../../src/engine.ts";
import type { Lane } from "../../src/lane.ts";
import { openMemoryEngine } from "../../src/engine/memory.ts";
import { signal as createSignal } from "../../src/flow/signal.ts";
import { window } from "../../src/pipeline/window.ts";
import type { WindowRule } from "../../src/tenant.ts";
import { append, owner, rule, rules, type Told } from "../engine/shared.ts";
import { idsIn, windowRule } from "./shared.ts";

/** A rule that gathers calls. */
export const session = { by: "call", lingerMs: 30_000, maxAgeMs: 4 * 3_600_000 } as const;

const inForce = rule("acme", { immediate: ["call.hangup"] });

/** A log of acme's; what hangs up is immediate. */
export async function openEngine(more: Partial<typeof inForce> = {}): Promise<Engine> {
  const engine = await openMemoryEngine();
  await engine.configure(rules({ ...inForce, ...more }));
  return engine;
}

/** Puts an event of acme into the log, as of now. */
export async function arrive(
  engine: Engine,
  id: string,
  type = "call.x",
  text = "",
  more: Told = {},
): Promise<void> {
  const body = JSON.stringify({ data: { id, text } });
  await append(engine, { id, type, body, at: Date.now(), owners: [owner("acme")], ...more });
}

/** A window over a lane, with a rule that a test changes. */
export function open(lane: Lane, rule: WindowRule | undefined = windowRule) {
  const changed = createSignal();
  const stop = new AbortController();
  const batches: Batch[] = [];
  const stands: boolean[] = [];
  const flushes = createSignal();
  let flushedAt = 0;
  let current: WindowRule | undefined = rule;
  let ended = false;
  const options = {
    rule: () => current,
    reconfigured: (signal: AbortSignal) => changed.next(signal),
    flushedAt: () => flushedAt,
    flushed: (signal: AbortSignal) => flushes.next(signal),
    stand: async () => void stands.push(current === undefined),
    signal: stop.signal,
  };
  const done = (async () => {
    for await (const batch of window(lane, options)) batches.push(batch);
    ended = true;
  })();
  return {
    batches,
    stands,
    done,
    ended: () => ended,
    reasons: () => batches.map(({ reason }) => reason),
    counts: () => batches.map(({ count }) => count),
    reload(next: WindowRule | undefined) {
      current = next;
      changed.raise();
    },
    flush() {
      flushedAt = Date.now();
      flushes.raise();
    },
    /** Ends, as it does when the daemon stops. */
    async [Symbol.asyncDispose]() {
      stop.abort();
      await done;
    },
  };
}

/** An attempt that was answered well. */
export const accepted = (number = 1) => ({
  number,
  startedAt: Date.now(),
  tookMs: 1,
  origin: "https://x.example",
  status: 200,
});

/** The ids of each batch, in the order of sealing. */
export async function idsOf(lane: Lane, batches: readonly Batch[]): Promise<string[][]> {
  return Promise.all(batches.map(async ({ id }) => idsIn(await lane.bytes(id))));
}
