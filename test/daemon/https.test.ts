/** The way out over https, through the whole daemon: certificates are checked. */
import assert from "node:assert/strict";
import process from "node:process";
import { Writable } from "node:stream";
import { describe, it } from "node:test";
import { openDaemon } from "../../src/main.ts";
import type { Fact } from "../../src/telemetry.ts";
import { certificate } from "../support/certificate.ts";
import { configText } from "../support/daemon.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/folder.ts";
import { createTelnyx } from "../support/telnyx.ts";
import { openTenant } from "../support/tenant.ts";

const number = "+18005550109";

/** A daemon in this process with one tenant, its facts, and one call sent to it. */
async function deliverOneCall(url: string, authorities: readonly string[]) {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const telnyx = stack.use(createTelnyx());
  const text = configText(telnyx.publicKey, [{ id: "acme", number, url }]);
  await folder.write("aggregator.yaml", text);
  const facts: Fact[] = [];
  const daemon = stack.use(
    await openDaemon({
      configPath: folder.file("aggregator.yaml"),
      env: { ...process.env, STATE_DIRECTORY: folder.file("state") },
      strict: true,
      sink: new Writable({ write: (_chunk, _encoding, done) => done() }),
      observe: (fact) => void facts.push(fact),
      authorities,
    }),
  );
  const { status } = await telnyx.send(daemon.address, telnyx.samples(number).of("callIn"));
  assert.equal(status, 200);
  const isAttempt = (fact: Fact) => fact.is === "batch.attempted";
  const first = await eventually("an attempt", () => facts.find(isAttempt));
  return first.is === "batch.attempted" ? first : undefined;
}

describe("delivery over https", () => {
  it("reaches a backend whose certificate is signed by somebody we trust", async () => {
    await using tenant = await openTenant(certificate);
    const attempt = await deliverOneCall(tenant.url, [certificate.authority]);
    assert.equal(attempt?.verdict, "accepted");
    assert.equal(tenant.accepted()[0]?.count, 1);
  });

  it("reaches nobody whose certificate is signed by a stranger", async () => {
    await using tenant = await openTenant(certificate);
    const attempt = await deliverOneCall(tenant.url, []);
    assert.equal(attempt?.verdict, "again");
    assert.equal(tenant.received.length, 0);
  });
});
