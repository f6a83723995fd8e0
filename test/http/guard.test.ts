import assert from "node:assert/strict";
import { createServer } from "node:http";
import { networkInterfaces } from "node:os";
import process from "node:process";
import { describe, it } from "node:test";
import { certificate } from "../support/certificate.ts";
import { openTenant } from "../support/tenant.ts";
import { answering, at, post } from "./guarding.ts";

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

/** A server at every address of this machine. */
async function openEverywhere() {
  const server = createServer((_request, response) => void response.end());
  await new Promise<void>((resolve) => server.listen(0, resolve));
  let connections = 0;
  server.on("connection", () => connections += 1);
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** This machine's own addresses as hosts, an IPv4 one in its disguises too. */
const ownHosts = Object.values(networkInterfaces()).flatMap((all) => all ?? [])
  .filter(({ address }) => !address.startsWith("fe80:"))
  .flatMap(({ address, family }) =>
    family === "IPv6" ? [`[${address}]`] : [address, `[::ffff:${address}]`, `[64:ff9b::${address}]`]
  );

describe("createGuardedAgent() and our own listeners", () => {
  const everywhere = ["0.0.0.0/0", "::/0"];

  it("refuses them at every address of this machine, whatever is allowed", async () => {
    await using own = await openEverywhere();
    for (const host of [...ownHosts, "0.0.0.0", "[::]", "localhost"]) {
      const way = { allow: everywhere, ownPorts: [own.port] };
      const answered = await post(`http://${host}:${own.port}/`, way);
      assert.deepEqual(answered, { error: "ERR_IP_BLOCKED" }, host);
    }
    assert.equal(own.connections(), 0);
  });

  it("refuses them by any name", async () => {
    await using own = await openEverywhere();
    for (const host of ownHosts) {
      const { lookup } = answering([new URL(`http://${host}/`).hostname.replace(/[[\]]/g, "")]);
      const way = { allow: everywhere, ownPorts: [own.port], lookup };
      const answered = await post(`http://us.example:${own.port}/`, way);
      assert.deepEqual(answered, { error: "ERR_IP_BLOCKED" }, host);
    }
    assert.equal(own.connections(), 0);
  });

  it("connects to another port of the same address, where it is allowed", async () => {
    await using other = await openEverywhere();
    const hosts = ownHosts.filter((host) => !host.includes(":"));
    for (const host of hosts) {
      const way = { allow: everywhere, ownPorts: [other.port + 1] };
      assert.deepEqual(await post(`http://${host}:${other.port}/`, way), { status: 200 }, host);
    }
    assert.equal(other.connections(), hosts.length);
  });
});
