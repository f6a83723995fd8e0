import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import { createSkewWatch } from "../../src/pipeline/skew.ts";
import { createKeyRing, type KeyRing, verify } from "../../src/pipeline/verify.ts";
import { publicKeyOf } from "../../src/telnyx/signature.ts";
import { createSigner } from "../../src/telnyx/signer.ts";
import { all, ask, collectFacts, from, tenantOf } from "./shared.ts";

const seed = randomBytes(32);
const signer = createSigner(seed);
const keys = [publicKeyOf(randomBytes(32)), publicKeyOf(seed)];

/** A webhook that Telnyx, or somebody else, signed. */
function signed(skewSeconds: number, by = signer, text = "{}", path = "/webhooks/ingest") {
  const timestamp = "1700000000";
  const body = new TextEncoder().encode(text);
  const signature = Buffer.from(by(timestamp, body), "base64");
  const proof = { timestamp, seconds: 1_700_000_000, signature };
  return ask(text, { proof, skewSeconds, path });
}

const operators = createKeyRing(keys, []);

function stage(
  asked: readonly ReturnType<typeof ask>[],
  now = () => 0,
  keyRing: () => KeyRing = () => operators,
) {
  const { facts, state } = collectFacts();
  const skew = createSkewWatch(state, now);
  const passed = all(verify(from(...asked.map(({ inbound }) => inbound)), {
    keyRing,
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

describe("verify() with tenants' own keys", () => {
  const [acme, other] = [randomBytes(32), randomBytes(32)];
  const owning = (id: string, ...seeds: readonly Uint8Array[]) =>
    tenantOf(id, { publicKeys: seeds.map(publicKeyOf) });
  const ring = createKeyRing(keys, [owning("none"), owning("acme", seed, acme)]);

  it("tells whose account signed it", async () => {
    const own = signed(0, createSigner(acme));
    const { passed } = stage([own], undefined, () => ring);
    const [first] = await passed;
    assert.equal(first?.signer, "acme");
    const { inbound: { answer, ...rest } } = own;
    assert.deepEqual({ ...first }, { ...rest, answer, signer: "acme" });
    const forged = stage([signed(0, createSigner(other))], undefined, () => ring);
    assert.deepEqual(await forged.passed, []);
  });

  it("names nobody where the operator's account signed it", async () => {
    const { passed } = stage([signed(0)], undefined, () => ring);
    assert.equal("signer" in ((await passed)[0] ?? {}), false);
  });

  it("tries first the keys of the tenant that the path names", async () => {
    // One key in two places tells the order; no config has that.
    const at = async (path: string) =>
      (await stage([signed(0, signer, "{}", path)], undefined, () => ring).passed)[0]?.signer;
    assert.equal(await at("/webhooks/@acme"), "acme");
    for (const path of ["/webhooks/acme", "/webhooks/@none", "/webhooks/@", "/webhooks/@acme/x"]) {
      assert.equal(await at(path), undefined, path);
    }
  });

  it("takes another tenant's keys on any path, for that tenant", async () => {
    const { passed } = stage(
      [signed(0, createSigner(acme), "{}", "/webhooks/@none")],
      undefined,
      () => ring,
    );
    assert.equal((await passed)[0]?.signer, "acme");
  });

  it("follows a key that moves to another tenant", async () => {
    let current = createKeyRing([], [owning("acme", acme), owning("beta", other)]);
    const signerOf = async (by: Uint8Array) =>
      (await stage([signed(0, createSigner(by))], undefined, () => current).passed)[0]?.signer;
    assert.deepEqual([await signerOf(acme), await signerOf(other)], ["acme", "beta"]);
    current = createKeyRing([], [owning("beta", acme), owning("acme")]);
    assert.deepEqual([await signerOf(acme), await signerOf(other)], ["beta", undefined]);
  });
});
