import assert from "node:assert/strict";
import process from "node:process";
import { describe, it } from "node:test";
import { createAddressRule } from "../../src/address.ts";
import { exchange } from "../../src/http/exchange.ts";
import { createGuardedAgent } from "../../src/http/guard.ts";
import { certificate } from "../support/certificate.ts";
import { openTenant, type TenantBackend } from "../support/tenant.ts";

const loopback = ["127.0.0.0/8", "::1/128"];

interface Way {
  readonly allow?: readonly string[];
  readonly authorities?: readonly string[];
  readonly ownPorts?: readonly number[];
}

/** One POST through a guarded agent of its own. */
async function post(url: string, way: Way = {}) {
  const { allow = loopback, authorities = [certificate.authority], ownPorts = [] } = way;
  const to = new URL(url);
  const agent = createGuardedAgent(to.protocol, {
    rule: createAddressRule(allow),
    ownPorts: () => new Set(ownPorts),
    connectMsMax: 5_000,
    socketsMax: 1,
    authorities,
  });
  const body = new TextEncoder().encode("{}");
  const headers = { "content-length": body.byteLength };
  const { tookMs: _, ...answered } = await exchange({
    url: to,
    agent,
    headers,
    body,
    timeoutMs: 5_000,
  });
  agent.destroy();
  return answered;
}

const at = ({ url, port }: TenantBackend, host: string) =>
  `${new URL(url).protocol}//${host}:${port}/`;

/** Every way to write an address of this machine. */
const hosts = [
  "127.0.0.1",
  "localhost",
  "[::1]",
  "[::ffff:127.0.0.1]",
  "[::ffff:7f00:1]",
  "0x7f.1",
  "2130706433",
  "0",
];

for (const [scheme, secure] of [["http", undefined], ["https", certificate]] as const) {
  describe(`createGuardedAgent() for ${scheme}`, () => {
    it("connects to what is allowed", async () => {
      await using backend = await openTenant(secure);
      for (const host of ["127.0.0.1", "localhost"]) {
        assert.deepEqual(await post(at(backend, host)), { status: 200 });
      }
      assert.equal(backend.received.length, 2);
    });

    it("refuses what is not public, however it is written", async () => {
      await using backend = await openTenant(secure);
      for (const host of hosts) {
        const answered = await post(at(backend, host), { allow: [] });
        assert.deepEqual(answered, { error: "ERR_IP_BLOCKED" }, host);
      }
      assert.equal(backend.received.length, 0);
    });

    it("refuses our own listeners even where the address is allowed", async () => {
      await using backend = await openTenant(secure);
      for (const host of hosts) {
        const way = { allow: ["0.0.0.0/0", "::/0"], ownPorts: [backend.port] };
        const answered = await post(at(backend, host), way);
        assert.deepEqual(answered, { error: "ERR_IP_BLOCKED" }, host);
      }
      const elsewhere = { ownPorts: [backend.port + 1] };
      assert.deepEqual(await post(at(backend, "127.0.0.1"), elsewhere), { status: 200 });
    });

    it("says that nobody listens, and that there is no such name", async () => {
      let port: number;
      {
        await using gone = await openTenant();
        port = gone.port;
      }
      const refused = await post(`${scheme}://127.0.0.1:${port}/`);
      assert.deepEqual(refused, { error: "ECONNREFUSED" });
      const { error } = await post(`${scheme}://nobody.invalid/`);
      assert.match(error ?? "", /^(ENOTFOUND|EAI_AGAIN)$/);
    });
  });
}

describe("createGuardedAgent() and certificates", () => {
  it("takes none that nobody we trust has signed", async () => {
    await using backend = await openTenant(certificate);
    const { error } = await post(backend.url, { authorities: [] });
    assert.match(error ?? "", /CERT|LEAF_SIGNATURE|SELF_SIGNED/);
    assert.equal(backend.received.length, 0);
  });

  it("takes none of another name", async () => {
    await using backend = await openTenant(certificate);
    const { error } = await post(at(backend, "127.0.0.2"));
    assert.match(error ?? "", /ALTNAME|ECONNREFUSED/);
    assert.equal(backend.received.length, 0);
  });

  it("takes none that is wrong, whatever the environment says", async () => {
    await using backend = await openTenant(certificate);
    const name = "NODE_TLS_REJECT_UNAUTHORIZED";
    process.env[name] = "0";
    try {
      const { error } = await post(backend.url, { authorities: [] });
      assert.match(error ?? "", /CERT|LEAF_SIGNATURE|SELF_SIGNED/);
      assert.equal(backend.received.length, 0);
    } finally {
      delete process.env[name];
    }
  });

  it("says that the other side does not speak TLS", async () => {
    await using backend = await openTenant();
    const { status, error } = await post(`https://127.0.0.1:${backend.port}/`);
    assert.equal(status, undefined);
    assert.ok(error);
  });
});
