/**
 * What is raised at present. However often it is said, an alarm is raised once and cleared once:
 * only an edge becomes a fact.
 *
 *     raise raise raise ─▶ alarm.raised        clear clear ─▶ alarm.cleared
 */
import type { Alarm, State } from "../../telemetry.ts";
import type { TenantId } from "../../tenant.ts";

/** An alarm that is raised. */
export interface Raised {
  readonly alarm: Alarm;
  /** Absent: it is about all of us. */
  readonly tenant?: TenantId;
  /** Epoch ms. */
  readonly since: number;
}

/** The alarms that are raised. */
export interface Board {
  /** With `fadesAt` it is cleared then, unless it is raised again meanwhile with a later one. */
  raise(alarm: Alarm, tenant?: TenantId, fadesAt?: number): void;
  clear(alarm: Alarm, tenant?: TenantId): void;
  /** Clears what fades by `now`, on the clock of `fadesAt`. */
  fade(now: number): void;
  /** In the order in which they were raised. */
  list(): readonly Raised[];
}

interface Entry extends Raised {
  readonly fadesAt: number;
}

/** What has no end of its own is over when it has not happened for so long. */
export const fadeMs: number = 60 * 60_000;

/** Four for each of ten thousand tenants and more; one beyond it is told by its cause alone. */
const raisedMax = 65_536;

/** Names an alarm of a tenant. */
export const alarmKeyOf = (alarm: Alarm, tenant?: TenantId): string => `${alarm} ${tenant ?? ""}`;

/** Makes a board with nothing on it, which states its edges. */
export function createBoard(state: State): Board {
  const entries = new Map<string, Entry>();

  const about = (alarm: Alarm, tenant?: TenantId) =>
    tenant === undefined ? { alarm } : { alarm, tenant };

  function clear(alarm: Alarm, tenant?: TenantId): void {
    if (!entries.delete(alarmKeyOf(alarm, tenant))) return;
    state({ is: "alarm.cleared", ...about(alarm, tenant) });
  }

  return {
    raise(alarm, tenant, fadesAt = Number.POSITIVE_INFINITY) {
      const key = alarmKeyOf(alarm, tenant);
      const known = entries.get(key);
      if (known === undefined && entries.size >= raisedMax) return;
      const since = known?.since ?? Date.now();
      entries.set(key, { ...about(alarm, tenant), since, fadesAt });
      if (known === undefined) state({ is: "alarm.raised", ...about(alarm, tenant) });
    },
    clear,
    fade(now) {
      const faded = [...entries.values()].filter(({ fadesAt }) => fadesAt <= now);
      for (const { alarm, tenant } of faded) clear(alarm, tenant);
    },
    list: () => [...entries.values()].map(({ fadesAt: _, ...raised }) => raised),
  };
}
