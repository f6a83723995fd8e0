/** Which dead letters, or delivered events, a query means. */
import type { BatchId } from "../../batch.ts";
import { type LiveConfig, tenantOf } from "../../config.ts";
import type { Selection } from "../../delivery.ts";
import type { Engine } from "../../engine.ts";
import type { TenantId } from "../../tenant.ts";
import type { Query } from "../query.ts";
import { failed, type Reply, unknownTenant } from "../reply.ts";

/** What it is checked against. */
export interface SelectionOptions {
  readonly live: LiveConfig;
  readonly engine: Engine;
}

/** Whose they are, and from when to before when they died, or were delivered. */
export type Meant = Exclude<Selection, { batch: BatchId }>;

/** The names of a query that select. */
export const selecting: readonly string[] = ["tenant", "since", "until"];

/** Whether a tenant is of the config, or something of it is left. */
export async function isKnown(
  { live, engine }: SelectionOptions,
  id: TenantId,
): Promise<boolean> {
  if (tenantOf(live.current, id) !== undefined) return true;
  const { lanes } = await engine.counts();
  return lanes.some(({ tenant }) => tenant === id);
}

function meantBy(query: Query): Meant {
  const [tenant, since, until] = [
    query.text("tenant"),
    query.moment("since"),
    query.moment("until"),
  ];
  return {
    ...(tenant === undefined ? {} : { tenant }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  };
}

/** What a query selects, or why it cannot; what else is read of it was read before. */
export async function selected(
  query: Query,
  options: SelectionOptions,
): Promise<{ readonly what: Meant } | { readonly reply: Reply }> {
  const what = meantBy(query);
  const { tenant, since = 0, until = Number.POSITIVE_INFINITY } = what;
  const problem = query.problem() ??
    (since < until ? undefined : "until must be later than since");
  if (problem !== undefined) return { reply: failed(400, problem) };
  if (tenant !== undefined && !await isKnown(options, tenant)) return { reply: unknownTenant };
  return { what };
}
