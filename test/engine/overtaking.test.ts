/** What goes past a backlog, in whatever order events come and go, against a plain model. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { addAll, type Driven, driven, type Row } from "./driving.ts";

const count = fc.integer({ min: 1, max: 6 });
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("add" as const),
      call: fc.constantFrom("a", "b", "c", "d", undefined),
      immediate: fc.boolean(),
      back: fc.nat(9),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("head" as const), count, part: count }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("live" as const), count, part: count, ago: fc.nat(9) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("bury" as const), ago: fc.nat(15) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("undone" as const), count }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("reopen" as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;

/** What a live cut finds: slow, and plainly as the contract says it. */
function freshOf(rows: readonly Row[], from: number, limit: number): number[] {
  const found = new Set<Row>();
  for (const row of rows.filter(({ immediate, since }) => immediate && since >= from)) {
    const before = rows.slice(0, rows.indexOf(row));
    const its = before.filter(({ call }) => call !== undefined && call === row.call);
    const story = [...its, row].filter((one) => !found.has(one));
    if (found.size > 0 && found.size + story.length > limit) break;
    for (const one of story.slice(0, limit)) found.add(one);
  }
  return rows.filter((row) => found.has(row)).map(({ event }) => event);
}

/** Whether nothing of these stands behind a row of the same call that waits and is not of them. */
function isInOrder(rows: readonly Row[], found: readonly number[]): boolean {
  const left = new Set<string>();
  return rows.every(({ event, call }) => {
    if (call === undefined) return true;
    if (!found.includes(event)) left.add(call);
    return !found.includes(event) || !left.has(call);
  });
}

/** Does these in a lane, and says after each whether it is as it should be. */
function play(lane: Driven, steps: readonly Step[], clock: "steady" | "set back", whole: boolean) {
  let rows: Row[] = [];
  let now = 100;
  const gone = (events: readonly number[]) =>
    rows = rows.filter(({ event }) => !events.includes(event));
  lane.add({ event: 0, since: 0, call: undefined, immediate: false });
  lane.take("head", 1);
  for (const one of steps) {
    if (one.do === "add") {
      const since = clock === "steady" ? ++now : ++now - one.back;
      const row = { event: now, since, call: one.call, immediate: one.immediate };
      lane.add(row);
      rows.push(row);
    } else if (one.do === "head") {
      const { found, taken } = lane.take("head", one.count, one.part);
      assert.deepEqual(found, rows.slice(0, one.count).map(({ event }) => event));
      gone(taken);
    } else if (one.do === "live") {
      const from = now - one.ago;
      const { found, taken } = lane.take(from, one.count, one.part);
      assert.ok(isInOrder(rows, found));
      if (whole) assert.deepEqual(found, freshOf(rows, from, one.count));
      gone(taken);
    } else if (one.do === "bury") {
      lane.bury(now - one.ago);
      gone(rows.filter(({ since }) => since < now - one.ago).map(({ event }) => event));
    } else if (one.do === "undone") {
      lane.undone(() => {
        addAll(lane, now + 1, "a!", "e", "b");
        lane.take("head", one.count);
        lane.take(now, one.count);
      });
    } else lane.reopen();
  }
  assert.deepEqual(lane.take("head", 1_000).found, rows.map(({ event }) => event));
}

describe("whatever comes and goes", () => {
  const steps = fc.array(step, { minLength: 10, maxLength: 60, size: "max" });

  it("goes past a backlog exactly as told, while every call is remembered", () => {
    fc.assert(
      fc.property(steps, (taken) => {
        driven(undefined, (lane) => play(lane, taken, "steady", true));
      }),
      { numRuns: 200 },
    );
  });

  it("keeps every call's order, with few remembered and a clock that is set back", () => {
    fc.assert(
      fc.property(steps, fc.nat(3), (taken, storiesMax) => {
        driven(storiesMax, (lane) => play(lane, taken, "set back", false));
      }),
      { numRuns: 200 },
    );
  });
});
