import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import fc from "fast-check";
import Telnyx from "telnyx";
import {
  createVerifier,
  hasNativeEd25519,
  parsePublicKey,
  type Proof,
  publicKeyOf,
  readProof,
  signatureHeader,
  signWebhook,
  timestampHeader,
} from "../../src/telnyx/signature.ts";
import { createSigner, signedHeaders } from "../../src/telnyx/signer.ts";
import { fixtureText, skip } from "./shared.ts";

const seedOf = (byte: number) => new Uint8Array(32).fill(byte);
const bytes = (text: string) => new TextEncoder().encode(text);
const base64 = (data: Uint8Array) => Buffer.from(data).toString("base64");
const now = "1753722025";

function proofOf(signature: string, timestamp = now): Proof {
  const proof = readProof(signature, timestamp);
  assert.ok(typeof proof === "object");
  return proof;
}

function problemOf(text: string): string {
  const parsed = parsePublicKey(text);
  assert.ok("problem" in parsed, "accepted");
  return parsed.problem;
}

describe("parsePublicKey()", () => {
  const key = publicKeyOf(seedOf(1));

  it("reads a key", () => {
    assert.deepEqual(parsePublicKey(base64(key)), { key });
  });

  it("names what was pasted instead", () => {
    const hex = Buffer.from(key).toString("hex");
    const der = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), key]);
    assert.match(problemOf(hex), /received 64 hexadecimal digits$/);
    assert.match(problemOf(`0x${hex}`), /hexadecimal/);
    assert.match(problemOf("-----BEGIN PUBLIC KEY-----\nMCow\n-----END"), /received PEM$/);
    assert.match(problemOf(base64(der)), /DER/);
    assert.match(problemOf(`${"_".repeat(42)}8=`), /URL-safe base64/);
    assert.match(problemOf("-".repeat(42) + "8"), /URL-safe base64/);
    assert.match(problemOf(`KEY${"0".repeat(40)}`), /API key/);
    assert.match(problemOf(base64(key).slice(0, -1)), /without its last character =/);
    assert.match(problemOf(` ${base64(key)}`), /white space/);
    assert.match(problemOf(""), /received nothing$/);
    assert.match(problemOf("secret"), /received 6 characters of something else$/);
    assert.match(problemOf(`${"A".repeat(42)}B=`), /unused bits/);
  });

  it("repeats nothing of what it refuses", () => {
    assert.doesNotMatch(problemOf("hunter2hunter2"), /hunter2/);
  });

  it("refuses points that are nobody's key", () => {
    const identity = new Uint8Array(32);
    identity[0] = 1;
    assert.match(problemOf(base64(identity)), /small order/);
    assert.match(problemOf(base64(new Uint8Array(32))), /small order/);
    assert.match(problemOf(base64(new Uint8Array(32).fill(2))), /not on the curve/);
    assert.match(problemOf(base64(new Uint8Array(32).fill(255))), /not on the curve/);
  });
});

describe("readProof()", () => {
  const signature = signWebhook(seedOf(1), now, bytes("{}"));

  it("reads both headers", () => {
    const { timestamp, seconds, signature: read } = proofOf(signature);
    assert.deepEqual([timestamp, seconds, read.length], [now, 1753722025, 64]);
  });

  it("says what is missing", () => {
    assert.equal(readProof(undefined, now), "missing");
    assert.equal(readProof(signature, undefined), "missing");
    assert.equal(readProof("", ""), "missing");
  });

  it("refuses every other way to write them", () => {
    for (
      const wrong of [
        signature.slice(0, -1),
        `${signature} `,
        `${signature}, ${signature}`,
        signature.replace(/..==$/, "AB=="),
        `${"-".repeat(86)}==`,
        "00".repeat(64),
      ]
    ) {
      assert.equal(readProof(wrong, now), "malformed", wrong);
    }
    for (const wrong of ["-1", "1e9", "1753722025.0", "1753722025000", "0x1", "١٢", `${now}\n`]) {
      assert.equal(readProof(signature, wrong), "malformed", wrong);
    }
  });
});

