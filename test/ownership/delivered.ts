/** What tenants are given, where the order between calls does not matter. */
import type { Engine } from "../../src/engine.ts";
import { given } from "../engine/asked.ts";

/** The ids that every tenant has been given since this was last asked, sorted. */
export async function delivered(engine: Engine): Promise<Record<string, string[]>> {
  const found = Object.entries(await given(engine));
  return Object.fromEntries(found.map(([tenant, ids]) => [tenant, ids.sort()]));
}
