/**
 * The contract under random histories: whatever is recorded, sealed and settled in whatever order,
 * each copy is in exactly one place, nothing is lost, and nothing is shown to another tenant.
 */
import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import type { Settlement } from "../../src/delivery.ts";
import type { Engine } from "../../src/engine.ts";
import type { Lane } from "../../src/lane.ts";
import { until } from "../support/clock.ts";
import { fromSession } from "./calling.ts";
import type { Open } from "./contract.ts";
import { Expected, laterAt, type Place } from "./expected.ts";
import { attempt, cut, drain, entry, idsOf, noon, owner } from "./shared.ts";

const tenants = ["acme", "globex", "__proto__"];

type As = Settlement["as"];

type Step =
  | { readonly do: "append"; readonly events: readonly { id: number; owners: string[] }[] }
  | {
    readonly do: "seal";
    readonly tenant: string;
    readonly eventsMax: number;
    readonly from: Place;
  }
  | {
    readonly do: "settle";
    readonly tenant: string;
    readonly as: As;
    readonly notBefore: number;
    readonly refused: boolean;
    /** What becomes of each member: 1 is retried, 2 dead, all others delivered. */
    readonly fates: readonly number[];
  }
  | { readonly do: "prune" };

const tenant = fc.constantFrom(...tenants);
const told = fc.record({ id: fc.nat(40), owners: fc.subarray(tenants) });
const fates: readonly As[] = ["accepted", "again", "gone", "split", "aside", "partly", "dead"];
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("append" as const),
      events: fc.array(told, { maxLength: 5 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("seal" as const),
      tenant,
      eventsMax: fc.integer({ min: 1, max: 6 }),
      from: fc.constantFrom("head" as const, "session" as const),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("settle" as const),
      tenant,
      as: fc.constantFrom(...fates),
      notBefore: fc.constantFrom(0, 1, 2, laterAt),
      refused: fc.boolean(),
      fates: fc.array(fc.nat(3), { minLength: 6, maxLength: 6 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: "prune" as const }) },
);

/** What is written down of a batch with so many members. */
function settlementOf(told: Extract<Step, { do: "settle" }>, count: number): Settlement {
  const { as, notBefore, refused } = told;
  const members = Array.from({ length: count }, (_, member) => member);
  const fated = (fate: number) => members.filter((member) => told.fates[member % 6] === fate);
  switch (as) {
    case "aside":
      return { as, notBefore, ...(refused ? { refusedAt: noon } : {}) };
    case "partly": {
      const dead = fated(2).map((member) => ({ member, reason: "not wanted" }));
      return { as, again: fated(1), dead, notBefore };
    }
    case "dead":
      return { as, reason: "not accepted", olderThan: noon + 10 };
    case "gone":
      return { as, destination: "elsewhere" };
    default:
      return { as };
  }
}

/** An engine beside what is expected of it. */
class Compared {
  readonly engine: Engine;
  readonly lanes = new Map<string, Lane>();
  readonly expected = new Map(tenants.map((name): [string, Expected] => [name, new Expected()]));
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

  async seal(name: string, eventsMax: number, from: Place): Promise<boolean> {
    const lane = this.lanes.get(name);
    const expected = this.of(name);
    if (lane === undefined) {
      assert.equal(expected.count(), 0);
      return false;
    }
    const { ids, ...whence } = expected.take(eventsMax, from);
    const batch = await lane.seal(cut({ eventsMax, ...(from === "head" ? {} : fromSession) }));
    assert.equal(batch?.count ?? 0, ids.length);
    if (batch === undefined) return false;
    assert.equal(batch.sequence, ++expected.sequence);
    assert.deepEqual([batch.retryOf, batch.returned?.times ?? 0], [whence.parent, whence.times]);
    assert.deepEqual(await idsOf(lane, batch), ids);
    expected.sealed.push({ batch, ids, attempts: 0, source: whence.source });
    return true;
  }

  async settle(told: Extract<Step, { do: "settle" }>): Promise<void> {
    const expected = this.of(told.tenant);
    const [oldest] = expected.sealed;
    const lane = this.lanes.get(told.tenant);
    if (oldest === undefined || lane === undefined) return;
    const to = settlementOf(told, oldest.ids.length);
    const made = attempt(++oldest.attempts);
    const died = expected.settle(oldest, to);
    assert.deepEqual(await lane.settle(oldest.batch.id, made, to), { dead: died });
    assert.deepEqual(await lane.settle(oldest.batch.id, made, to), { dead: 0 });
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
        waiting: expected.count(),
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
      const { split, refused } = lane.waiting();
      assert.deepEqual({ split, refused }, this.of(name).beside());
      while (await this.seal(name, 1_000, "session"));
      assert.equal(lane.waiting().split, 0);
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
    else if (next.do === "seal") await compared.seal(next.tenant, next.eventsMax, next.from);
    else if (next.do === "settle") await compared.settle(next);
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
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        await using engine = await open();
        await live(engine, steps);
      }),
      { numRuns: 20 },
    );
  });
}
