/** A lane's own limit: how it is learned, and how it is forgotten. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { grown, halved, type LaneCut, limited } from "../../src/engine/cutting.ts";
import { cut } from "./shared.ts";

/** A limit under which nothing was tried yet. */
function limit(eventsMax: number, more: Partial<LaneCut> = {}): LaneCut {
  return { eventsMax, patience: 1, accepted: 0, isTried: false, ...more };
}

/** Sends full batches of at most `window` to whoever takes `takes` events; the sizes refused. */
function refusedBy(takes: number, window: number, batches: number): number[] {
  let lane: LaneCut | undefined;
  const refused: number[] = [];
  for (let sent = 0; sent < batches; sent++) {
    const count = Math.min(window, lane?.eventsMax ?? window);
    if (count > takes) {
      refused.push(count);
      lane = halved(lane, count);
    } else lane &&= grown(lane, count);
  }
  return refused;
}

describe("halved()", () => {
  it("takes half of the batch, down to one event", () => {
    const sizes = [100, 7, 2, 1].map((count) => halved(undefined, count).eventsMax);
    assert.deepEqual(sizes, [50, 3, 1, 1]);
  });

  it("raises no limit, however large a batch was that was sealed before", () => {
    assert.equal(halved(limit(6), 48).eventsMax, 6);
  });

  it("doubles the patience where a growth was refused at once, up to a bound", () => {
    const tried = limit(24, { patience: 2, isTried: true });
    assert.deepEqual(halved(tried, 24), limit(12, { patience: 4 }));
    assert.equal(halved({ ...tried, patience: 64 }, 24).patience, 64);
    assert.equal(halved({ ...tried, isTried: false }, 24).patience, 2);
    assert.equal(halved(tried, 12).patience, 2);
  });
});

describe("grown()", () => {
  it("doubles with an accepted batch", () => {
    assert.deepEqual(grown(limit(12), 12), limit(24, { isTried: true }));
    assert.deepEqual(grown(limit(12), 1), limit(24, { isTried: true }));
  });

  it("waits as many batches as it is patient, and no longer once it was right", () => {
    const patient = limit(12, { patience: 2 });
    const once = grown(patient, 12);
    assert.deepEqual(once, { ...patient, accepted: 1 });
    const tried = limit(24, { patience: 2, isTried: true });
    assert.deepEqual(grown({ ...patient, accepted: 1 }, 12), tried);
    assert.deepEqual(grown(tried, 13), limit(48, { isTried: true }));
    assert.deepEqual(grown(tried, 12), { ...tried, accepted: 1 });
  });

  it("ends where nothing is limited any more", () => {
    assert.equal(grown(limit(4_999), 4_999)?.eventsMax, 9_998);
    assert.equal(grown(limit(5_000), 5_000), undefined);
  });
});

describe("limited()", () => {
  it("keeps to the smaller of both", () => {
    const sizes = [undefined, limit(3), limit(30)].map((by) =>
      limited(cut({ eventsMax: 10 }), by).eventsMax
    );
    assert.deepEqual(sizes, [10, 3, 10]);
  });
});

describe("a destination that takes only so much", () => {
  it("is asked for more ever less often", () => {
    const refused = refusedBy(13, 100, 1_000);
    assert.deepEqual(refused.slice(0, 3), [100, 50, 25]);
    assert.ok(refused.length < 25, `${refused.length} of 1,000 were refused`);
  });

  it("is soon sent whole windows again once it takes them", () => {
    fc.assert(fc.property(
      fc.integer({ min: 1, max: 500 }),
      fc.integer({ min: 1, max: 64 }),
      fc.integer({ min: 1, max: 1_000 }),
      (eventsMax, patience, window) => {
        let lane: LaneCut | undefined = limit(eventsMax, { patience });
        let batches = 0;
        for (; (lane?.eventsMax ?? window) < window; batches++) {
          lane &&= grown(lane, Math.min(window, lane.eventsMax));
        }
        assert.ok(batches <= patience + 10, `${batches} batches`);
      },
    ));
  });
});
