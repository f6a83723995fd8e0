import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { publicKeyOf } from "../../src/telnyx/signature.ts";
import { good, load, publicKey, tenantKey, tenantWith } from "./fixture.ts";

/** Tenants with these keys. */
const tenants = (...keys: readonly string[]) =>
  "tenants:\n" +
  keys.map((key, index) =>
    `  t${index}: { callback_url: https://x.example, public_keys: [${key}] }\n`
  ).join("");

const top = `telnyx: { public_keys: [${publicKey}] }\n`;
const base64 = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString("base64");

describe("public_keys of a tenant", () => {
  it("are its own", async () => {
    const config = await good(tenantWith(`public_keys: [${tenantKey}]`));
    assert.equal(base64(config.tenants.get("acme")?.publicKeys[0]), tenantKey);
    assert.deepEqual(config.telnyx.publicKeys.map(base64), [publicKey]);
  });

  it("are enough where the operator has no account", async () => {
    const config = await good(tenants(tenantKey));
    assert.deepEqual(config.telnyx.publicKeys, []);
    assert.match(
      (await load(tenants(""))).problems.join(),
      /telnyx.public_keys: has no public key/,
    );
  });

  it("must not be another account's: both places are told, and not the key", async () => {
    const { problems } = await load(top + tenants(publicKey, tenantKey, tenantKey));
    assert.deepEqual(problems, [
      "aggregator.yaml:3:56 tenants.t0.public_keys: belongs to telnyx.public_keys " +
      "(aggregator.yaml:1:25) as well: leave it to one",
      'aggregator.yaml:5:56 tenants.t2.public_keys: belongs to tenant "t1" ' +
      "(aggregator.yaml:4:56) as well: leave it to one",
    ]);
    const env = { TELNYX_PUBLIC_KEY: publicKey };
    const [problem = ""] = (await load(tenants(publicKey), { env })).problems;
    assert.match(problem, /belongs to telnyx.public_keys \(environment \(TELNYX_PUBLIC_KEY\)\)/);
  });

  it("may stand twice in one list", async () => {
    const text = `telnyx: { public_keys: [${publicKey}, ${publicKey}] }\n`;
    assert.deepEqual((await load(text + tenants(`${tenantKey}, ${tenantKey}`))).problems, []);
  });

  it("are at most a hundred in all", async () => {
    const keys = Array.from(
      { length: 101 },
      (_, index) => base64(publicKeyOf(createHash("sha256").update(String(index)).digest())),
    );
    assert.deepEqual((await load(top + tenants(...keys.slice(1)))).problems, []);
    const { problems } = await load(top + tenants(...keys));
    assert.deepEqual(problems, [
      "aggregator.yaml:103:58 tenants.t100.public_keys: is one too many: tenants may have 100 " +
      "keys of their own in all",
    ]);
  });
});
