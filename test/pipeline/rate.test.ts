import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { createPacer } from "../../src/pipeline/rate.ts";
import type { Destination, Rate } from "../../src/tenant.ts";

const secondMs = 1_000;
const hourMs = 3_600_000;

/** A pacer whose clock a test moves. */
function paced(first: Destination["rate"]) {
  let rate = first;
  let now = 12_345;
  const pacer = createPacer(() => rate, () => now);
  return {
    take: (events = 1) => pacer.take(events),
    pass: (ms: number) => now += ms,
    reload: (next: Destination["rate"]) => rate = next,
  };
}

/** How many requests go now. */
function burst(take: () => number, most = 1_000): number {
  let count = 0;
  while (count < most && take() === 0) count++;
  return count;
}

const perSecond = (count: number): Rate => ({ count, perMs: secondMs });

describe("createPacer()", () => {
  it("never holds up what has no rate", () => {
    assert.equal(burst(paced(undefined).take), 1_000);
    assert.equal(burst(paced({}).take), 1_000);
  });

  it("lets a second's worth go at once, then one after the other", () => {
    const { take, pass } = paced({ requests: perSecond(20) });
    assert.equal(burst(take), 20);
    assert.equal(take(), 50);
    pass(49);
    assert.equal(take(), 1);
    pass(1);
    assert.equal(take(), 0);
    assert.equal(take(), 50);
    pass(hourMs);
    assert.equal(burst(take), 20);
  });

  it("knows rates of less than one in a second", () => {
    const { take, pass } = paced({ requests: { count: 1, perMs: hourMs } });
    assert.equal(take(), 0);
    assert.equal(take(), hourMs);
    pass(hourMs - 1);
    assert.equal(take(), 1);
    pass(1);
    assert.equal(take(), 0);
  });

  it("counts events, and lets a larger batch go when the bucket is full, in debt", () => {
    const { take, pass } = paced({ events: perSecond(10) });
    assert.equal(take(35), 0);
    assert.equal(take(1), 2_600);
    assert.equal(take(10), 3_500);
    pass(3_499);
    assert.equal(take(50), 1);
    pass(1);
    assert.equal(take(50), 0);
  });

  it("waits for the slower of two rates, and counts only what goes", () => {
    const { take, pass } = paced({ requests: perSecond(2), events: perSecond(10) });
    assert.equal(take(10), 0);
    assert.equal(take(5), 500);
    pass(500);
    assert.equal(take(5), 0);
    assert.equal(take(0), 0);
    assert.equal(take(0), 500);
  });

  it("follows a changed rate at once", () => {
    const { take, pass, reload } = paced({ requests: { count: 1, perMs: hourMs } });
    assert.equal(take(), 0);
    assert.equal(take(), hourMs);
    reload({ requests: perSecond(100) });
    assert.equal(take(), 10);
    pass(secondMs);
    reload({ requests: perSecond(2) });
    assert.equal(burst(take), 2);
    reload(undefined);
    assert.equal(burst(take), 1_000);
    reload({ requests: perSecond(2) });
    assert.equal(burst(take), 2);
  });

  const anyRate = fc.record({
    count: fc.integer({ min: 1, max: 200 }),
    perMs: fc.constantFrom(secondMs, 60_000, hourMs),
  });
  const steps = fc.array(
    fc.record({ afterMs: fc.integer({ min: 0, max: 3_000 }), events: fc.nat(50) }),
    { minLength: 1, maxLength: 60 },
  );

  it("lets no more go in any time than the rate and one burst", () => {
    fc.assert(fc.property(anyRate, steps, (rate, all) => {
      const { take, pass } = paced({ requests: rate });
      const burstMax = Math.max(1, rate.count * secondMs / rate.perMs);
      const went: number[] = [];
      let now = 0;
      for (const { afterMs } of all) {
        now += afterMs;
        pass(afterMs);
        went.push(...Array.from({ length: burst(take) }, () => now));
      }
      for (const [first, from] of went.entries()) {
        for (const [index, until] of went.entries()) {
          if (index < first || went[index + 1] === until) continue;
          const allowed = burstMax + (until - from) * rate.count / rate.perMs;
          assert.ok(index - first + 1 <= allowed + 1e-9);
        }
      }
    }));
  });

  it("keeps the average of events, whatever the batches", () => {
    fc.assert(fc.property(anyRate, steps, (rate, all) => {
      const { take, pass } = paced({ events: rate });
      const burstMax = Math.max(1, rate.count * secondMs / rate.perMs);
      let now = 0;
      let before = 0;
      for (const { afterMs, events } of all) {
        now += afterMs;
        pass(afterMs);
        if (take(events) > 0) continue;
        // What goes is within the average, but for the last batch where it is larger than a burst.
        const counted = before + Math.min(events, burstMax);
        assert.ok(counted <= burstMax + now * rate.count / rate.perMs + 1e-9);
        before += events;
      }
    }));
  });

  it("never tells a lone caller to wait longer than needed, nor less", () => {
    const rates = fc.record({ requests: anyRate, events: anyRate });
    fc.assert(fc.property(rates, steps, (rate, all) => {
      const { take, pass } = paced(rate);
      for (const { afterMs, events } of all) {
        pass(afterMs);
        const waitMs = take(events);
        if (waitMs === 0) continue;
        pass(waitMs - 1);
        assert.equal(take(events), 1);
        pass(1);
        assert.equal(take(events), 0);
      }
    }));
  });
});
