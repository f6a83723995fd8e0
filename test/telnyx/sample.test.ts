import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readEnvelope } from "../../src/telnyx/envelope.ts";
import { sightOf } from "../../src/telnyx/families.ts";
import { createSamples, type Sample, sampleKinds } from "../../src/telnyx/sample.ts";

const numbers = ["+18005550123", "+18005550124", "+12025550100"] as const;
const now = Date.UTC(2026, 10, 20);
const samplesOf = (seed?: string) =>
  createSamples({ numbers, now: () => now, ...(seed !== undefined && { seed }) });
const some = (count: number, seed?: string): readonly Sample[] => {
  const samples = samplesOf(seed);
  return Array.from({ length: count }, () => samples.next());
};

function understood(sample: Sample) {
  const envelope = readEnvelope(sample.body, sample.contentType);
  assert.ok(envelope, "parked");
  return envelope;
}

describe("createSamples()", () => {
  it("makes events that are what they say, now", () => {
    for (const sample of sampleKinds.map(samplesOf("a").of)) {
      const { type, id, occurredAt } = understood(sample);
      assert.deepEqual([type, id, occurredAt], [sample.type, sample.id, now]);
    }
  });

  it("puts the own number where its owner is known", () => {
    for (const sample of [...sampleKinds.map(samplesOf("b").of), ...some(300, "b")]) {
      const { direction, from, to } = sightOf(understood(sample));
      const side = direction && (direction === "inbound" ? to : from);
      assert.ok((side ?? [...from, ...to]).includes(sample.number), sample.type);
      const own = [...from, ...to].filter((number) => number === sample.number);
      assert.equal(own.length, 1, sample.type);
    }
  });

  it("tells the direction on call.initiated only", () => {
    for (const sample of some(200, "c")) {
      if (!sample.type.startsWith("call.")) continue;
      const { direction } = sightOf(understood(sample));
      assert.equal(direction !== undefined, sample.type === "call.initiated");
    }
  });

  it("keeps the events of a call together and in order", () => {
    const calls = new Map<string, string[]>();
    for (const sample of some(400, "d")) {
      const [leg] = sightOf(understood(sample)).legs;
      if (leg === undefined || !sample.type.startsWith("call.")) continue;
      calls.set(leg, [...calls.get(leg) ?? [], sample.type]);
    }
    assert.ok(calls.size > 20);
    for (const types of calls.values()) {
      assert.deepEqual(
        types.slice(0, 2),
        ["call.initiated", "call.answered"].slice(0, types.length),
      );
      assert.ok(!types.slice(0, -1).includes("call.hangup"));
    }
  });

  it("gives every event an id of its own, forms excepted", () => {
    const ids = [...some(500), ...some(500)].flatMap(({ id }) => id ?? []);
    assert.ok(ids.length > 800);
    assert.equal(new Set(ids).size, ids.length);
  });

  it("repeats itself for the same seed", () => {
    assert.deepEqual(some(50, "e"), some(50, "e"));
    assert.notDeepEqual(some(50, "e"), some(50, "f"));
  });

  it("makes call events as large as Telnyx's", () => {
    const sizes = some(1000, "g").filter(({ type }) => type.startsWith("call."))
      .map(({ body }) => body.length);
    const mean = sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
    assert.ok(mean > 1100 && mean < 1300, `${mean} bytes`);
  });

  it("has an opt-out and a form among its kinds", () => {
    const samples = samplesOf("h");
    assert.equal(sightOf(understood(samples.of("optOut"))).optOut, true);
    assert.equal(samples.of("texmlInitiated").contentType, "application/x-www-form-urlencoded");
  });
});
