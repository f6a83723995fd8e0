import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createPublicKey, verify } from "node:crypto";
import { describe, it } from "node:test";
import { Webhook } from "standardwebhooks";
import { createSeed, createSigning, keyBytes, seedFingerprintOf } from "../src/signing.ts";

const seed = new Uint8Array(32).fill(7);
const body = new TextEncoder().encode('{"a":"é"}');

function parts(header: string) {
  return header.split(" ").map((part) => part.split(",", 2));
}

describe("createSigning()", () => {
  it("derives the same keys from the same seed, for ever", () => {
    const { secret, publicKey } = createSigning(seed).keysOf("acme");
    assert.equal(secret, createSigning(Uint8Array.from(seed)).keysOf("acme").secret);
    assert.match(secret, /^whsec_[A-Za-z0-9+/]{43}=$/);
    assert.match(publicKey, /^whpk_[A-Za-z0-9+/]{43}=$/);
    assert.deepEqual({ secret, publicKey }, {
      secret: "whsec_cxt64GfzQe3a9+zIUgK4T5dgK/e8IS5B0g5y0Dk6TCE=",
      publicKey: "whpk_MiLCAxZO2YQH/CAR9w4z2bvA19EYn/RBmtgTH4o0IJ0=",
    });
  });

  it("derives others for another tenant or seed", () => {
    const signing = createSigning(seed);
    const all = [signing.keysOf("acme"), signing.keysOf("Acme"), signing.keysOf("acme.")];
    all.push(createSigning(createSeed()).keysOf("acme"));
    assert.equal(new Set(all.map(({ secret }) => secret)).size, 4);
    assert.equal(new Set(all.map(({ publicKey }) => publicKey)).size, 4);
  });

  it("signs as Standard Webhooks says", () => {
    const signing = createSigning(seed);
    const seconds = Math.floor(Date.now() / 1_000);
    const header = signing.sign("acme", [], "bat_1", seconds, body);
    const { secret, publicKey } = signing.keysOf("acme");
    new Webhook(secret).verify(new TextDecoder().decode(body), {
      "webhook-id": "bat_1",
      "webhook-timestamp": String(seconds),
      "webhook-signature": header,
    });
    const [, [kind, signature = ""] = []] = parts(header);
    assert.equal(kind, "v1a");
    const x = Buffer.from(publicKey.slice(5), "base64").toString("base64url");
    const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
    const signed = Buffer.concat([Buffer.from(`bat_1.${seconds}.`), body]);
    assert.ok(verify(null, signed, key, Buffer.from(signature, "base64")));
  });

  it("gives one signature per secret, the newest first, and one of the key", () => {
    const signing = createSigning(seed);
    const secrets = [new Uint8Array(24).fill(1), new Uint8Array(24).fill(2)];
    const header = signing.sign("acme", secrets, "bat_1", 1, body);
    assert.deepEqual(parts(header).map(([kind]) => kind), ["v1", "v1", "v1a"]);
    const [first] = parts(signing.sign("acme", secrets.slice(0, 1), "bat_1", 1, body));
    assert.deepEqual(parts(header)[0], first);
  });
});

describe("seeds", () => {
  it("are told apart without being told", () => {
    assert.equal(createSeed().byteLength, keyBytes);
    assert.notDeepEqual(createSeed(), createSeed());
    const fingerprint = seedFingerprintOf(seed);
    assert.match(fingerprint, /^[0-9a-f]{64}$/);
    assert.equal(fingerprint, seedFingerprintOf(Uint8Array.from(seed)));
    assert.notEqual(fingerprint, seedFingerprintOf(createSeed()));
    assert.ok(!fingerprint.includes(Buffer.from(seed).toString("hex")));
  });
});
