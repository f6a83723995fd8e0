import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { good, load, tenantWith } from "./fixture.ts";

const tenantOf = async (lines: string, top?: string) =>
  (await good(tenantWith(lines, top))).tenants.get("acme") ?? assert.fail();

const layoutOf = async (lines: string, top?: string) => (await tenantOf(lines, top)).window.layout;

const problemsOf = async (lines: string, top?: string) =>
  (await load(tenantWith(lines, top))).problems;

const needsEnvelope = "delivery.include_signatures needs the format envelope, " +
  'whose routing they stand in: received "array"';

describe("loadConfig() of formats", () => {
  it("makes a layout of the format and whether signatures are included", async () => {
    assert.equal(await layoutOf("delivery: { include_signatures: true }"), "envelope/1+proof");
    for (const format of ["envelope", "array", "ndjson", "cloudevents", "single"]) {
      assert.equal(await layoutOf(`format: ${format}`), `${format}/1`);
      assert.equal(await layoutOf("", `defaults: { format: ${format} }\n`), `${format}/1`);
    }
  });

  it("refuses signatures in a format that has no place for them", async () => {
    const included = "delivery: { include_signatures: true }";
    assert.deepEqual(await problemsOf(`format: array\n${included}`), [
      `aggregator.yaml:6:37 tenants.acme.delivery.include_signatures: ${needsEnvelope}`,
    ]);
    assert.deepEqual(await problemsOf("format: array", `defaults: { ${included} }\n`), [
      `aggregator.yaml:6:13 tenants.acme.format: ${needsEnvelope}`,
    ]);
    assert.deepEqual(await problemsOf("", `defaults: { format: array, ${included} }\n`), [
      `aggregator.yaml:2:60 defaults.delivery.include_signatures: ${needsEnvelope}`,
    ]);
  });

  it("lets a tenant do without what the defaults include", async () => {
    const top = "defaults: { delivery: { include_signatures: true } }\n";
    const own = "format: array\ndelivery: { include_signatures: false }";
    assert.equal(await layoutOf(own, top), "array/1");
  });
});

describe("loadConfig() of deliveries", () => {
  it("reads rates of requests, of events, or of both", async () => {
    const rateOf = async (rate: string, top?: string) =>
      (await tenantOf(`delivery: { rate: ${rate} }`, top)).destination.rate;
    const twenty = { count: 20, perMs: 1_000 };
    assert.equal(await rateOf("none"), undefined);
    assert.deepEqual(await rateOf("20/s"), { requests: twenty });
    assert.deepEqual(await rateOf("{ events: 20/s }"), { events: twenty });
    const both = { requests: { count: 5, perMs: 60_000 }, events: twenty };
    assert.deepEqual(await rateOf("{ requests: 5/m, events: 20/s }"), both);
    const top = "defaults: { delivery: { rate: 5/m } }\n";
    assert.deepEqual(await rateOf("{ events: 20/s }", top), both);
    assert.deepEqual(await rateOf("20/s", "defaults: { delivery: { rate: { events: 1/h } } }\n"), {
      requests: twenty,
    });
    assert.equal(await rateOf("none", top), undefined);
  });

  it("reads compression and the version of the secret", async () => {
    const { destination } = await tenantOf("delivery: { gzip: true }\nsecret_version: 7");
    assert.deepEqual([destination.gzip, destination.secretVersion], [true, 7]);
  });

  it("asks of the failover_url what it asks of the callback_url", async () => {
    const problems = await problemsOf("failover_url: https://10.0.0.1/");
    assert.match(problems.join(), /^aggregator.yaml:5:19 tenants.acme.failover_url: must be a pub/);
    assert.match((await problemsOf("failover_url: http://x.example/")).join(), /must be https/);
    const allowed = "callbacks: { allow_private: [10.0.0.1/32] }\n";
    const { destination } = await tenantOf("failover_url: http://10.0.0.1/", allowed);
    assert.equal(destination.failoverUrl, "http://10.0.0.1/");
  });

  it("refuses a failover_url that is the callback_url", async () => {
    assert.deepEqual(await problemsOf("failover_url: https://hooks.acme.example:443"), [
      "aggregator.yaml:5:19 tenants.acme.failover_url: must be another URL than callback_url, " +
      "which it stands in for",
    ]);
  });

  it("asks the same of alerts.url, and keeps to the bounds of silence", async () => {
    const problems = await problemsOf("", "alerts: { url: https://127.0.0.1/, silence: 1s }\n");
    assert.match(problems.join("\n"), /:2:16 alerts.url: must be a public https URL/);
    assert.match(problems.join("\n"), /alerts.silence: must be between 1m and 7d/);
    const { alerts } = await good(tenantWith("", "alerts: { silence: 2h }\n"));
    assert.deepEqual(alerts, { silenceMs: 2 * 3_600_000 });
  });
});
