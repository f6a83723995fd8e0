/**
 * Which version of a tenant's secret was in force before, for as long as it still signs.
 *
 * When that ends is reckoned once, in monotonic time, when the change is first heard of: a clock
 * that is set meanwhile neither ends it early nor prolongs it, and one that was wrong when the
 * change was written down prolongs it to one more span at most.
 */
import type { SecretVersion } from "../engine.ts";
import type { TenantId } from "../tenant.ts";

/** Old keys sign for so long, in ms. */
export const rotationMs = 24 * 3_600_000;

interface Told extends SecretVersion {
  /** In monotonic ms. */
  readonly endsAt: number;
}

/** A version that still signs. */
export interface Previous {
  readonly version: number;
  /** From now on, in ms; not known to end until the change has been told. */
  readonly forMs: number;
}

/** The rotations of all tenants. */
export interface Rotations {
  tell(versions: readonly SecretVersion[]): void;
  /** The version told last. */
  inForce(tenant: TenantId): number | undefined;
  /** What else signs where this version is in force. */
  previousOf(tenant: TenantId, version: number): Previous | undefined;
}

const leftMs = ({ since }: SecretVersion) =>
  Math.min(Math.max(since + rotationMs - Date.now(), 0), rotationMs);

/** Knows of none; `now` is a monotonic clock, in ms. */
export function createRotations(now: () => number): Rotations {
  let told: ReadonlyMap<TenantId, Told> = new Map();

  function toldOf(version: SecretVersion): Told {
    const known = told.get(version.tenant);
    const isSame = known?.version === version.version && known.since === version.since;
    return isSame ? known : { ...version, endsAt: now() + leftMs(version) };
  }

  return {
    tell(versions) {
      told = new Map(versions.map((version) => [version.tenant, toldOf(version)]));
    },
    inForce: (tenant) => told.get(tenant)?.version,
    previousOf(tenant, version) {
      const known = told.get(tenant);
      if (known === undefined) return undefined;
      // A config in force, whose change is not written down yet: what was told is the one before.
      if (known.version !== version) return { version: known.version, forMs: rotationMs };
      const forMs = known.endsAt - now();
      const { previous } = known;
      return previous === undefined || forMs <= 0 ? undefined : { version: previous, forMs };
    },
  };
}
