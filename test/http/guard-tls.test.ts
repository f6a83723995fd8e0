/** Whom the guard believes to be the tenant's backend. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openTenant } from "../support/tenant.ts";
import { guardAuthority, guardCertificates, guardKey } from "./guard-certificates.ts";
import { answering, at, post, type Way } from "./guarding.ts";
import { offeredVersions, openOldServer } from "./old-server.ts";

const name = "backend.test";
const trusting: Way = {
  authorities: [guardAuthority],
  lookup: answering(["127.0.0.1"]).lookup,
};

const openWith = (which: keyof typeof guardCertificates) =>
  openTenant({ cert: guardCertificates[which], key: guardKey });

/** A host, a certificate, and the error that follows on Node and on Deno. */
const wrong: readonly (readonly [keyof typeof guardCertificates, string, RegExp])[] = [
  ["selfSigned", name, /SELF_SIGNED|UNABLE_TO_VERIFY|CERT/],
  ["selfSigned", "127.0.0.1", /SELF_SIGNED|UNABLE_TO_VERIFY|CERT/],
  ["other", name, /ALTNAME|CERT/],
  ["other", "127.0.0.1", /ALTNAME|CERT/],
  ["good", "wrong.backend.test", /ALTNAME|CERT/],
  ["good", "127.0.0.2", /ALTNAME|CERT|ECONNREFUSED/],
  ["expired", name, /EXPIRED|LEAF_SIGNATURE/],
  ["expired", "127.0.0.1", /EXPIRED|LEAF_SIGNATURE/],
];

describe("a certificate", () => {
  for (const [which, host, expected] of wrong) {
    it(`is refused: ${which}, at ${host}`, async () => {
      await using backend = await openWith(which);
      const { status, error } = await post(at(backend, host), trusting);
      assert.equal(status, undefined);
      assert.match(error ?? "", expected);
      assert.equal(backend.received.length, 0);
    });
  }

  for (const host of [name, "BACKEND.test", "127.0.0.1", "2130706433"]) {
    it(`is accepted that names the host of the URL: ${host}`, async () => {
      await using backend = await openWith("good");
      assert.deepEqual(await post(at(backend, host), trusting), { status: 200 });
    });
  }

  it("is refused from an authority that nobody named", async () => {
    await using backend = await openWith("good");
    const { status, error } = await post(at(backend, name), { ...trusting, authorities: [] });
    assert.equal(status, undefined);
    assert.match(error ?? "", /CERT|ISSUER|LEAF_SIGNATURE/);
    assert.equal(backend.received.length, 0);
  });
});

describe("a handshake", () => {
  it("names the host of the URL, and ends where the server only speaks TLS 1.1", async () => {
    await using old = await openOldServer();
    const { status, error } = await post(`https://${name}:${old.port}/`, trusting);
    assert.equal(status, undefined);
    assert.ok(error);
    const told = await old.told();
    assert.ok(told.includes(name));
    assert.ok(told.includes(offeredVersions));
  });
});
