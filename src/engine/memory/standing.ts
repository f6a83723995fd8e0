/** How delivering stands, in memory: URLs, pauses, halts, and the versions of tenants' keys. */
import type { Halt, Pause, UrlState } from "../../delivery.ts";
import type { SecretVersion } from "../../engine.ts";
import type { TenantId } from "../../tenant.ts";
import { begun, ended, joined, withHalt } from "../halts.ts";
import { urlsMax } from "../handout.ts";
import { versionBefore } from "../secret-versions.ts";
import type { MemoryLane } from "./lane.ts";

/** Stands for every tenant; none is called so. */
const everybody = "";

/** Makes an empty table of how URLs had done. */
export function createMemoryUrls() {
  const urls = new Map<TenantId, readonly UrlState[]>();
  const of = (tenant: TenantId) => urls.get(tenant) ?? [];
  return {
    of,
    put({ tenant }: MemoryLane, url: UrlState): void {
      const others = of(tenant).filter(({ digest }) => digest !== url.digest);
      urls.set(tenant, [url, ...others].slice(0, urlsMax));
    },
  };
}

/** Makes an empty table of halts. */
export function createMemoryHalts() {
  const halts = new Map<TenantId, readonly Halt[]>();
  const of = (tenant: TenantId) => halts.get(tenant) ?? [];
  return {
    of: (tenant: TenantId) => joined([...of(everybody), ...of(tenant)]),
    set: (tenant: TenantId, is: boolean, at: number) =>
      void halts.set(tenant, is ? begun(of(tenant), at) : ended(of(tenant), at)),
    addToAll: (halt: Halt) => void halts.set(everybody, withHalt(of(everybody), halt)),
  };
}

/** Makes an empty table of which version of its derived keys each tenant signs with. */
export function createMemorySecrets(hasSealed: (tenant: TenantId) => boolean) {
  const secrets = new Map<TenantId, SecretVersion>();
  /** Puts this version in force, unless it is. */
  return function inForce(tenant: TenantId, version: number): SecretVersion {
    const known = secrets.get(tenant);
    if (known?.version === version) return known;
    const previous = known?.version ?? versionBefore(version, () => hasSealed(tenant));
    const before = previous === undefined ? {} : { previous };
    const made = { tenant, version, ...before, since: Date.now() };
    secrets.set(tenant, made);
    return made;
  };
}

/** Pauses a lane; an operator's pause stays until he ends it. */
export function pauseIn(lane: MemoryLane, pause: Pause): void {
  if (lane.paused?.by !== "operator") lane.paused = pause;
}

/** Ends a pause; says whether there was one. */
export function resumeIn(lane: MemoryLane): boolean {
  const wasPaused = lane.paused !== undefined;
  delete lane.paused;
  return wasPaused;
}
