/** The same table for what the config says and for what is connected to. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { createAddressRule } from "../../src/address.ts";
import { destinationProblem, url as webAddress } from "../../src/config/url.ts";
import { certificate } from "../support/certificate.ts";
import { openTenant } from "../support/tenant.ts";
import { allowed, impossible, local, refused } from "./guard-table.ts";
import { post } from "./guarding.ts";

const bare = createAddressRule([]);

/** What is wrong with a callback URL of this host, as the config tells. */
function problemOf(host: string, rule = bare): string | undefined {
  const parsed = webAddress.parse(`https://${host}/`, "/");
  return "problem" in parsed ? parsed.problem : destinationProblem(parsed.value, rule, bare);
}

const addressIn = (host: string) => new URL(`https://${host}/`).hostname.replace(/^\[|\]$/g, "");

for (const [what, hosts] of Object.entries(refused)) {
  describe(`a callback to a host that is ${what}`, () => {
    for (const host of hosts) {
      it(`is refused by the config and at the connection: ${host}`, async () => {
        await using plain = await openTenant();
        await using secure = await openTenant(certificate);
        for (const [scheme, { port, received }] of [["http", plain], ["https", secure]] as const) {
          const answered = await post(`${scheme}://${host}:${port}/`, { allow: [] });
          assert.deepEqual(answered, { error: "ERR_IP_BLOCKED" });
          assert.equal(received.length, 0);
        }
        assert.match(problemOf(host) ?? "", /must be a public https URL: .* is not public/);
      });
    }
  });
}

describe("a callback to a name of this machine", () => {
  for (const host of local) {
    it(`is refused by the config and at the connection: ${host}`, async () => {
      await using backend = await openTenant();
      const { status, error } = await post(`http://${host}:${backend.port}/`, { allow: [] });
      assert.equal(status, undefined);
      // Not every resolver knows such names.
      assert.match(error ?? "", /^(ERR_IP_BLOCKED|ENOTFOUND|EAI_AGAIN)$/);
      assert.equal(backend.received.length, 0);
      assert.match(problemOf(host) ?? "", /must be a public https URL: .* resolves to ::1/);
    });
  }
});

describe("a callback to what is no host", () => {
  for (const host of impossible) {
    it(`is no URL: ${host}`, () => {
      assert.match(problemOf(host) ?? "", /must be a URL such as/);
      assert.equal(URL.parse(`https://${host}/`), null);
    });
  }
});

describe("a callback to a public address", () => {
  for (const host of allowed) {
    it(`is allowed by the config and at the connection: ${host}`, () => {
      assert.equal(problemOf(host), undefined);
      assert.equal(bare.refuses(addressIn(host)), undefined);
    });
  }
});

describe("callbacks.allow_private", () => {
  it("is obeyed by the config and at the connection alike, for whatever it allows", async () => {
    await using backend = await openTenant();
    const allow = ["127.0.0.1/32"];
    const rule = createAddressRule(allow);
    for (const host of ["127.0.0.1", "127.1", "0x7f000001", "2130706433", "[::ffff:7f00:1]"]) {
      assert.equal(problemOf(host, rule), undefined, host);
      const answered = await post(`http://${host}:${backend.port}/`, { allow });
      assert.ok(answered.status === 200 || answered.error === "ECONNREFUSED", host);
    }
    for (const host of ["127.0.0.2", "[::1]", "0", "10.1"]) {
      assert.ok(problemOf(host, rule), host);
      const answered = await post(`http://${host}:${backend.port}/`, { allow });
      assert.deepEqual(answered, { error: "ERR_IP_BLOCKED" }, host);
    }
  });
});

describe("destinationProblem()", () => {
  it("says of every address what the connection will say", () => {
    const anyAddress = fc.oneof(
      fc.ipV4Extended(),
      fc.ipV4().map((address) => `[::ffff:${address}]`),
      fc.ipV4().map((address) => `[64:ff9b::${address}]`),
      fc.ipV6().map((address) => `[${address}]`),
    );
    const networks = [[], ["10.0.0.0/8", "fd00::/8"], ["0.0.0.0/0"], ["::/0"]];
    fc.assert(fc.property(anyAddress, fc.constantFrom(...networks), (host, allow) => {
      if (URL.parse(`https://${host}/`) === null) return;
      const rule = createAddressRule(allow);
      const refusedByRule = rule.refuses(addressIn(host)) !== undefined;
      assert.equal(problemOf(host, rule) !== undefined, refusedByRule);
    }));
  });
});
