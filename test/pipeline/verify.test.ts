import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import { createSkewWatch } from "../../src/pipeline/skew.ts";
import { verify } from "../../src/pipeline/verify.ts";
import { createVerifier, publicKeyOf } from "../../src/telnyx/signature.ts";
import { createSigner } from "../../src/telnyx/signer.ts";
import { all, ask, collectFacts, from } from "./shared.ts";

const seed = randomBytes(32);
const signer = createSigner(seed);
const keys = [publicKeyOf(randomBytes(32)), publicKeyOf(seed)];

/** A webhook that Telnyx, or somebody else, signed. */
function signed(skewSeconds: number, by = signer, text = "{}") {
  const timestamp = "1700000000";
  const body = new TextEncoder().encode(text);
  const signature = Buffer.from(by(timestamp, body), "base64");
  const proof = { timestamp, seconds: 1_700_000_000, signature };
  return ask(text, { proof, skewSeconds });
}

function stage(asked: readonly ReturnType<typeof ask>[], now = () => 0) {
  const { facts, state } = collectFacts();
  const skew = createSkewWatch(state, now);
  const verifier = createVerifier(keys);
  const passed = all(verify(from(...asked.map(({ inbound }) => inbound)), {
    verifier: () => verifier,
    maxSkewSeconds: () => 300,
    skew,
    state,
  }));
  return { facts, passed };
}

describe("verify()", () => {
  it("lets through what any of the keys signed, and answers nothing", async () => {
    const asked = [signed(0), signed(300), signed(-300)];
    const { passed, facts } = stage(asked);
    assert.deepEqual(new Set(await passed), new Set(asked.map(({ inbound }) => inbound)));
    assert.deepEqual(asked.flatMap(({ answers }) => answers), []);
    assert.deepEqual(facts, []);
  });

  it("answers 401 to what nobody we know signed", async () => {
    const forged = signed(0, createSigner(randomBytes(32)));
    const changed = { ...signed(0), ...ask("{ }", { proof: signed(0).inbound.proof }) };
    const { passed, facts } = stage([forged, changed]);
    assert.deepEqual(await passed, []);
    for (const { answers } of [forged, changed]) {
      assert.deepEqual(answers, [{ status: 401, body: { error: "invalid signature" } }]);
    }
    assert.deepEqual(facts[0], { is: "webhook.refused", why: "signature_wrong" });
  });

  it("answers 401 to what is too old or too new", async () => {
    const asked = [signed(301), signed(-301)];
    const { passed, facts } = stage(asked);
    assert.deepEqual(await passed, []);
    assert.deepEqual(asked.map(({ answers }) => answers.map(({ status }) => status)), [[401], [
      401,
    ]]);
    assert.equal(facts.length, 2);
  });

  it("answers 503 to those when it is our clock that is wrong", async () => {
    const asked = [1, 2, 3, 4, 5, 6].map((n) => signed(1_000, signer, `{"n":${n}}`));
    // A minute after the start, and no time passes while they come.
    let asks = 0;
    const { passed } = stage(asked, () => asks++ === 0 ? 0 : 60_000);
    assert.deepEqual(await passed, []);
    const statuses = asked.flatMap(({ answers }) => answers.map(({ status }) => status));
    assert.equal(statuses.filter((status) => status === 503).length, 2);
    assert.equal(statuses.filter((status) => status === 401).length, 4);
  });
});
