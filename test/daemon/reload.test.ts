/** Saving the file is enough: what a reload changes, and what it must never change. */
import assert from "node:assert/strict";
import { readFile, rename } from "node:fs/promises";
import { describe, it } from "node:test";
import {
  collect,
  configText,
  endOf,
  spawnDaemon,
  type SpawnedDaemon,
  spawnRun,
} from "../support/daemon.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/folder.ts";
import { createTelnyx } from "../support/telnyx.ts";
import { openTenant } from "../support/tenant.ts";

const number = "+18005550105";
const otherNumber = "+18005550106";

const stated = ({ facts }: SpawnedDaemon, name: string) =>
  facts.filter(({ fact }) => fact === name).length;

describe("a reload", () => {
  it("brings a tenant into force when the file is saved, without a dropped request", async () => {
    await using folder = await temporaryFolder();
    using telnyx = createTelnyx(8);
    await using first = await openTenant();
    await using second = await openTenant();
    const acme = { id: "acme", number, url: first.url };
    const globex = { id: "globex", number: otherNumber, url: second.url };
    await folder.write("aggregator.yaml", configText(telnyx.publicKey, [acme]));
    await using daemon = await spawnDaemon({ config: folder.file("aggregator.yaml") });

    const samples = telnyx.samples(number);
    const answers: (number | undefined)[] = [];
    let sending = true;
    const sendOn = async () => {
      while (sending) answers.push((await telnyx.send(daemon.address, samples.next())).status);
    };
    const senders = Array.from({ length: 8 }, sendOn);
    await folder.write("new.yaml", configText(telnyx.publicKey, [acme, globex]));
    await rename(folder.file("new.yaml"), folder.file("aggregator.yaml"));
    await eventually("the new config is in force", () => stated(daemon, "config.loaded") > 1);
    sending = false;
    await Promise.all(senders);
    assert.deepEqual([...new Set(answers)], [200]);

    const sample = telnyx.samples(otherNumber).of("callIn");
    const { body } = await telnyx.send(daemon.address, sample);
    assert.deepEqual(JSON.parse(body), { status: "queued", tenant: "globex" });
    await eventually("its first batch", () => second.accepted().length === 1);
  });

  it("applies a corrected URL to a batch that already waits", async () => {
    await using folder = await temporaryFolder();
    using telnyx = createTelnyx();
    await using wrong = await openTenant();
    await using right = await openTenant();
    wrong.behave(() => 500);
    const more = ["delivery: { retry: { first: 1h, max: 1h } }"];
    const textFor = (url: string) =>
      configText(telnyx.publicKey, [{ id: "acme", number, url, more }]);
    await folder.write("aggregator.yaml", textFor(wrong.url));
    await using daemon = await spawnDaemon({ config: folder.file("aggregator.yaml") });
    await telnyx.send(daemon.address, telnyx.samples(number).of("callIn"));
    await eventually("the first attempt", () => wrong.received.length === 1);
    await folder.write("aggregator.yaml", textFor(right.url));
    daemon.kill("SIGHUP");
    await eventually("it arrives elsewhere", () => right.accepted().length === 1);
    assert.deepEqual(right.received[0]?.body, wrong.received[0]?.body);
  });

  it("changes nothing when the file is broken, and says so", async () => {
    await using folder = await temporaryFolder();
    using telnyx = createTelnyx();
    await using tenant = await openTenant();
    const good = configText(telnyx.publicKey, [{ id: "acme", number, url: tenant.url }]);
    const config = folder.file("aggregator.yaml");
    await folder.write("aggregator.yaml", good);
    await using daemon = await spawnDaemon({ config });
    await folder.write("aggregator.yaml", good.replace("callback_url", "calback_url"));
    await eventually("the file is refused", () => stated(daemon, "config.refused") === 1);
    const ready = await fetch(`${daemon.admin}/readyz`);
    const { warnings } = await ready.json() as { readonly warnings: readonly string[] };
    assert.equal(ready.status, 200);
    assert.ok(
      warnings.some((warning) =>
        /aggregator\.yaml:\d+:\d+ .*calback_url.*callback_url/s.test(warning)
      ),
      String(warnings),
    );
    const { status } = await telnyx.send(daemon.address, telnyx.samples(number).of("callIn"));
    assert.equal(status, 200);
    await eventually("it is delivered", () => tenant.accepted().length === 1);
    await folder.write("aggregator.yaml", good);
    await eventually("the warning goes", async () => {
      const response = await fetch(`${daemon.admin}/readyz`);
      const answer = await response.json() as { readonly warnings: readonly string[] };
      return answer.warnings.length === 0;
    });
  });

  it("starts with the last good config where the file is broken, unless told not to", async () => {
    await using folder = await temporaryFolder();
    using telnyx = createTelnyx();
    await using tenant = await openTenant();
    const good = configText(telnyx.publicKey, [{ id: "acme", number, url: tenant.url }]);
    const config = folder.file("aggregator.yaml");
    await folder.write("aggregator.yaml", good);
    {
      await using daemon = await spawnDaemon({ config });
      daemon.kill("SIGTERM");
      assert.equal(await daemon.ended, 0);
    }
    await folder.write("aggregator.yaml", "tenants: [\n");
    const strict = spawnRun({ config, args: ["--strict"] });
    const errors = collect(strict.stderr);
    assert.equal(await endOf(strict), 78);
    assert.match(errors(), /aggregator\.yaml:\d+:\d+/);
    await using daemon = await spawnDaemon({ config });
    assert.equal(stated(daemon, "config.fell_back"), 1);
    const { status } = await telnyx.send(daemon.address, telnyx.samples(number).of("callIn"));
    assert.equal(status, 200);
    assert.equal(await readFile(config, "utf8"), "tenants: [\n");
  });
});
