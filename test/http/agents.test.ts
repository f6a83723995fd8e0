import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createAddressRule } from "../../src/address.ts";
import { createAgents } from "../../src/http/agents.ts";
import { destination } from "../pipeline/shared.ts";

const to = { ...destination, failoverUrl: "https://backup.acme.example/" };
const { url, failoverUrl } = to;

function openAgents() {
  let rule = createAddressRule([]);
  const agents = createAgents({ rule: () => rule, ownPorts: () => new Set() });
  return { ...agents, change: () => rule = createAddressRule(["127.0.0.1/32"]) };
}

describe("createAgents()", () => {
  it("keeps one for each tenant and URL", () => {
    using agents = openAgents();
    const of = (tenant: string, at: string) => agents.of(tenant, to, at);
    const all = [
      of("acme", url),
      of("acme", failoverUrl),
      of("beta", url),
      of("beta", failoverUrl),
    ];
    assert.equal(new Set(all).size, 4);
    assert.deepEqual([of("acme", url), of("acme", failoverUrl)], all.slice(0, 2));
  });

  it("gives up both of a tenant when its destination changes, and nobody else's", () => {
    using agents = openAgents();
    const before = [url, failoverUrl].map((at) => agents.of("acme", to, at));
    const other = agents.of("beta", to, url);
    const changed = { ...to, failoverUrl: "https://other.acme.example/" };
    const after = [url, changed.failoverUrl].map((at) => agents.of("acme", changed, at));
    assert.equal(new Set([...before, ...after]).size, 4);
    assert.ok(before.every(({ maxFreeSockets }) => maxFreeSockets === 0), "they keep nothing");
    assert.equal(agents.of("beta", to, url), other);
  });

  it("gives up all of them when other addresses are allowed", () => {
    using agents = openAgents();
    const before = [url, failoverUrl].map((at) => agents.of("acme", to, at));
    agents.change();
    assert.notEqual(agents.of("acme", to, url), before[0]);
    assert.ok(before.every(({ maxFreeSockets }) => maxFreeSockets === 0), "they keep nothing");
  });

  it("keeps no more of a tenant than its destination has URLs", () => {
    using agents = openAgents();
    const first = agents.of("acme", to, url);
    for (const at of [failoverUrl, "https://a.example/"]) agents.of("acme", to, at);
    assert.equal(first.maxFreeSockets, 0);
    assert.notEqual(agents.of("acme", to, url), first);
  });
});
