/** Events of which it is told what they say of their owner, and what became of them. */
import assert from "node:assert/strict";
import type { Engine, Entry, Recorded, Tended } from "../../src/engine.ts";
import type { Evidence } from "../../src/ownership.ts";
import type { Channel } from "../../src/tenant.ts";
import { drain, entry, noon, type Told } from "./shared.ts";

/** What a test says of an event; all else follows from it. */
export interface Asked extends Told {
  readonly evidence?: Evidence;
  readonly wanted?: readonly string[];
  readonly path?: string;
  readonly signer?: string;
  readonly channel?: Channel;
}

/** One webhook to be recorded. */
export function asked(
  { evidence = {}, wanted = [], path, signer, channel, ...told }: Asked,
): Entry {
  const made = entry({ type: "call.x", ...told });
  return {
    ...made,
    event: { ...made.event, channel: channel ?? "voice" },
    evidence,
    wanted,
    ...(path === undefined ? {} : { path }),
    ...(signer === undefined ? {} : { signer }),
  };
}

/** Records one. */
export async function arrive(engine: Engine, told: Asked): Promise<Recorded> {
  const [recorded] = await engine.append([asked(told)]);
  assert.ok(recorded);
  return recorded;
}

/** What every tenant is given, in its order, all of it accepted; nobody without anything. */
export async function given(engine: Engine): Promise<Record<string, string[]>> {
  const { lanes } = await engine.counts();
  let expected = lanes.filter(({ waiting }) => waiting > 0).length;
  const found: Record<string, string[]> = {};
  if (expected === 0) return found;
  for await (const lane of engine.lanes(new AbortController().signal)) {
    using _ = lane;
    found[lane.tenant] = await drain(lane);
    if (--expected === 0) break;
  }
  return found;
}

/** Why an event is nobody's; nothing where it is somebody's. */
export async function whyOf(engine: Engine, id: string): Promise<string | undefined> {
  return (await engine.find(id, 100))?.why;
}

/** Tending found nothing to do. */
export const idle: Tended = { released: 0, expired: 0, more: false };

/** Long after everything has waited for its call. */
export const later = noon + 3_600_000;
