/** The contract's part about what is fresh: it goes past a backlog, and past nothing of its own. */
import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import type { Engine } from "../../src/engine.ts";
import type { Cut } from "../../src/lane.ts";
import type { Open, Promised } from "./contract.ts";
import {
  append,
  attempt,
  cut,
  dead,
  drain,
  entry,
  idle,
  idsOf,
  noon,
  owner,
  rule,
  rules,
  seal,
  takeLane,
} from "./shared.ts";

const owners = [owner("acme")];
const fresh = noon + 1_000;
/** Takes what is fresh. */
export const live = { from: { liveFrom: fresh } } as const;

/** What a test says of an event; `!` at the end of its name makes it immediate, `+` fresh. */
export function told(name: string, call?: string) {
  return {
    id: name,
    owners,
    type: name.includes("!") ? "call.urgent" : "call.calm",
    at: name.includes("+") ? fresh : noon,
    ...(call === undefined ? {} : { subject: { about: `call_leg_id:${call}` as const } }),
  };
}

/** Records these, each `name` or `name of call`. */
export async function record(engine: Engine, ...names: readonly string[]): Promise<void> {
  await engine.configure(rules(rule("acme")));
  for (const name of names) {
    const [id = "", call] = name.split(" of ");
    await append(engine, told(id, call));
  }
}

function describeExamples(promised: Promised): void {
  promised("goes first, with the earlier ones of the same call", async (engine) => {
    await record(engine, "1 of a", "2! of b", "3 of c", "4!", "5+! of c", "6+ of c", "7+!");
    const lane = await takeLane(engine);
    assert.equal(lane.waiting().liveAt, fresh);
    const batch = await seal(lane, live);
    assert.deepEqual(await idsOf(lane, batch), ["3", "5+!", "7+!"]);
    assert.equal(batch.openedAt, noon);
    assert.equal(await lane.seal(cut(live)), undefined);
    assert.equal(lane.waiting().count, 4);
    assert.deepEqual(await drain(lane), ["1", "2!", "4!", "6+"]);
  });

  promised("is cut from the front, so that the order within a call holds", async (engine) => {
    await record(engine, "1 of a", "2 of a", "3 of a", "4+! of a", "5+! of b", "6");
    const lane = await takeLane(engine);
    const batches = [];
    for (let count = 0; count < 3; count++) {
      batches.push(await idsOf(lane, await seal(lane, { ...live, eventsMax: 2 })));
    }
    assert.deepEqual(batches, [["1", "2"], ["3", "4+!"], ["5+!"]]);
    const one = await seal(lane, { bytesMax: 1 });
    assert.deepEqual(await idsOf(lane, one), ["6"]);
  });

  promised("does not overtake what a clock set back left behind", async (engine) => {
    await engine.configure(rules(rule("acme")));
    await append(engine, told("first"));
    const arrivals = [["1", 9], ["2", 1], ["3+!", 1_000]] as const;
    for (const [id, ms] of arrivals) await append(engine, { ...told(id, "a"), at: noon + ms });
    const lane = await takeLane(engine);
    const batch = await seal(lane, { eventsMax: 1 });
    await lane.settle(batch.id, attempt(1), dead(noon + 5));
    await append(engine, told("4+!", "a"));
    const early = await lane.seal(cut({ ...live, eventsMax: 1 }));
    const ids = early === undefined ? [] : await idsOf(lane, early);
    assert.deepEqual([...ids, ...await drain(lane)], ["1", "3+!", "4+!"]);
    await record(engine, "5 of a", "6", "7+! of a");
    assert.deepEqual(await idsOf(lane, await seal(lane, live)), ["5", "7+!"]);
  });

  promised("is within the bytes of a cut, too", async (engine) => {
    await record(engine, "1 of a", "2 of b", "3+! of b", "4+! of a");
    const lane = await takeLane(engine);
    const sent: string[] = [];
    for (;;) {
      const batch = await lane.seal(cut({ ...live, bytesMax: 1 }));
      if (batch === undefined) break;
      sent.push(...await idsOf(lane, batch));
      assert.equal(batch.count, 1);
    }
    assert.deepEqual(sent.toSorted(), ["1", "2", "3+!", "4+!"]);
    assert.ok(sent.indexOf("1") < sent.indexOf("4+!"));
    assert.ok(sent.indexOf("2") < sent.indexOf("3+!"));
  });
}

const steps = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        call: fc.constantFrom("a", "b", "c", undefined),
        mark: fc.constantFrom("", "!", "+", "+!"),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        from: fc.constantFrom<Cut["from"]>("head", live.from),
        eventsMax: fc.integer({ min: 1, max: 5 }),
        bytesMax: fc.constantFrom(900, 100_000),
      }),
    },
  ),
  { maxLength: 40 },
);

function describeProperty(open: Open): void {
  it("loses and repeats nothing, and keeps every call's order, however it is cut", async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (taken) => {
        await using engine = await open();
        await engine.configure(rules(rule("acme")));
        const calls = new Map<string, string | undefined>();
        await engine.append([entry(told("first"))]);
        calls.set("first", undefined);
        const lane = await takeLane(engine);
        const sent: string[] = [];
        for (const step of taken) {
          if ("mark" in step) {
            const id = `${calls.size}${step.mark}`;
            calls.set(id, step.call);
            await append(engine, told(id, step.call));
            continue;
          }
          const batch = await lane.seal(cut(step));
          if (batch === undefined) continue;
          sent.push(...await idsOf(lane, batch));
          await lane.settle(batch.id, attempt(1), { as: "accepted" });
        }
        sent.push(...await drain(lane));
        assert.deepEqual(sent.toSorted(), [...calls.keys()].toSorted());
        // What occurred at the same time keeps its order, in one batch and over batches.
        const groupOf = (id: string) => `${calls.get(id)} ${id.includes("+")}`;
        for (const [group, ids] of Map.groupBy(sent, groupOf)) {
          if (group.startsWith("undefined")) continue;
          assert.deepEqual(ids, [...calls.keys()].filter((id) => groupOf(id) === group));
        }
        const { deliveredAt: _, ...rest } = lane.waiting();
        assert.deepEqual(rest, idle);
      }),
      { numRuns: 20 },
    );
  });
}

/** Says what may overtake what. */
export function describeLive(promised: Promised, open: Open): void {
  describeExamples(promised);
  describeProperty(open);
}
