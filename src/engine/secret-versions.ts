/**
 * What signed before a log knew of versions: it was always the first. So a tenant that has got
 * batches, and is first heard of with a later version, has a receiver who holds the first keys.
 */

const firstVersion = 1;

/** Which version was in force before this one, of which nothing is written down. */
export function versionBefore(version: number, hasSealed: () => boolean): number | undefined {
  return version > firstVersion && hasSealed() ? firstVersion : undefined;
}
