import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Posted, Poster } from "../../src/cli/post.ts";
import { sendAll } from "../../src/cli/sending.ts";
import { createSamples } from "../../src/telnyx/sample.ts";

const samples = createSamples({ numbers: ["+18005550100"] });
const next = () => samples.of("messageIn");
const pace = { count: 40, connections: 4, rate: undefined, duplicates: 0 };

/** Answers without a network, and remembers what it was given. */
function posterThat(answer: (body: Uint8Array, inFlight: number) => Omit<Posted, "tookMs">) {
  const bodies: Uint8Array[] = [];
  let inFlight = 0;
  const poster: Poster = {
    async post(body) {
      bodies.push(body);
      inFlight += 1;
      const answered = answer(body, inFlight);
      await new Promise((resolve) => setTimeout(resolve, 1));
      inFlight -= 1;
      return { ...answered, tookMs: bodies.length };
    },
    [Symbol.dispose]() {},
  };
  return { poster, bodies };
}

describe("sendAll()", () => {
  it("sends as many as asked for, over as many connections as allowed", async () => {
    let highest = 0;
    const { poster, bodies } = posterThat((_, inFlight) => {
      highest = Math.max(highest, inFlight);
      return { status: 200, word: "queued" };
    });
    const sent = await sendAll(poster, next, pace);
    assert.equal(new Set(bodies).size, 40);
    assert.equal(highest, 4);
    assert.deepEqual([...sent.answers], [["200 queued", 40]]);
    assert.ok(sent.ok && sent.p50 <= sent.p99 && sent.p99 === 40);
  });

  it("is not well when one of them was not answered 200", async () => {
    let count = 0;
    const { poster } = posterThat(() =>
      ++count === 3 ? { word: "ECONNRESET" } : { status: 200, word: "queued" }
    );
    const sent = await sendAll(poster, next, pace);
    assert.equal(sent.ok, false);
    assert.deepEqual(Object.fromEntries(sent.answers), { "200 queued": 39, ECONNRESET: 1 });
  });

  it("counts what nobody owns", async () => {
    let count = 0;
    const { poster } = posterThat(() => {
      const tenant = ++count % 4 === 0 ? "unassigned" : "acme";
      return { status: 200, word: "queued", tenant };
    });
    assert.equal((await sendAll(poster, next, pace)).unassigned, 10);
  });

  it("repeats as many as asked for", async () => {
    const { poster, bodies } = posterThat(() => ({ status: 200, word: "queued" }));
    await sendAll(poster, next, { ...pace, duplicates: 100 });
    assert.equal(new Set(bodies).size, 1);
  });

  it("keeps to a rate", async () => {
    const { poster } = posterThat(() => ({ status: 200, word: "queued" }));
    const sent = await sendAll(poster, next, { ...pace, count: 11, rate: 100 });
    assert.ok(sent.perSecond <= 111, String(sent.perSecond));
  });
});
