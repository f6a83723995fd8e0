/**
 * The contract under random histories: whatever is recorded, sealed and settled in whatever order,
 * each copy is in exactly one place, nothing is lost, and nothing is shown to another tenant.
 */
import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import type { Batch } from "../../src/batch.ts";
import type { Engine, Lane } from "../../src/engine.ts";
import { until } from "../support/clock.ts";
import type { Open } from "./contract.ts";
import { attempt, cut, dead, drain, entry, idsOf, noon, owner } from "./shared.ts";

const tenants = ["acme", "globex", "__proto__"];

type Step =
  | { readonly do: "append"; readonly events: readonly { id: number; owners: string[] }[] }
  | { readonly do: "seal"; readonly tenant: string; readonly eventsMax: number }
  | { readonly do: "settle"; readonly tenant: string; readonly as: "accepted" | "again" | "dead" }
  | { readonly do: "prune" };

const tenant = fc.constantFrom(...tenants);
const told = fc.record({ id: fc.nat(40), owners: fc.subarray(tenants) });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("append" as const),
      events: fc.array(told, { maxLength: 5 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("seal" as const),
      tenant,
      eventsMax: fc.integer({ min: 1, max: 6 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("settle" as const),
      tenant,
      as: fc.constantFrom("accepted" as const, "again" as const, "dead" as const),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: "prune" as const }) },
);

/** What is expected of one tenant. */
interface Expected {
  waiting: string[];
  readonly sealed: { batch: Batch; readonly ids: readonly string[]; attempts: number }[];
  dead: number;
  sequence: number;
}

/** An engine beside what is expected of it. */
class Compared {
  readonly engine: Engine;
  readonly lanes = new Map<string, Lane>();
  readonly expected = new Map(tenants.map((name): [string, Expected] => [
    name,
    { waiting: [], sealed: [], dead: 0, sequence: 0 },
  ]));
  readonly ids = new Set<string>();
  held = 0;

  constructor(engine: Engine) {
    this.engine = engine;
  }

  of(name: string): Expected {
    const expected = this.expected.get(name);
    assert.ok(expected);
    return expected;
  }

  async append(events: readonly { id: number; owners: string[] }[]): Promise<void> {
    const entries = events.map(({ id, owners }) =>
      entry({ id: `e${id}`, owners: owners.map((name) => owner(name)), at: noon + id })
    );
    const recorded = await this.engine.append(entries);
    for (const [index, { id, owners }] of events.entries()) {
      const isNew = !this.ids.has(`e${id}`);
      const status = !isNew ? "duplicate" : owners.length > 0 ? "queued" : "unassigned";
      assert.equal(recorded[index]?.status, status);
      if (!isNew) continue;
      this.ids.add(`e${id}`);
      this.held += owners.length > 0 ? 0 : 1;
      for (const name of owners) this.of(name).waiting.push(`e${id}`);
    }
  }

  async seal(name: string, eventsMax: number): Promise<void> {
    const lane = this.lanes.get(name);
    if (lane === undefined) return assert.deepEqual(this.of(name).waiting, []);
    const expected = this.of(name);
    const ids = expected.waiting.splice(0, eventsMax);
    const batch = await lane.seal(cut({ eventsMax }));
    assert.equal(batch?.count ?? 0, ids.length);
    if (batch === undefined) return;
    expected.sequence += 1;
    assert.equal(batch.sequence, expected.sequence);
    assert.deepEqual(await idsOf(lane, batch), ids);
    expected.sealed.push({ batch, ids, attempts: 0 });
  }

  async settle(name: string, as: "accepted" | "again" | "dead"): Promise<void> {
    const expected = this.of(name);
    const [oldest] = expected.sealed;
    const lane = this.lanes.get(name);
    if (oldest === undefined || lane === undefined) return;
    oldest.attempts += 1;
    const made = attempt(oldest.attempts);
    await lane.settle(oldest.batch.id, made, as === "dead" ? dead(noon + 10) : { as });
    if (as === "again") return;
    expected.sealed.shift();
    if (as === "accepted") return;
    const isOld = (id: string) => Number(id.slice(1)) < 10;
    expected.dead += oldest.ids.length + expected.waiting.filter(isOld).length;
    expected.waiting = expected.waiting.filter((id) => !isOld(id));
  }

  /** Nothing that is expected somewhere may be forgotten; ids may, then they are new again. */
  async prune(): Promise<void> {
    await this.engine.prune(noon - 1, 10);
  }

  async check(): Promise<void> {
    const { held, lanes } = await this.engine.counts();
    assert.equal(held, this.held);
    for (const { tenant: name, waiting, sealed, dead, lastSequence } of lanes) {
      const expected = this.of(name);
      assert.deepEqual({ waiting, sealed, dead, lastSequence }, {
        waiting: expected.waiting.length,
        sealed: expected.sealed.length,
        dead: expected.dead,
        lastSequence: expected.sequence,
      });
    }
    for (const [name, lane] of this.lanes) {
      const { sealed, waiting } = this.of(name);
      assert.deepEqual(
        await lane.unsettled(),
        sealed.map(({ batch, attempts }) => ({ ...batch, attempts })),
      );
      for (const { batch, ids } of sealed) assert.deepEqual(await idsOf(lane, batch), ids);
      assert.deepEqual(await drain(lane), waiting);
    }
  }
}

async function live(engine: Engine, steps: readonly Step[]): Promise<void> {
  const compared = new Compared(engine);
  const stop = new AbortController();
  const following = (async () => {
    for await (const lane of engine.lanes(stop.signal)) compared.lanes.set(lane.tenant, lane);
  })();
  for (const next of steps) {
    if (next.do === "append") await compared.append(next.events);
    else if (next.do === "seal") await compared.seal(next.tenant, next.eventsMax);
    else if (next.do === "settle") await compared.settle(next.tenant, next.as);
    else await compared.prune();
    const busy = tenants.filter((name) => compared.of(name).waiting.length > 0);
    await until("lanes are out", () => busy.every((name) => compared.lanes.has(name)));
  }
  await compared.check();
  stop.abort();
  await following;
}

/** Compares random histories with what is expected of them. */
export function describeHistories(open: Open): void {
  it("keep every copy in exactly one place", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        await using engine = await open();
        await live(engine, steps);
      }),
      { numRuns: 20 },
    );
  });
}
