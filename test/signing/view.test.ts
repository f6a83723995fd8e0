import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSigning } from "../../src/signing.ts";
import { keysView } from "../../src/signing/view.ts";
import { destination, tenantOf } from "../pipeline/shared.ts";

const signing = createSigning(new Uint8Array(32).fill(7));
const one = signing.keysOf("acme", 1);
const two = signing.keysOf("acme", 2);
const acme = (own: Partial<typeof destination> = {}) =>
  tenantOf("acme", { destination: { ...destination, secretVersion: 2, ...own } });

describe("keysView()", () => {
  it("shows the keys of the version that the config names", () => {
    const { secret, publicKey: public_key } = two;
    const shown = { tenant: "acme", secret, public_key, replaced: false };
    assert.deepEqual(keysView(acme(), signing), shown);
  });

  it("shows those of before while they sign, and until when; no secret that is replaced", () => {
    const rotating = createSigning(new Uint8Array(32).fill(7));
    rotating.rotated([{ tenant: "acme", version: 2, previous: 1, since: Date.now() }]);
    const view = keysView(acme(), rotating);
    assert.equal(view.secret, two.secret);
    assert.deepEqual(
      [view.previous_secret, view.previous_public_key],
      [one.secret, one.publicKey],
    );
    const leftMs = Date.parse(view.previous_until ?? "") - Date.now();
    assert.ok(leftMs > 23 * 3_600_000 && leftMs <= 24 * 3_600_000);
    const replaced = keysView(acme({ secrets: [new Uint8Array(24)] }), rotating);
    assert.deepEqual([replaced.secret, replaced.previous_secret], [null, null]);
    assert.equal(replaced.previous_public_key, one.publicKey);
  });
});
