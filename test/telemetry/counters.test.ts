import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createCounters } from "../../src/telemetry/counters.ts";
import type { Fact } from "../../src/telemetry.ts";

const recorded = (status: "queued" | "duplicate", conflict: boolean): Fact => ({
  is: "webhook.recorded",
  status,
  channel: "voice",
  type: "call.hangup",
  tenants: ["acme"],
  conflict,
  tookMs: 1,
});

describe("createCounters()", () => {
  it("begins with nothing", () => {
    assert.deepEqual(createCounters().read(), {
      webhooks: {},
      attempts: {},
      batches: 0,
      conflicts: 0,
      circuits: {},
      dead: 0,
    });
  });

  it("counts what it is told", () => {
    const { state, read } = createCounters();
    const origin = "https://a.example";
    const sent = { tenant: "a", batch: "b", attempt: 1, failover: false, origin };
    const attempted = { ...sent, tookMs: 1, ageMs: 1 };
    const facts: readonly Fact[] = [
      recorded("queued", false),
      recorded("queued", true),
      recorded("duplicate", false),
      { is: "webhook.refused", why: "inbox_full" },
      { is: "webhook.large_or_encoded", status: 413 },
      { is: "batch.attempted", verdict: "again", ...attempted },
      { is: "batch.attempted", verdict: "accepted", ...attempted },
      { is: "batch.attempted", verdict: "split", ...attempted },
      { is: "circuit.opened", tenant: "a", origin, failover: false, why: "status 503" },
      { is: "circuit.closed", tenant: "a", origin, failover: false },
      { is: "events.dead", tenant: "a", count: 3, reason: "expired" },
      { is: "events.dead", tenant: "b", count: 1, reason: "refused" },
      { is: "daemon.stopped" },
    ];
    facts.forEach(state);
    assert.deepEqual(read(), {
      webhooks: { queued: 2, duplicate: 1, inbox_full: 1, 413: 1 },
      attempts: { again: 1, accepted: 1, split: 1 },
      batches: 0,
      conflicts: 1,
      circuits: { opened: 1, closed: 1 },
      dead: 4,
    });
  });
});
