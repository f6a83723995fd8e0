/** Stopping in good order: no connection reset, nothing acknowledged lost. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { configText, spawnDaemon } from "../support/daemon.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/folder.ts";
import { type Answered, createTelnyx } from "../support/telnyx.ts";
import { openTenant } from "../support/tenant.ts";

const number = "+18005550107";

describe("SIGTERM", () => {
  it("resets no connection under load; what was acknowledged is delivered later", async () => {
    await using folder = await temporaryFolder();
    using telnyx = createTelnyx(16);
    await using tenant = await openTenant();
    const lines = [{ id: "acme", number, url: tenant.url }];
    const top = ["defaults: { window: { max_wait: 500ms } }"];
    await folder.write("aggregator.yaml", configText(telnyx.publicKey, lines, top));
    const config = folder.file("aggregator.yaml");
    const samples = telnyx.samples(number);
    const acknowledged = new Set<string>();
    const answers: Answered[] = [];
    {
      await using daemon = await spawnDaemon({ config });
      let sending = true;
      const sendOn = async () => {
        while (sending) {
          const sample = samples.next();
          const answer = await telnyx.send(daemon.address, sample);
          answers.push(answer);
          if (answer.status === 200 && sample.id !== undefined) acknowledged.add(sample.id);
          if (answer.error === "ECONNREFUSED") return;
        }
      };
      const senders = Array.from({ length: 16 }, sendOn);
      await eventually("there is load", () => acknowledged.size > 200);
      daemon.kill("SIGTERM");
      assert.equal(await daemon.ended, 0);
      sending = false;
      await Promise.all(senders);
    }
    const kinds = new Set(answers.map(({ status, error }) => String(status ?? error)));
    assert.deepEqual(kinds.difference(new Set(["200", "503", "ECONNREFUSED"])), new Set());
    await using _daemon = await spawnDaemon({ config });
    const arrived = () =>
      new Set(tenant.accepted().flatMap(({ routing }) => routing.map(({ id }) => id)));
    await eventually("everything arrives", () => acknowledged.isSubsetOf(arrived()));
  });

  it("waits for an attempt under way, and for no pause between attempts", async () => {
    await using folder = await temporaryFolder();
    using telnyx = createTelnyx();
    await using tenant = await openTenant();
    tenant.behave(() => 500);
    const more = ["delivery: { retry: { first: 1h, max: 1h } }"];
    const lines = [{ id: "acme", number, url: tenant.url, more }];
    await folder.write("aggregator.yaml", configText(telnyx.publicKey, lines));
    await using daemon = await spawnDaemon({ config: folder.file("aggregator.yaml") });
    await telnyx.send(daemon.address, telnyx.samples(number).of("callIn"));
    await eventually(
      "an attempt failed",
      () =>
        daemon.facts.some(({ fact, verdict }) => fact === "batch.attempted" && verdict === "again"),
    );
    daemon.kill("SIGTERM");
    assert.equal(await daemon.ended, 0);
  });

  it("exits at once when it comes twice", async () => {
    await using folder = await temporaryFolder();
    using telnyx = createTelnyx();
    await using tenant = await openTenant();
    tenant.behave(() => undefined);
    const lines = [{ id: "acme", number, url: tenant.url }];
    await folder.write("aggregator.yaml", configText(telnyx.publicKey, lines));
    await using daemon = await spawnDaemon({ config: folder.file("aggregator.yaml") });
    await telnyx.send(daemon.address, telnyx.samples(number).of("callIn"));
    await eventually("an attempt is under way", () => tenant.received.length === 1);
    daemon.kill("SIGTERM");
    await eventually(
      "it is stopping",
      () => daemon.facts.some(({ fact }) => fact === "daemon.stopping"),
    );
    daemon.kill("SIGTERM");
    assert.equal(await daemon.ended, 1);
  });
});
