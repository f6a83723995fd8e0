import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSigning } from "../../src/signing.ts";
import { keysView } from "../../src/signing/view.ts";
import { good, tenantWith } from "../config/fixture.ts";

const signing = createSigning(new Uint8Array(32).fill(7));
const one = signing.keysOf("acme", 1);
const two = signing.keysOf("acme", 2);
const configWith = (more = "", top = "") => good(tenantWith(`secret_version: 2${more}`, top));

describe("keysView()", () => {
  it("shows the keys of the version that the config names", async () => {
    const { secret, publicKey: public_key } = two;
    const shown = { tenant: "acme", secret, public_key, replaced: false };
    assert.deepEqual(keysView(await configWith(), "acme", signing), shown);
  });

  it("shows those of before while they sign, until when; no secret that is replaced", async () => {
    const rotating = createSigning(new Uint8Array(32).fill(7));
    rotating.rotated([{ tenant: "acme", version: 2, previous: 1, since: Date.now() }]);
    const view = keysView(await configWith(), "acme", rotating);
    assert.ok(view);
    assert.equal(view.secret, two.secret);
    assert.deepEqual(
      [view.previous_secret, view.previous_public_key],
      [one.secret, one.publicKey],
    );
    const leftMs = Date.parse(view.previous_until ?? "") - Date.now();
    assert.ok(leftMs > 23 * 3_600_000 && leftMs <= 24 * 3_600_000);
    const own = await configWith(`\nsecrets: [whsec_${"A".repeat(32)}]`);
    const replaced = keysView(own, "acme", rotating);
    assert.ok(replaced);
    assert.deepEqual([replaced.secret, replaced.previous_secret], [null, null]);
    assert.equal(replaced.previous_public_key, one.publicKey);
  });

  it("shows those of alarms, and of copies where there are any; nobody else's", async () => {
    const copies = "unassigned: { callback_url: https://ops.example/ }\n";
    const config = await configWith("", copies);
    for (const id of ["aggregator", "unassigned"]) {
      const { secret, publicKey: public_key } = signing.keysOf(id, 1);
      const shown = { tenant: id, secret, public_key, replaced: false };
      assert.deepEqual(keysView(config, id, signing), shown);
    }
    assert.equal(keysView(await configWith(), "unassigned", signing), undefined);
    assert.equal(keysView(config, "all", signing), undefined);
  });
});
