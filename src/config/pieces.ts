/**
 * A reading on its way between two threads. Whoever receives a large message stops for as long as
 * it takes to unpack, so the tenants come in slices of a few milliseconds each; the directory,
 * which is code as well as data, is built where it arrives.
 */
import type { Config, Problem } from "../config.ts";
import { buildDirectory } from "../directory.ts";
import type { Tenant, TenantId } from "../tenant.ts";
import { type Places, soundOf } from "./parse.ts";
import type { Reading, Taken } from "./reading.ts";

/** Of tenants and what they own in one slice: unpacked in about 5 ms. */
const sliceWeightMax = 3_000;
/** A tenant weighs as much as so many of its numbers. */
const tenantWeight = 10;

/** One message; the first is `sound` or `refused`. */
export type Piece =
  | { readonly is: "refused"; readonly taken: Taken; readonly problems: readonly Problem[] }
  | {
    readonly is: "sound";
    readonly taken: Taken;
    readonly head: Omit<Config, "tenants" | "directory">;
    readonly places: Places;
  }
  | { readonly is: "tenants"; readonly tenants: readonly Tenant[] }
  | { readonly is: "end" };

function weightOf({ numbers, connectionIds, messagingProfileIds, ids }: Tenant): number {
  return tenantWeight + numbers.length + connectionIds.length + messagingProfileIds.length +
    ids.length;
}

function* slicesOf(tenants: Iterable<Tenant>): Generator<readonly Tenant[]> {
  let slice: Tenant[] = [];
  let weight = 0;
  for (const tenant of tenants) {
    slice.push(tenant);
    weight += weightOf(tenant);
    if (weight < sliceWeightMax) continue;
    yield slice;
    [slice, weight] = [[], 0];
  }
  yield slice;
}

/** Divides a reading into messages. */
export function* piecesOf({ taken, parsed }: Reading): Generator<Piece, void> {
  if ("problems" in parsed) {
    yield { is: "refused", taken, problems: parsed.problems };
  } else {
    const { directory: _directory, tenants, ...head } = parsed.config;
    yield { is: "sound", taken, head, places: parsed.places };
    for (const slice of slicesOf(tenants.values())) yield { is: "tenants", tenants: slice };
  }
  yield { is: "end" };
}

/** Joins them again; rejects where the first is missing. */
export async function joined(pieces: AsyncIterable<Piece>): Promise<Reading> {
  const tenants = new Map<TenantId, Tenant>();
  let first: Extract<Piece, { taken: Taken }> | undefined;
  for await (const piece of pieces) {
    if ("taken" in piece) first = piece;
    if (piece.is === "tenants") {
      for (const tenant of piece.tenants) tenants.set(tenant.id, tenant);
    }
  }
  if (first === undefined) throw new TypeError("A reading came without its beginning");
  const { taken } = first;
  if (first.is === "refused") return { taken, parsed: { problems: first.problems } };
  const { head, places } = first;
  const directory = buildDirectory(tenants.values());
  return { taken, parsed: soundOf({ ...head, tenants, directory }, places) };
}
