/**
 * What the receiver of alarms has still to be told. It is a difference, not a history: of each
 * alarm only the last edge is kept, and an alarm that is back where the receiver knows it needs no
 * message at all.
 *
 *     known   (nothing) ──raised──▶ wait ──cleared──▶ (nothing to tell)
 *     known   raised    ──cleared─▶ wait ──raised───▶ (nothing to tell)
 *     unknown after an attempt that failed: whatever is the case now is told
 */
import type { Alarm } from "../../telemetry.ts";
import { alarmKeyOf } from "../../telemetry/alarms/board.ts";
import type { TenantId } from "../../tenant.ts";
import type { AlarmState } from "./sentences.ts";

/** An edge that waits to be told. */
export interface Edge {
  readonly alarm: Alarm;
  readonly tenant?: TenantId;
  readonly state: AlarmState;
  /** When it was raised, in epoch ms. */
  readonly since: number;
  /** When it was cleared, in epoch ms. */
  readonly until?: number;
  /** Since when it waits, on a monotonic clock in ms. */
  readonly waitsSince: number;
}

/** The edges that wait, the oldest first. */
export interface Untold {
  readonly size: number;
  /** Returns what had to make room for it. */
  add(state: AlarmState, alarm: Alarm, tenant?: TenantId): Edge | undefined;
  /** The first that wait, about to be sent: from now on the receiver may know them. */
  take(max: number): readonly Edge[];
  /** They were accepted. */
  told(edges: readonly Edge[]): void;
  /** Forgets, and returns, what has waited longer. */
  giveUp(waitedMs: number): readonly Edge[];
  clear(): void;
}

/** What the receiver knows of an alarm; nothing: it is not raised. */
interface Known {
  readonly state: "raised" | "unknown";
  readonly since: number;
}

/** One beyond it makes the oldest give way; an alarm of each of very many tenants has room. */
const waitingMax = 20_000;

const keyOf = ({ alarm, tenant }: Edge) => alarmKeyOf(alarm, tenant);

/** Makes one that knows of a receiver that knows nothing; `now` is a monotonic clock in ms. */
export function createUntold(now: () => number): Untold {
  const waiting = new Map<string, Edge>();
  /** Bounded by the alarms that are raised and the edges that wait. */
  const known = new Map<string, Known>();

  function forget(edge: Edge): void {
    waiting.delete(keyOf(edge));
    known.delete(keyOf(edge));
  }

  const isKnown = (key: string, state: AlarmState) =>
    (known.get(key)?.state ?? "cleared") === state;

  function accepted(edge: Edge): void {
    const key = keyOf(edge);
    if (edge.state === "cleared") known.delete(key);
    else known.set(key, { state: "raised", since: edge.since });
    const next = waiting.get(key);
    if (next === edge || (next !== undefined && isKnown(key, next.state))) waiting.delete(key);
  }

  return {
    get size() {
      return waiting.size;
    },
    add(state, alarm, tenant) {
      const key = alarmKeyOf(alarm, tenant);
      waiting.delete(key);
      if (isKnown(key, state)) return undefined;
      const at = Date.now();
      const about = tenant === undefined ? { alarm } : { alarm, tenant };
      const times = state === "raised"
        ? { since: at }
        : { since: known.get(key)?.since ?? at, until: at };
      waiting.set(key, { ...about, state, ...times, waitsSince: now() });
      const [oldest] = waiting.values();
      if (waiting.size <= waitingMax || oldest === undefined) return undefined;
      forget(oldest);
      return oldest;
    },
    take(max) {
      const edges = [...waiting.values()].slice(0, max);
      for (const edge of edges) known.set(keyOf(edge), { state: "unknown", since: edge.since });
      return edges;
    },
    told: (edges) => edges.forEach(accepted),
    giveUp(waitedMs) {
      const before = now() - waitedMs;
      const late = [...waiting.values()].filter(({ waitsSince }) => waitsSince < before);
      late.forEach(forget);
      return late;
    },
    clear() {
      waiting.clear();
      known.clear();
    },
  };
}
