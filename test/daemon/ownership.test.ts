/** Whose event it is, through the whole daemon: over reloads, restarts and disorder. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import { flows, numbers, type Told } from "../ownership/flows.ts";
import { configText, spawnDaemon, type SpawnedDaemon } from "../support/daemon.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/folder.ts";
import { createTelnyx, type Telnyx } from "../support/telnyx.ts";
import { openTenant, type TenantBackend } from "../support/tenant.ts";

const [inbound, , , between, , , nobodys] = flows;

/** A call to acme's number, event by event. */
const call = (name: string): readonly Told[] => inbound?.(name) ?? [];

async function tell(telnyx: Telnyx, { address }: SpawnedDaemon, told: readonly Told[]) {
  const answers: unknown[] = [];
  for (const { body } of told) {
    const sample = { body: Buffer.from(JSON.stringify(body)), contentType: "application/json" };
    const answered = await telnyx.send(address, sample);
    assert.equal(answered.status, 200, answered.body);
    answers.push(JSON.parse(answered.body).tenant);
  }
  return answers;
}

const idsOf = (told: readonly Told[]) => told.map(({ id }) => id);

/** The ids that a backend has accepted, in their order. */
const arrived = (backend: TenantBackend) =>
  backend.accepted().flatMap(({ events }) => events.map(({ data }) => data?.id ?? ""));

const reloads = ({ facts }: SpawnedDaemon) =>
  facts.filter(({ fact }) => fact === "config.loaded").length;

const quick = ["window: { max_wait: 50ms }"];

