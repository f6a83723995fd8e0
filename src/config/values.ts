/** What the file says, read, before any field has been held against another. */
import type { TenantId } from "../tenant.ts";
import type { FileValues } from "./definition.ts";
import type { TenantValues } from "./tenant.ts";
import type { Place } from "./tree.ts";

/** Everything read, nothing checked across fields. */
export interface Values {
  readonly path: string;
  readonly stateFolder: string;
  readonly file: FileValues;
  readonly tenants: ReadonlyMap<TenantId, TenantValues>;
  /** Where something is written, or else the file. */
  placeOf(field: readonly string[]): Place;
  /** Not written, or an empty list. */
  isMissing(field: readonly string[]): boolean;
}

/** What is there of a list. */
export function present<T>(list: readonly (T | undefined)[]): readonly T[] {
  return list.filter((one) => one !== undefined);
}
