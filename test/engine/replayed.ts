/** The contract's part about replays among everything else: each event is in one place, always. */
import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import type { Batch } from "../../src/batch.ts";
import type { Selection, Settlement } from "../../src/delivery.ts";
import type { Engine } from "../../src/engine.ts";
import type { Lane } from "../../src/lane.ts";
import type { Open } from "./contract.ts";
import { appendMany, attempt, cut, dead, drain, idsOf, takeLane } from "./shared.ts";

type Place = "waiting" | "sealed" | "delivered" | "dead";

type Step =
  | { readonly do: "seal"; readonly from: "head" | "session"; readonly eventsMax: number }
  | { readonly do: "settle"; readonly as: Settlement["as"] }
  | { readonly do: "replay"; readonly what: "dead" | "delivered" | "batch" };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant("seal" as const),
    from: fc.constantFrom("head" as const, "session" as const),
    eventsMax: fc.integer({ min: 1, max: 5 }),
  }),
  fc.record({
    do: fc.constant("settle" as const),
    as: fc.constantFrom("accepted", "dead", "partly", "split", "aside" as const),
  }),
  fc.record({
    do: fc.constant("replay" as const),
    what: fc.constantFrom("dead" as const, "delivered" as const, "batch" as const),
  }),
);

/** Of a partly accepted batch the first goes on, and the last dies. */
function settlementOf(as: Settlement["as"], count: number): Settlement {
  switch (as) {
    case "dead":
      return dead();
    case "partly": {
      const last = { member: count - 1, reason: "refused" };
      return { as, again: [0], dead: count > 1 ? [last] : [], notBefore: 0 };
    }
    case "aside":
      return { as, notBefore: 0 };
    default:
      return as === "split" ? { as } : { as: "accepted" };
  }
}

/** Where the events of a batch are after it. */
function placeAfter(to: Settlement, member: number): Place {
  if (to.as === "dead") return "dead";
  if (to.as === "split" || to.as === "aside") return "waiting";
  if (to.as !== "partly") return "delivered";
  if (to.again.includes(member)) return "waiting";
  return to.dead.some((one) => one.member === member) ? "dead" : "delivered";
}

/** An engine, and where each event is to be. */
class Placed {
  readonly places = new Map<string, Place>();
  readonly sealed: { batch: Batch; ids: string[] }[] = [];
  readonly settled: { batch: Batch; ids: string[]; as: Settlement["as"] }[] = [];
  readonly engine: Engine;
  readonly lane: Lane;

  constructor(engine: Engine, lane: Lane, ids: readonly string[]) {
    this.engine = engine;
    this.lane = lane;
    for (const id of ids) this.places.set(id, "waiting");
  }

  async seal({ from, eventsMax }: Extract<Step, { do: "seal" }>): Promise<void> {
    const batch = await this.lane.seal(cut({ from, eventsMax }));
    if (batch === undefined) return;
    const ids = await idsOf(this.lane, batch);
    for (const id of ids) {
      assert.equal(this.places.get(id), "waiting");
      this.places.set(id, "sealed");
    }
    this.sealed.push({ batch, ids });
  }

  async settle(as: Settlement["as"]): Promise<void> {
    const oldest = this.sealed.shift();
    if (oldest === undefined) return;
    const to = settlementOf(as, oldest.ids.length);
    await this.lane.settle(oldest.batch.id, attempt(1), to);
    for (const [member, id] of oldest.ids.entries()) this.places.set(id, placeAfter(to, member));
    this.settled.push({ ...oldest, as });
  }

  async replay(what: Selection): Promise<void> {
    const meant = this.meant(what);
    const { events, more, missing } = await this.engine.replay(what, false);
    assert.deepEqual({ events, more, missing }, { events: meant.size, more: false, missing: 0 });
    for (const id of meant) this.places.set(id, "waiting");
  }

  meant(what: Selection): Set<string> {
    const all = [...this.places];
    const deadIds = all.flatMap(([id, place]) => place === "dead" ? [id] : []);
    if (!("batch" in what) && !what.delivered) return new Set(deadIds);
    const of = this.settled.filter(({ batch, as }) =>
      "batch" in what ? batch.id === what.batch : as === "accepted" || as === "partly"
    );
    return new Set(of.flatMap(({ ids, as }) => {
      const at = (place: Place) => ids.filter((id) => this.places.get(id) === place);
      if (as === "accepted") return [...at("dead"), ...at("delivered")];
      const isAsked = as === "partly" && (!("batch" in what) || at("dead").length === 0);
      return isAsked ? at("delivered") : at("dead");
    }));
  }

  async check(): Promise<void> {
    const count = (place: Place) => [...this.places.values()].filter((one) => one === place).length;
    const [lane] = (await this.engine.counts()).lanes;
    assert.deepEqual([lane?.waiting, lane?.dead], [count("waiting"), count("dead")]);
    const letters = await this.engine.dead({ tenant: "acme" }, 100);
    assert.ok(letters.every(({ event }) => this.places.get(event.id) === "dead"));
    assert.equal(letters.length, count("dead"));
  }
}

async function live(engine: Engine, steps: readonly Step[]): Promise<void> {
  const ids = await appendMany(engine, "acme", 12);
  const placed = new Placed(engine, await takeLane(engine), ids);
  for (const next of steps) {
    const last = placed.settled.at(-1);
    if (next.do === "seal") await placed.seal(next);
    else if (next.do === "settle") await placed.settle(next.as);
    else if (next.what === "delivered") await placed.replay({ delivered: true });
    else if (next.what === "dead") await placed.replay({});
    else if (last !== undefined) await placed.replay({ batch: last.batch.id });
    await placed.check();
  }
  while (placed.sealed.length > 0) await placed.settle("accepted");
  await placed.replay({});
  const rest = [...await drain(placed.lane, { from: "session" }), ...await drain(placed.lane)];
  const waiting = [...placed.places].flatMap(([id, place]) => place === "waiting" ? [id] : []);
  assert.deepEqual(rest.sort(), waiting.sort());
}

/** Declares the promises about replays, in whatever order things happen. */
export function describeReplayed(open: Open): void {
  it("loses nothing, and has nothing in two places, whatever is sent again", async () => {
    const steps = fc.array(step, { minLength: 10, maxLength: 60 });
    const property = fc.asyncProperty(steps, async (some) => {
      await using engine = await open();
      await live(engine, some);
    });
    await fc.assert(property, { numRuns: 15, endOnFailure: true });
  });
}
