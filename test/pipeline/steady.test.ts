import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { watchClock } from "../../src/pipeline/steady.ts";
import { stopClock } from "../support/clock.ts";
import { stopElapsed } from "./elapsed.ts";

const minute = 60_000;
const day = 24 * 60 * minute;

describe("watchClock()", () => {
  it("says by how much the clock was set, once", async () => {
    for (const byMs of [5 * day, 61_000]) {
      using clock = stopClock();
      using elapsed = stopElapsed();
      const watched = watchClock();
      elapsed.pass(minute);
      await clock.pass(minute + byMs);
      assert.equal(watched.look(), byMs);
      assert.equal(watched.look(), 0);
    }
  });

  it("says so of one that was set back", () => {
    using elapsed = stopElapsed();
    let watched;
    {
      using _ = stopClock(Date.UTC(2026, 10, 20));
      watched = watchClock();
    }
    using _ = stopClock(Date.UTC(2026, 10, 15));
    elapsed.pass(1_000);
    assert.equal(watched.look(), -5 * day - 1_000);
    assert.equal(watched.look(), 0);
  });

  it("takes no notice of one that is put right", async () => {
    using clock = stopClock();
    using elapsed = stopElapsed();
    const watched = watchClock();
    for (let look = 0; look < 5; look++) {
      elapsed.pass(1_000);
      await clock.pass(minute);
      assert.equal(watched.look(), 0);
    }
    assert.equal(watched.steadyMs(), 5_000);
  });

  it("counts from the start or the last step, and nothing before that is seen", async () => {
    using clock = stopClock();
    using elapsed = stopElapsed();
    const watched = watchClock();
    elapsed.pass(minute);
    await clock.pass(minute);
    assert.equal(watched.steadyMs(), minute);
    await clock.pass(day);
    assert.equal(watched.steadyMs(), 0);
    watched.look();
    elapsed.pass(2_000);
    await clock.pass(2_000);
    assert.equal(watched.steadyMs(), 2_000);
  });
});