for (const native of [true, false]) {
  describe(`createVerifier() ${native ? "native" : "noble"}`, () => {
    const verifier = createVerifier([publicKeyOf(seedOf(1)), publicKeyOf(seedOf(2))], native);
    const body = bytes('{"data":{"text":"café 😀"}}');

    it("tells which key signed it", async () => {
      assert.equal(await verifier(proofOf(signWebhook(seedOf(1), now, body)), body), 0);
      assert.equal(await verifier(proofOf(signWebhook(seedOf(2), now, body)), body), 1);
      assert.equal(await verifier(proofOf(signWebhook(seedOf(3), now, body)), body), undefined);
    });

    it("tries those first that it is told to", async () => {
      const twice = createVerifier([seedOf(1), seedOf(2), seedOf(1)].map(publicKeyOf), native);
      const proof = proofOf(signWebhook(seedOf(1), now, body));
      assert.equal(await twice(proof, body), 0);
      assert.equal(await twice(proof, body, [2]), 2);
      assert.equal(await twice(proof, body, [1, 2]), 2);
      assert.equal(await twice(proofOf(signWebhook(seedOf(2), now, body)), body, [2, 9]), 1);
    });

    it("takes the timestamp's text as it came", async () => {
      const proof = proofOf(signWebhook(seedOf(1), `0${now}`, body), `0${now}`);
      assert.equal(await verifier(proof, body), 0);
      assert.equal(await verifier({ ...proof, timestamp: now }, body), undefined);
    });

    it("never rejects", async () => {
      const proof = proofOf(signWebhook(seedOf(1), now, body));
      for (const length of [0, 1, 63, 65]) {
        const wrong = { ...proof, signature: new Uint8Array(length) };
        assert.equal(await verifier(wrong, body), undefined);
      }
      const high = { ...proof, signature: new Uint8Array(64).fill(255) };
      assert.equal(await verifier(high, body), undefined);
    });

    it("knows no signature without a key", async () => {
      const proof = proofOf(signWebhook(seedOf(1), now, body));
      assert.equal(await createVerifier([], native)(proof, body), undefined);
    });
  });
}

describe("hasNativeEd25519()", () => {
  it("is true of every runtime we support", () => assert.equal(hasNativeEd25519(), true));
});

describe("noble and native", () => {
  const byteArray = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

  it("sign alike, and accept and refuse alike", async () => {
    await fc.assert(
      fc.asyncProperty(byteArray(32), fc.uint8Array(), fc.nat(511), async (seed, body, bit) => {
        const signature = signWebhook(seed, now, body);
        assert.equal(createSigner(seed)(now, body), signature);
        assert.equal(createSigner(seed, false)(now, body), signature);
        const proof = proofOf(signature);
        const flipped = Uint8Array.from(proof.signature);
        flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        for (const native of [true, false]) {
          const verify = createVerifier([publicKeyOf(seed)], native);
          assert.equal(await verify(proof, body), 0);
          assert.equal(await verify({ ...proof, signature: flipped }, body), undefined);
        }
      }),
      { numRuns: 20 },
    );
  });
});

describe("Telnyx's own verification", () => {
  it("accepts what we sign", async () => {
    const body = '{"data":{"event_type":"call.initiated","id":"1","payload":{}}}';
    const signer = createSigner(seedOf(4));
    const headers = { ...signedHeaders(signer, bytes(body), Date.now() / 1000) };
    const client = new Telnyx({ apiKey: "KEY", publicKey: base64(publicKeyOf(seedOf(4))) });
    await client.webhooks.unwrap(body, { headers });
    await assert.rejects(client.webhooks.unwrap(`${body} `, { headers }));
  });
});

interface Vector {
  readonly name: string;
  readonly timestamp: string | null;
  readonly body: string;
  readonly signature: string | null;
  readonly valid: boolean;
}

describe("published vectors", { skip }, () => {
  const file = skip ? undefined : JSON.parse(fixtureText("signature/v2-ed25519-vectors.json"));
  const vectors: readonly Vector[] = file ? [...file.vectors, ...file.negative] : [];

  for (const { name, timestamp, body, signature, valid } of vectors) {
    it(`${valid ? "accepts" : "refuses"} ${name}`, async () => {
      const parsed = parsePublicKey(file.public_key_b64);
      assert.ok("key" in parsed);
      const proof = readProof(signature ?? undefined, timestamp ?? undefined);
      for (const native of [true, false]) {
        const verify = createVerifier([parsed.key], native);
        const accepted = typeof proof === "object" && await verify(proof, bytes(body)) === 0;
        assert.equal(accepted, valid);
      }
    });
  }

  it("come out of our own signer", () => {
    const seed = Buffer.from(file.private_seed_b64, "base64");
    assert.equal(base64(publicKeyOf(seed)), file.public_key_b64);
    for (const { timestamp, body, signature, valid } of vectors) {
      if (valid) assert.equal(signWebhook(seed, timestamp ?? "", bytes(body)), signature);
    }
  });
});

describe("signedHeaders()", () => {
  it("names both headers", () => {
    const headers = signedHeaders(createSigner(seedOf(1)), bytes("{}"), 1753722025.9);
    assert.deepEqual(Object.keys(headers), [signatureHeader, timestampHeader]);
    assert.equal(headers[timestampHeader], now);
  });
});
