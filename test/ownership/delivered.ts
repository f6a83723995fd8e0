/** What tenants are given, all of it, accepted. */
import type { Engine, Lane } from "../../src/engine.ts";
import { cut } from "../engine/shared.ts";
import { idsIn } from "../pipeline/shared.ts";

const accepted = { number: 1, startedAt: 0, tookMs: 1, origin: "" };

async function emptied(lane: Lane): Promise<string[]> {
  const ids: string[] = [];
  for (;;) {
    const batch = await lane.seal(cut());
    if (batch === undefined) return ids;
    ids.push(...idsIn(await lane.bytes(batch.id)));
    await lane.settle(batch.id, accepted, { as: "accepted" });
  }
}

/** The ids that every tenant has been given since this was last asked, sorted. */
export async function delivered(engine: Engine): Promise<Record<string, string[]>> {
  const { lanes } = await engine.counts();
  let expected = lanes.filter(({ waiting }) => waiting > 0).length;
  const found: Record<string, string[]> = {};
  if (expected === 0) return found;
  for await (const lane of engine.lanes(new AbortController().signal)) {
    using _ = lane;
    found[lane.tenant] = (await emptied(lane)).sort();
    if (--expected === 0) break;
  }
  return found;
}
