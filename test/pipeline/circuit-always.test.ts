import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Started } from "../../src/pipeline/circuit.ts";
import { digestOf } from "../../src/pipeline/urls.ts";
import { both, circuitOf, first, minute, second, waitOf } from "./circuits.ts";
import { destination } from "./shared.ts";

describe("createCircuit() of whatever happens", () => {
  type Step =
    | { readonly is: "begin" | "worked" | "answered" | "failed"; readonly batch: number }
    | { readonly is: "pass"; readonly ms: number }
    | { readonly is: "hurry" | "change" };
  const batch = fc.nat(3);
  const ended = fc.constantFrom("begin", "begin", "worked", "answered", "failed", "failed");
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 6, arbitrary: fc.tuple(ended, batch).map(([is, batch]) => ({ is, batch }) as const) },
    { weight: 4, arbitrary: fc.nat(90_000).map((ms) => ({ is: "pass", ms }) as const) },
    { weight: 1, arbitrary: fc.constantFrom({ is: "hurry" } as const, { is: "change" } as const) },
  );

  it("does as its few rules say", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), fc.boolean(), (steps, hasTwo) => {
        const circuit = circuitOf({ to: hasTwo ? both : destination });
        const underWay = new Map<number, Started>();
        const failures = new Map([[first, 0], [second, 0]]);
        const failedAt = new Map<string, number>();
        let version = 1;
        for (const one of [0, 1, 2, 3]) circuit.enter(one);
        for (const step of steps) {
          circuit.pass(1);
          if (step.is === "pass") circuit.pass(step.ms);
          if (step.is === "hurry") circuit.hurry();
          if (step.is === "change") {
            version++;
            circuit.to({ ...(hasTwo ? both : destination), secretVersion: version });
          }
          if (!("batch" in step)) continue;
          const attempt = underWay.get(step.batch);
          if (step.is === "begin" && attempt === undefined) {
            const way = circuit.way(step.batch);
            const wait = waitOf(way);
            assert.ok(wait >= 0 && !Number.isNaN(wait));
            if ("waitMs" in way) {
              assert.ok(wait > 0, "who has to wait is told for how long");
              continue;
            }
            const others = [...underWay.values()].filter(({ url }) => url === way.url);
            if ((failures.get(way.url) ?? 0) >= 5) assert.equal(others.length, 0);
            if (way.failover) assert.ok((failures.get(first) ?? 0) >= 2);
            underWay.set(step.batch, circuit.started(way));
          } else if (step.is !== "begin" && attempt !== undefined) {
            underWay.delete(step.batch);
            const { url, startedAt } = attempt;
            const before = failures.get(url) ?? 0;
            const counts = step.is === "failed" && startedAt >= (failedAt.get(url) ?? 0);
            const after = step.is === "worked" ? 0 : before + Number(counts);
            failures.set(url, after);
            const edges = step.is === "worked"
              ? circuit.worked(attempt)
              : step.is === "failed"
              ? circuit.fail(attempt)
              : circuit.answered(attempt) ?? [];
            if (counts) failedAt.set(url, circuit.now());
            const turned = edges.filter(({ is }) => is !== "switched").map(({ is }) => is);
            assert.deepEqual(turned, [
              ...(before < 5 && after >= 5 ? ["opened"] : []),
              ...(before >= 5 && after < 5 ? ["closed"] : []),
            ]);
            assert.equal(circuit.stateOf(digestOf(url)).failures, after);
          }
        }
        for (const [, attempt] of underWay) circuit.answered(attempt);
        circuit.pass(2 * 60 * minute);
        assert.equal(waitOf(circuit.way(0)), 0, "in the end the oldest always has a way");
      }),
      { numRuns: 400 },
    );
  });
});
