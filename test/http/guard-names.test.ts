/** What names resolve to is judged by the address that is connected to, at every connection. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createServer } from "node:http";
import type { LookupFunction } from "node:net";
import { describe, it } from "node:test";
import { createAddressRule } from "../../src/address.ts";
import { exchange } from "../../src/http/exchange.ts";
import { createGuardedAgent } from "../../src/http/guard.ts";
import { certificate } from "../support/certificate.ts";
import { openTenant, type TenantBackend } from "../support/tenant.ts";
import { answering, at, loopback, post } from "./guarding.ts";
import { openNameServer } from "./name-server.ts";

const name = "hooks.acme.test";
const blocked = { error: "ERR_IP_BLOCKED" };

/** Answers of the DNS of which nothing may be connected to. */
const forbidden: readonly (readonly string[])[] = [
  ["127.0.0.1"],
  ["::1"],
  ["10.0.0.1"],
  ["169.254.169.254"],
  ["100.100.100.200"],
  ["fd00:ec2::254"],
  ["::ffff:7f00:1"],
  ["::7f00:1"],
  ["64:ff9b::7f00:1"],
  ["2002:7f00:1::1"],
  ["127.0.0.1", "10.0.0.1", "::1", "fd00::1"],
];

for (const [scheme, secure] of [["http", undefined], ["https", certificate]] as const) {
  describe(`a name, for ${scheme},`, () => {
    for (const addresses of forbidden) {
      it(`is refused when it resolves to ${addresses.join(" and ")}`, async () => {
        await using backend = await openTenant(secure);
        using names = await openNameServer(addresses);
        const way = { allow: [], lookup: names.lookup };
        assert.deepEqual(await post(at(backend, name), way), blocked);
        assert.equal(names.asked(), 1);
        assert.equal(backend.received.length, 0);
      });
    }
  });
}

describe("a name with several addresses", () => {
  for (const addresses of [["127.0.0.9", "127.0.0.1"], ["127.0.0.1", "127.0.0.9"], ["::1"]]) {
    it(`of which some are refused uses the others: ${addresses.join(", ")}`, async () => {
      await using backend = await openTenant();
      using names = await openNameServer([...addresses, "10.0.0.1", "127.0.0.1"]);
      const way = { allow: ["127.0.0.1/32"], lookup: names.lookup };
      assert.deepEqual(await post(at(backend, name), way), { status: 200 });
      assert.equal(backend.received.length, 1);
    });
  }
});

/** Two servers of one port, at two addresses of this machine. */
async function openTwins() {
  const one = await openTenant();
  let reached = 0;
  const other = createServer((_request, response) => {
    reached += 1;
    response.end();
  });
  await new Promise<void>((resolve) => other.listen(one.port, "127.0.0.2", resolve));
  return {
    one,
    other: () => reached,
    async [Symbol.asyncDispose]() {
      await one[Symbol.asyncDispose]();
      other.closeAllConnections();
      await new Promise((resolve) => other.close(resolve));
    },
  };
}

describe("a name that resolves otherwise the next time", () => {
  const allow = ["127.0.0.1/32"];

  it("is connected to where it was judged, without a second look", async () => {
    await using twins = await openTwins();
    using names = await openNameServer(["127.0.0.1"], ["127.0.0.2"]);
    const way = { allow, lookup: names.lookup };
    assert.deepEqual(await post(at(twins.one, name), way), { status: 200 });
    assert.equal(names.asked(), 1);
    assert.equal(twins.one.received.length, 1);
    assert.deepEqual(await post(at(twins.one, name), way), blocked);
    assert.equal(names.asked(), 2);
    assert.equal(twins.other(), 0);
  });

  it("is judged again at every connection of one agent", async () => {
    await using twins = await openTwins();
    using names = await openNameServer(["127.0.0.1"], ["127.0.0.2"], ["127.0.0.1"]);
    const answered = await postThrice(twins.one, names.lookup);
    assert.deepEqual(answered, [200, "ERR_IP_BLOCKED", 200]);
    assert.equal(twins.other(), 0);
  });

  /** With one agent, whose connections are not kept. */
  async function postThrice({ port }: TenantBackend, lookup: LookupFunction) {
    const agent = createGuardedAgent("http:", {
      rule: createAddressRule(allow),
      ownPorts: () => new Set(),
      connectMsMax: 5_000,
      socketsMax: 1,
      authorities: [],
      lookup,
    });
    const url = new URL(`http://${name}:${port}/`);
    const headers = { "content-length": 2, connection: "close" };
    const body = Buffer.from("{}");
    const came: unknown[] = [];
    for (const _ of "123") {
      const { status, error } = await exchange({ url, agent, headers, body, timeoutMs: 5_000 });
      came.push(status ?? error);
    }
    agent.destroy();
    return came;
  }
});

describe("a name that resolves to what is no plain address", () => {
  for (const address of ["fe80::1%eth0", "::1%lo", "::1%1"]) {
    it(`is refused with a scope, whatever is allowed: ${address}`, async () => {
      await using backend = await openTenant();
      const way = { allow: ["::/0", "0.0.0.0/0"], lookup: answering([address]).lookup };
      assert.deepEqual(await post(at(backend, name), way), blocked);
    });
  }

  for (const address of ["localhost", "127.1", "2130706433", ""]) {
    it(`is refused where a resolver gives another name: "${address}"`, async () => {
      await using backend = await openTenant();
      const way = { allow: loopback, lookup: answering([address]).lookup };
      const { status, error } = await post(at(backend, name), way);
      assert.equal(status, undefined);
      assert.match(error ?? "", /^ERR_(IP_BLOCKED|INVALID_IP_ADDRESS)$/);
      assert.equal(backend.received.length, 0);
    });
  }
});

describe("a redirect", () => {
  for (const status of [301, 302, 303, 307, 308]) {
    it(`is an answer, and never followed: ${status}`, async () => {
      await using elsewhere = await openTenant();
      await using here = await openRedirect(status, elsewhere.url);
      assert.deepEqual(await post(here.url), { status });
      assert.equal(elsewhere.received.length, 0);
    });
  }
});

async function openRedirect(status: number, location: string) {
  const server = createServer((_request, response) => {
    response.writeHead(status, { location }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
