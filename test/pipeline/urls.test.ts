import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { UrlState } from "../../src/delivery.ts";
import { createCircuit } from "../../src/pipeline/circuit.ts";
import { digestOf, identityOf, recallUrls } from "../../src/pipeline/urls.ts";
import { stopClock } from "../support/clock.ts";
import { destination } from "./shared.ts";

const digest = digestOf(destination.url);
const minute = 60_000;
const day = 24 * 60 * minute;

/** For how long a URL that was written down so is left alone after a start. */
function waitAfterStart(state: Partial<UrlState>, dice = 1): number {
  const known = [{ digest, failures: 0, notBefore: 0, ...state }];
  const circuit = createCircuit({ known, now: () => 5_000, random: () => dice });
  const way = circuit.way(destination, 1);
  return "waitMs" in way ? way.waitMs : 0;
}

describe("recallUrls()", () => {
  it("goes on with the pause that was written down", () => {
    using _ = stopClock();
    const known = [{ digest, failures: 3, notBefore: Date.now() + 90_000 }];
    const urls = recallUrls(known, () => 5_000);
    assert.deepEqual(urls.stateOf(digest), known[0]);
    assert.equal(waitAfterStart({ failures: 3, notBefore: Date.now() + 90_000 }), 90_000);
    assert.equal(waitAfterStart({ notBefore: Date.now() + 700 }), 700, "without any failure");
  });

  it("spreads what failed before over the pause it had, and nothing else", () => {
    using _ = stopClock();
    assert.equal(waitAfterStart({ failures: 3 }), 8_000);
    assert.equal(waitAfterStart({ failures: 3 }, 0.25), 2_000);
    assert.equal(waitAfterStart({ failures: 1_000 }), minute);
    assert.equal(waitAfterStart({ failures: 0 }), 0);
  });

  it("spreads it once", () => {
    using _ = stopClock();
    let mono = 0;
    const known = [{ digest, failures: 9, notBefore: 0 }];
    const circuit = createCircuit({ known, now: () => mono, random: () => 1 });
    assert.deepEqual(circuit.way(destination, 1), { waitMs: minute });
    mono = minute - 1;
    assert.deepEqual(circuit.way(destination, 1), { waitMs: 1 });
    mono = minute;
    assert.ok("url" in circuit.way(destination, 1));
  });

  it("does not spread what an operator is in a hurry for", () => {
    using _ = stopClock();
    const known = [{ digest, failures: 9, notBefore: Date.now() + day }];
    const circuit = createCircuit({ known, now: () => 0, random: () => 1 });
    circuit.hurry();
    assert.ok("url" in circuit.way(destination, 1));
  });

  it("stays with the failover after a start, for five minutes", () => {
    using _ = stopClock();
    let mono = 0;
    const to = { ...destination, failoverUrl: "https://spare.acme.example/" };
    const known = [{ digest, failures: 4, notBefore: 0 }];
    const circuit = createCircuit({ known, now: () => mono, random: () => 1 });
    assert.deepEqual(circuit.way(to, 1), { url: to.failoverUrl, failover: true });
    mono = 5 * minute;
    assert.deepEqual(circuit.way(to, 1), { url: to.url, failover: false });
  });

  it("neither stalls nor floods where the clock was set while nobody looked", () => {
    using _ = stopClock();
    const now = Date.now();
    assert.equal(waitAfterStart({ failures: 3, notBefore: now + 5 * day }), 60 * minute);
    assert.equal(waitAfterStart({ failures: 3, notBefore: now - 5 * day }), 8_000);
    const urls = recallUrls(
      [{ digest, failures: 1, notBefore: now, failingSince: now + day }],
      () => 9,
    );
    assert.equal(urls.stateOf(digest).failingSince, now);
  });

  it("remembers as many URLs as a tenant has had lately, and those under way", () => {
    const urls = recallUrls([], () => 0);
    urls.of("a").underWay = 1;
    for (const name of ["b", "c", "d", "e", "f"]) urls.of(name).failures = 7;
    const known = ["a", "b", "c", "d", "e", "f"].filter((name) => urls.known(name) !== undefined);
    assert.deepEqual(known, ["a", "d", "e", "f"]);
  });

  it("writes down whole numbers of a time that there is", () => {
    using _ = stopClock();
    const times = fc.double({ min: 0, max: 1e9, noNaN: true });
    fc.assert(fc.property(times, times, (mono, notBefore) => {
      const urls = recallUrls([], () => mono);
      Object.assign(urls.of(digest), { failures: 1, notBefore, failingSince: notBefore });
      const state = urls.stateOf(digest);
      for (const at of [state.notBefore, state.failingSince]) assert.ok(Number.isSafeInteger(at));
      assert.ok(state.notBefore >= 0);
    }));
  });
});

describe("identityOf()", () => {
  const identity = identityOf(destination);

  it("tells what changes where batches go, or what is sent along", () => {
    const url = "https://other.acme.example/";
    const others = [
      { url },
      { failoverUrl: url },
      { headers: { a: "b" } },
      { secrets: [new Uint8Array(24)] },
      { secretVersion: 2 },
    ];
    const all = [identity, ...others.map((other) => identityOf({ ...destination, ...other }))];
    assert.equal(new Set(all).size, all.length);
  });

  it("is the same whatever else changes, and tells nothing", () => {
    const same = {
      timeoutMs: 1,
      inFlight: 9,
      gzip: true,
      retry: { ...destination.retry, forMs: 1 },
    };
    assert.equal(identityOf({ ...destination, ...same }), identity);
    assert.match(identity, /^[\w-]{22}$/);
  });
});
