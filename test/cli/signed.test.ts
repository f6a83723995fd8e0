import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import { Webhook } from "standardwebhooks";
import { keyProblem, rightSignatures } from "../../src/cli/signed.ts";
import { createSeed, createSigning } from "../../src/signing.ts";

const body = Buffer.from('{"type":"aggregator.batch"}');
const signing = createSigning(createSeed());
const { secret, publicKey } = signing.keysOf("acme");
const keys = { secrets: [secret], publicKeys: [publicKey] };
const rule = { secrets: [], secretVersion: 1 };
const signature = signing.sign("acme", rule, "bat_1", 1_800_000_000, body);
const received = { id: "bat_1", timestamp: "1800000000", signature, body };

describe("rightSignatures()", () => {
  it("finds both of what the daemon signs", () => {
    assert.deepEqual(rightSignatures(received, keys), ["v1", "v1a"]);
    assert.deepEqual(rightSignatures(received, { ...keys, secrets: [] }), ["v1a"]);
    assert.deepEqual(rightSignatures(received, { ...keys, publicKeys: [] }), ["v1"]);
  });

  it("accepts what the library of Standard Webhooks signs", () => {
    const theirs = new Webhook(secret)
      .sign("bat_1", new Date(1_800_000_000_000), body.toString("utf8"));
    assert.deepEqual(rightSignatures({ ...received, signature: theirs }, keys), ["v1"]);
  });

  it("finds none for another id, time, body or tenant", () => {
    const other = signing.keysOf("globex");
    const others = { secrets: [other.secret], publicKeys: [other.publicKey] };
    assert.deepEqual(rightSignatures({ ...received, id: "bat_2" }, keys), []);
    assert.deepEqual(rightSignatures({ ...received, timestamp: "1800000001" }, keys), []);
    assert.deepEqual(rightSignatures({ ...received, body: Buffer.from("{}") }, keys), []);
    assert.deepEqual(rightSignatures(received, others), []);
  });

  it("finds none in nonsense", () => {
    for (const nonsense of ["", "v1", "v1,", "v1a,AAAA", "v2,AAAA", ", , ,", "v1,é v1a,é"]) {
      assert.deepEqual(rightSignatures({ ...received, signature: nonsense }, keys), [], nonsense);
    }
  });
});

describe("keyProblem()", () => {
  it("says what a key must look like", () => {
    assert.equal(keyProblem(secret, "secret"), undefined);
    assert.equal(keyProblem(publicKey, "public key"), undefined);
    assert.match(keyProblem("whsec_", "secret") ?? "", /base64/);
    assert.match(keyProblem("whpk_AAAA", "public key") ?? "", /32 bytes/);
  });
});
