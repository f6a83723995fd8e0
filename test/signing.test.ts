import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { rightSignatures } from "../src/cli/signed.ts";
import { createSeed, createSigning, keyBytes, seedFingerprintOf } from "../src/signing.ts";
import type { Signing, VerifyingKeys } from "../src/signing.ts";

const seed = new Uint8Array(32).fill(7);
const body = new TextEncoder().encode('{"a":"é"}');
const derived = { secrets: [], secretVersion: 1 };

const kindsOf = (header: string) => header.split(" ").map((part) => part.split(",", 1)[0]);

/** Which signatures of a header are right for these keys alone. */
function rightFor({ secret, publicKey }: VerifyingKeys, signature: string, timestamp = "1") {
  const received = { id: "bat_1", timestamp, signature, body };
  return rightSignatures(received, { secrets: [secret], publicKeys: [publicKey] });
}

const signed = (signing: Signing, tenant: string, secretVersion: number) =>
  signing.sign(tenant, { secrets: [], secretVersion }, "bat_1", 1, body);

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
    assert.deepEqual(createSigning(seed).keysOf("acme", 2), {
      secret: "whsec_mk1vi0lWazWGAMSWLIEznNtTUu/UoKpHurMQhCN2utU=",
      publicKey: "whpk_IACE2lkgfUjjxY6YYyY7hOSONCESEd1In/KYCjZn+Hg=",
    });
  });

  it("derives others for another tenant, version or seed", () => {
    const signing = createSigning(seed);
    const all = [signing.keysOf("acme"), signing.keysOf("Acme"), signing.keysOf("acme.")];
    all.push(createSigning(createSeed()).keysOf("acme"), signing.keysOf("acme", 2));
    assert.equal(new Set(all.map(({ secret }) => secret)).size, 5);
    assert.equal(new Set(all.map(({ publicKey }) => publicKey)).size, 5);
  });

  it("signs as Standard Webhooks says", () => {
    const signing = createSigning(seed);
    const seconds = Math.floor(Date.now() / 1_000);
    const header = signing.sign("acme", derived, "bat_1", seconds, body);
    const keys = signing.keysOf("acme");
    new Webhook(keys.secret).verify(new TextDecoder().decode(body), {
      "webhook-id": "bat_1",
      "webhook-timestamp": String(seconds),
      "webhook-signature": header,
    });
    assert.deepEqual(rightFor(keys, header, String(seconds)), ["v1", "v1a"]);
  });

  it("gives one signature per secret, the newest first, and one of the key", () => {
    const signing = createSigning(seed);
    const secrets = [new Uint8Array(24).fill(1), new Uint8Array(24).fill(2)];
    const sign = (some: readonly Uint8Array[]) =>
      signing.sign("acme", { secrets: some, secretVersion: 1 }, "bat_1", 1, body);
    assert.deepEqual(kindsOf(sign(secrets)), ["v1", "v1", "v1a"]);
    const [first, second] = sign(secrets).split(" ");
    assert.equal(first, sign(secrets.slice(0, 1)).split(" ")[0]);
    assert.equal(second, sign(secrets.slice(1)).split(" ")[0]);
  });

  it("signs for one tenant and version what verifies for no other", () => {
    const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,12}$/);
    const holder = fc.tuple(fc.oneof(name, fc.constant("acme")), fc.integer({ min: 1, max: 12 }));
    const signing = createSigning(seed);
    fc.assert(
      fc.property(holder, holder, ([tenant, version], [other, otherVersion]) => {
        const header = signed(signing, tenant, version);
        const isSame = tenant === other && version === otherVersion;
        const right = rightFor(signing.keysOf(other, otherVersion), header);
        assert.deepEqual(right, isSame ? ["v1", "v1a"] : []);
      }),
      { numRuns: 200 },
    );
  });
});

const hourMs = 3_600_000;

/** Signing on a clock that only the test moves. */
function rotating() {
  let now = 5_000;
  const signing = createSigning(seed, () => now);
  const keys = [1, 2, 3].map((version) => createSigning(seed).keysOf("acme", version));
  const versions = (version: number) =>
    keys.flatMap((one, at) =>
      rightFor(one, signed(signing, "acme", version)).length > 0 ? [at + 1] : []
    );
  return { signing, keys, versions, pass: (ms: number) => void (now += ms) };
}

const change = (since: number) => [{ tenant: "acme", version: 2, previous: 1, since }];

describe("createSigning().rotated()", () => {
  it("lets the old keys sign too, for a day", () => {
    const { signing, keys, versions, pass } = rotating();
    signing.rotated(change(Date.now() - hourMs));
    assert.deepEqual(kindsOf(signed(signing, "acme", 2)), ["v1", "v1", "v1a", "v1a"]);
    assert.deepEqual(versions(2), [1, 2]);
    const { previous, ...current } = signing.keysOf("acme");
    assert.deepEqual(current, keys[1]);
    assert.deepEqual({ ...previous, until: 0 }, { ...keys[0], until: 0 });
    assert.ok(Math.abs((previous?.until ?? 0) - Date.now() - 23 * hourMs) < 60_000);
    pass(23 * hourMs - 60_000);
    assert.deepEqual(versions(2), [1, 2]);
    pass(2 * 60_000);
    assert.deepEqual(versions(2), [2]);
    assert.equal(signing.keysOf("acme").previous, undefined);
  });

  it("puts the newest first", () => {
    const { signing, keys } = rotating();
    signing.rotated(change(Date.now()));
    const [first = "", , third = ""] = signed(signing, "acme", 2).split(" ");
    const [, newest] = keys;
    assert.ok(newest);
    assert.deepEqual([rightFor(newest, first), rightFor(newest, third)], [["v1"], ["v1a"]]);
  });

  it("does not begin anew when it is told again", () => {
    const { signing, versions, pass } = rotating();
    // Written down by a clock that was a year ahead: a day from when it was heard of, no more.
    const told = change(Date.now() + 365 * 24 * hourMs);
    signing.rotated(told);
    pass(13 * hourMs);
    signing.rotated(told);
    assert.deepEqual(versions(2), [1, 2]);
    pass(12 * hourMs);
    signing.rotated(told);
    assert.deepEqual(versions(2), [2]);
  });

  it("lets both sign while a config is in force whose change is not told yet", () => {
    const { signing, versions } = rotating();
    signing.rotated([{ tenant: "acme", version: 2, since: 0 }]);
    assert.deepEqual(versions(3), [2, 3]);
    signing.rotated([{ tenant: "acme", version: 3, previous: 2, since: Date.now() }]);
    assert.deepEqual(versions(3), [2, 3]);
  });

  it("ends at once where it was long ago, and never was for a first version", () => {
    const { signing, versions } = rotating();
    signing.rotated(change(Date.now() - 25 * hourMs));
    assert.deepEqual(versions(2), [2]);
    signing.rotated([{ tenant: "acme", version: 1, since: Date.now() }]);
    assert.deepEqual(versions(1), [1]);
    assert.equal(signing.keysOf("globex").previous, undefined);
  });

  it("lets both keys sign beside the tenant's own secrets, and not the derived ones", () => {
    const { signing, keys } = rotating();
    signing.rotated(change(Date.now()));
    const rule = { secrets: [new Uint8Array(24)], secretVersion: 2 };
    const header = signing.sign("acme", rule, "bat_1", 1, body);
    assert.deepEqual(kindsOf(header), ["v1", "v1a", "v1a"]);
    for (const one of keys.slice(0, 2)) assert.deepEqual(rightFor(one, header), ["v1a"]);
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