describe("ownership", () => {
  it("leaves a call with its tenant when its number moves; the next is the new one's", async () => {
    await using folder = await temporaryFolder();
    using telnyx = createTelnyx();
    await using acme = await openTenant();
    await using beta = await openTenant();
    const textFor = (owner: "acme" | "beta") =>
      configText(
        telnyx.publicKey,
        [
          { id: "acme", backend: acme, other: "+18005550301" },
          { id: "beta", backend: beta, other: "+18005550302" },
        ].map(({ id, backend, other }) => ({
          id,
          number: id === owner ? numbers.acme : other,
          url: backend.url,
          more: quick,
        })),
      );
    await folder.write("aggregator.yaml", textFor("acme"));
    await using daemon = await spawnDaemon({ config: folder.file("aggregator.yaml") });
    const [first, second] = [call("first"), call("second")];
    await tell(telnyx, daemon, first.slice(0, 2));
    await folder.write("aggregator.yaml", textFor("beta"));
    await eventually("the number has moved", () => reloads(daemon) === 2);
    await tell(telnyx, daemon, [...second.slice(0, 3), ...first.slice(2), ...second.slice(3)]);
    await eventually("acme has its call", () => arrived(acme).length === first.length);
    await eventually("beta has its call", () => arrived(beta).length === second.length);
    assert.deepEqual(arrived(acme), idsOf(first));
    assert.deepEqual(arrived(beta), idsOf(second));
  });

  it("holds what comes before its call, over a kill, and releases it in order", async () => {
    await using folder = await temporaryFolder();
    using telnyx = createTelnyx();
    await using acme = await openTenant();
    const tenants = [{ id: "acme", number: numbers.acme, url: acme.url, more: quick }];
    await folder.write("aggregator.yaml", configText(telnyx.publicKey, tenants));
    const config = folder.file("aggregator.yaml");
    const told = call("early").filter(({ body }) => !JSON.stringify(body).includes('"to"'));
    const [beginning] = call("early");
    assert.ok(beginning);
    {
      await using daemon = await spawnDaemon({ config });
      const answers = await tell(telnyx, daemon, told.toReversed());
      assert.deepEqual([...new Set(answers)], ["unassigned"]);
    }
    await using daemon = await spawnDaemon({ config });
    assert.deepEqual(await tell(telnyx, daemon, [beginning]), ["acme"]);
    await eventually("all of it", () => arrived(acme).length === told.length + 1);
    // Within a batch the events of a call stand in the order in which they happened.
    assert.deepEqual(arrived(acme), idsOf([beginning, ...told]));
    assert.deepEqual(await tell(telnyx, daemon, told), told.map(() => "acme"));
    assert.equal(arrived(acme).length, told.length + 1);
  });

  it("gives each leg of a call between two tenants to its own", async () => {
    await using folder = await temporaryFolder();
    using telnyx = createTelnyx();
    await using acme = await openTenant();
    await using beta = await openTenant();
    const text = configText(telnyx.publicKey, [
      { id: "acme", number: numbers.acme, url: acme.url, more: quick },
      { id: "beta", number: numbers.beta, url: beta.url, more: quick },
    ]);
    await folder.write("aggregator.yaml", text);
    await using daemon = await spawnDaemon({ config: folder.file("aggregator.yaml") });
    const told = between?.("pair") ?? [];
    await tell(telnyx, daemon, told.toReversed());
    const of = (tenant: string) => idsOf(told.filter(({ owners }) => owners.includes(tenant)));
    await eventually("acme's leg", () => arrived(acme).length === of("acme").length);
    await eventually("beta's leg", () => arrived(beta).length === of("beta").length);
    assert.deepEqual(arrived(acme).sort(), of("acme").sort());
    assert.deepEqual(arrived(beta).sort(), of("beta").sort());
  });

  it("delivers what is nobody's to the operator, and to its tenant once it has one", async () => {
    await using folder = await temporaryFolder();
    using telnyx = createTelnyx();
    await using operator = await openTenant();
    await using acme = await openTenant();
    await using late = await openTenant();
    const top = [
      `unassigned: { callback_url: ${operator.url} }`,
      "defaults: { window: { max_wait: 50ms } }",
    ];
    const before = [{ id: "acme", number: numbers.acme, url: acme.url }];
    const after = [...before, { id: "late", number: numbers.nobody, url: late.url }];
    await folder.write("aggregator.yaml", configText(telnyx.publicKey, before, top));
    await using daemon = await spawnDaemon({ config: folder.file("aggregator.yaml") });
    const told = nobodys?.("lost") ?? [];
    await tell(telnyx, daemon, told);
    await eventually("the operator has them", () => arrived(operator).length === told.length);
    assert.equal(operator.accepted()[0]?.tenant, "unassigned");
    await folder.write("aggregator.yaml", configText(telnyx.publicKey, after, top));
    await eventually("its tenant has them", () => arrived(late).length === told.length);
    assert.deepEqual(arrived(late), idsOf(told));
    assert.deepEqual(arrived(acme), []);
  });

  it("gives a tenant with an account of its own what that signed, and nobody else", async () => {
    await using folder = await temporaryFolder();
    using operator = createTelnyx();
    using own = createTelnyx();
    await using acme = await openTenant();
    await using beta = await openTenant();
    const more = [...quick, `public_keys: ["${own.publicKey}"]`];
    const text = configText(operator.publicKey, [
      { id: "acme", number: numbers.acme, url: acme.url, more: quick },
      { id: "beta", number: numbers.beta, url: beta.url, more },
    ]);
    await folder.write("aggregator.yaml", text);
    await using daemon = await spawnDaemon({ config: folder.file("aggregator.yaml") });
    const [mine, theirs] = [call("mine"), call("theirs")];
    const toBeta = between?.("pair").filter(({ owners }) => owners.includes("beta")) ?? [];
    await tell(operator, daemon, mine);
    // A call to acme's number, but of beta's account: whatever it says, it is beta's.
    assert.deepEqual(await tell(own, daemon, theirs), theirs.map(() => "beta"));
    // And a call to beta's number that the operator's account tells of is nobody's.
    assert.deepEqual([...new Set(await tell(operator, daemon, toBeta.slice(0, 1)))], [
      "unassigned",
    ]);
    await eventually("acme's", () => arrived(acme).length === mine.length);
    await eventually("beta's", () => arrived(beta).length === theirs.length);
    assert.deepEqual(arrived(acme), idsOf(mine));
    assert.deepEqual(arrived(beta), idsOf(theirs));
  });
});
