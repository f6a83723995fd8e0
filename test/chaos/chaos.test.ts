/** The chaos of `chaos.ts`, small enough for every day. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runChaos } from "./run.ts";

const seeds = ["1", "2"] as const;

describe("the daemon among backends that misbehave", () => {
  for (const seed of seeds) {
    it(`loses nothing and repeats nothing without need (seed ${seed})`, async () => {
      const { findings, told } = await runChaos({ seed, tenants: 8, events: 1_200 });
      assert.deepEqual(findings, []);
      const { partly = 0, split = 0, aside = 0, dead = 0 } = told["verdicts"] ?? {};
      assert.ok(Math.min(partly, split, aside, dead) > 0, "there was chaos");
    });
  }
});
