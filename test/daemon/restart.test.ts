/** What survives: a kill at any moment, and a second daemon on the same store. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { collect, configText, endOf, spawnDaemon, spawnRun } from "../support/daemon.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/folder.ts";
import { createTelnyx } from "../support/telnyx.ts";
import { batchIn, openTenant, type Received } from "../support/tenant.ts";

const number = "+18005550104";

describe("a restart", () => {
  it("loses nothing that was answered 200 before kill -9", async () => {
    await using folder = await temporaryFolder();
    using telnyx = createTelnyx(32);
    await using tenant = await openTenant();
    const top = [
      "defaults: { window: { max_wait: 500ms }, delivery: { retry: { first: 100ms } } }",
    ];
    const lines = [{ id: "acme", number, url: tenant.url }];
    await folder.write("aggregator.yaml", configText(telnyx.publicKey, lines, top));
    const config = folder.file("aggregator.yaml");
    const samples = telnyx.samples(number);
    const acknowledged = new Set<string>();

    for (let round = 0; round < 3; round++) {
      await using daemon = await spawnDaemon({ config });
      let sending = true;
      const sendUntilKilled = async () => {
        while (sending) {
          const sample = samples.next();
          const { status } = await telnyx.send(daemon.address, sample);
          if (status === 200 && sample.id !== undefined) acknowledged.add(sample.id);
        }
      };
      const senders = Array.from({ length: 32 }, sendUntilKilled);
      const goal = (round + 1) * 300;
      await eventually("enough is acknowledged", () => acknowledged.size >= goal);
      daemon.kill("SIGKILL");
      sending = false;
      await Promise.all(senders);
    }

    await using _daemon = await spawnDaemon({ config });
    const arrivedIds = () =>
      new Set(tenant.accepted().flatMap(({ routing }) => routing.map(({ id }) => id)));
    const missing = () => acknowledged.difference(arrivedIds());
    await eventually("every acknowledged event arrives", () => missing().size === 0, 60_000);
    assertRepeatsAreSame(tenant.received);
  });

  it("sends a batch that was not settled again, with the same id and bytes", async () => {
    await using folder = await temporaryFolder();
    using telnyx = createTelnyx();
    await using tenant = await openTenant();
    tenant.behave(() => 503);
    const lines = [{ id: "acme", number, url: tenant.url }];
    await folder.write("aggregator.yaml", configText(telnyx.publicKey, lines));
    const config = folder.file("aggregator.yaml");
    {
      await using daemon = await spawnDaemon({ config });
      const { status } = await telnyx.send(daemon.address, telnyx.samples(number).of("callIn"));
      assert.equal(status, 200);
      // An attempt counts once it is in the log; before that it would be the first one again.
      await eventually(
        "the first attempt",
        () => daemon.facts.some(({ fact }) => fact === "batch.attempted"),
      );
      daemon.kill("SIGKILL");
      await daemon.ended;
    }
    tenant.behave(() => 200);
    await using _daemon = await spawnDaemon({ config });
    await eventually("the batch is accepted", () => tenant.accepted().length > 0);
    const [first, ...again] = tenant.received;
    const last = again.at(-1);
    assert.ok(first !== undefined && last !== undefined);
    assert.deepEqual(last.body, first.body);
    assert.equal(last.headers["webhook-id"], first.headers["webhook-id"]);
    assert.ok(
      Number(last.headers["x-aggregator-attempt"]) > Number(first.headers["x-aggregator-attempt"]),
    );
  });

  it("recognises a duplicate of what came before it", async () => {
    await using folder = await temporaryFolder();
    using telnyx = createTelnyx();
    await using tenant = await openTenant();
    const lines = [{ id: "acme", number, url: tenant.url }];
    await folder.write("aggregator.yaml", configText(telnyx.publicKey, lines));
    const config = folder.file("aggregator.yaml");
    const sample = telnyx.samples(number).of("messageIn");
    for (const expected of ["queued", "duplicate"]) {
      await using daemon = await spawnDaemon({ config });
      const { body } = await telnyx.send(daemon.address, sample);
      assert.deepEqual(JSON.parse(body), { status: expected, tenant: "acme" });
      daemon.kill("SIGTERM");
      assert.equal(await daemon.ended, 0);
    }
  });
});

/** Whatever was sent twice was sent under the same batch id with the same bytes. */
function assertRepeatsAreSame(received: readonly Received[]): void {
  const byId = new Map<string, string>();
  const ownerOf = new Map<string, string>();
  for (const request of received) {
    const batch = batchIn(request);
    const body = request.body.toString("utf8");
    assert.equal(byId.get(batch.id) ?? body, body);
    byId.set(batch.id, body);
    for (const { id } of batch.routing) {
      assert.equal(ownerOf.get(id) ?? batch.id, batch.id, "an event is in one batch only");
      ownerOf.set(id, batch.id);
    }
  }
}

describe("a second daemon", () => {
  it("refuses to start on a store that is in use, and the first goes on", async () => {
    await using folder = await temporaryFolder();
    using telnyx = createTelnyx();
    await using tenant = await openTenant();
    const lines = [{ id: "acme", number, url: tenant.url }];
    await folder.write("aggregator.yaml", configText(telnyx.publicKey, lines));
    const config = folder.file("aggregator.yaml");
    await using daemon = await spawnDaemon({ config });
    const second = spawnRun({ config });
    const errors = collect(second.stderr);
    assert.equal(await endOf(second), 1);
    assert.match(errors(), /another aggregator is using it/);
    const { status } = await telnyx.send(daemon.address, telnyx.samples(number).of("callIn"));
    assert.equal(status, 200);
  });
});
