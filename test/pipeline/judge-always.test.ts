import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Verdict } from "../../src/delivery.ts";
import { type Case, judge } from "../../src/pipeline/judge.ts";
import { batch, hour, its, minute, now, retry } from "./judging.ts";

describe("judge() of whatever comes", () => {
  const members = [0, 1, 2].map((at) => ({ id: `e-${at}`, since: now - at * 40 * hour }));
  const failures = fc.array(
    fc.record({ id: fc.constantFrom("e-0", "e-1", "e-2", "e-9"), retry: fc.boolean() }),
    { minLength: 1, maxLength: 3 },
  );
  const wish = fc.option(fc.nat(hour), { nil: undefined })
    .map((notBeforeMs) => notBeforeMs === undefined ? {} : { notBeforeMs });
  const verdicts: fc.Arbitrary<Verdict> = fc.oneof(
    fc.constant({ is: "accepted" } as const),
    fc.constant({ is: "gone" } as const),
    failures.map((failures) => ({ is: "partly", failures }) as const),
    fc.tuple(fc.constantFrom("again", "too_large", "refused"), wish)
      .map(([is, wish]) => ({ is, ...wish }) as const),
  );
  const ages = fc.constantFrom(0, 1_000, hour, 71 * hour, 73 * hour, 200 * hour, -hour);
  const cases: fc.Arbitrary<Case> = fc.record({
    count: fc.constantFrom(1, 2, 100),
    attempts: fc.constantFrom(1, 2, 9, 10, 99),
    refusals: fc.constantFrom(1, 2, 9),
    ages: fc.tuple(ages, ages).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const),
    sealed: fc.constantFrom(0, minute, hour),
    times: fc.option(fc.constantFrom(1, 8, 20), { nil: undefined }),
    refusedAgo: fc.option(ages, { nil: undefined }),
    deliveredAgo: fc.option(ages, { nil: undefined }),
    refused: fc.constantFrom(0, 15, 16, 1_000),
    trouble: fc.option(
      fc.record({
        times: fc.constantFrom(1, 8, 50),
        forMs: fc.constantFrom(-hour, 0, hour),
        othersAnswered: fc.boolean(),
      }),
      { nil: undefined },
    ),
    steadyMs: fc.constantFrom(0, 10 * minute, hour),
    dice: fc.double({ min: 0, max: 1, noNaN: true }),
    halted: fc.boolean(),
    failover: fc.boolean(),
  }).map((told) => ({
    ...its,
    batch: {
      ...batch,
      count: told.count,
      sealedAt: now - told.sealed,
      youngestAt: now - told.ages[0],
      oldestAt: now - told.ages[1],
      ...(told.times === undefined ? {} : {
        returned: {
          times: told.times,
          ...(told.refusedAgo === undefined ? {} : { refusedAt: now - told.refusedAgo }),
        },
      }),
    },
    attempts: told.attempts,
    refusals: told.refusals,
    refused: told.refused,
    ...(told.deliveredAgo === undefined ? {} : { deliveredAt: now - told.deliveredAgo }),
    ...(told.trouble === undefined ? {} : { trouble: told.trouble }),
    steadyMs: told.steadyMs,
    random: () => told.dice,
    halts: told.halted ? [{ from: now - 100 * hour }] : [],
    members: members.slice(0, told.count),
    failover: told.failover,
  }));

  /** Whether a whole batch may be given up. */
  function mayDie({ batch, attempts, deliveredAt = 0, steadyMs, halts }: Case): boolean {
    const { returned, youngestAt } = batch;
    const isTried = attempts + (returned?.times ?? 0) >= 10 && steadyMs >= 10 * minute;
    const isOld = halts.length === 0 && youngestAt < now - retry.forMs ||
      youngestAt < now - retry.forMs - 100 * hour;
    const isPoison = batch.count === 1 && returned?.refusedAt !== undefined &&
      deliveredAt > returned.refusedAt;
    return isTried && isOld || isPoison;
  }

  it("keeps every promise", () => {
    fc.assert(
      fc.property(verdicts, cases, (verdict, one) => {
        const { settlement, url, pauseMs = 0 } = judge(verdict, one);
        const { as } = settlement;
        assert.equal(as === "accepted", verdict.is === "accepted");
        assert.equal(as === "gone", verdict.is === "gone" && !one.failover);
        if (as === "partly") assert.equal(verdict.is, "partly");
        if (as === "accepted") assert.equal(url, "works");
        if (url === "works") assert.ok(as === "accepted" || as === "partly");
        if (as === "split") assert.ok(one.batch.count > 1);
        if (as === "aside") assert.equal(one.batch.count, 1);
        if (as === "dead") assert.ok(mayDie(one));
        if (as === "dead") assert.ok(settlement.olderThan <= now - retry.forMs);
        if (as === "aside" || as === "partly") {
          assert.ok(settlement.notBefore >= now && settlement.notBefore <= now + hour);
        }
        if ("notBeforeMs" in verdict && verdict.notBeforeMs !== undefined) {
          assert.ok(pauseMs >= verdict.notBeforeMs, "what was asked for is obeyed");
        }
        assert.ok(pauseMs >= 0);
      }),
      { numRuns: 3_000 },
    );
  });
});
