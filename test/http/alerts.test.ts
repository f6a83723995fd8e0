import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Webhook } from "standardwebhooks";
import { createAddressRule } from "../../src/address.ts";
import { signal } from "../../src/flow/signal.ts";
import { createAlerts } from "../../src/http/alerts.ts";
import { createSender } from "../../src/http/send.ts";
import { createSeed, createSigning } from "../../src/signing.ts";
import type { Alarm, Fact } from "../../src/telemetry.ts";
import { stopClock, until } from "../support/clock.ts";
import { openTenant, type Received, type TenantBackend } from "../support/tenant.ts";

interface Told {
  readonly alarm: Alarm;
  readonly state: "raised" | "cleared";
  readonly tenant?: string;
  readonly since: string;
  readonly until?: string;
  readonly text: string;
}

const toldIn = ({ body }: Received): readonly Told[] => JSON.parse(body.toString("utf8")).alarms;

const line = ({ state, alarm, tenant }: Told) => `${state} ${alarm} ${tenant ?? ""}`.trim();

const linesIn = ({ received }: TenantBackend) => received.map((one) => toldIn(one).map(line));

const stepsMax = 10_000;

/** Alerts that go to this URL over real sockets, while the clock stands still. */
function openAlerts(allow = ["127.0.0.1/32"]) {
  const clock = stopClock();
  const signing = createSigning(createSeed());
  const rule = createAddressRule(allow);
  const sender = createSender({
    signing,
    rule: () => rule,
    ownPorts: () => new Set(),
    version: "1",
  });
  const facts: Fact[] = [];
  const reloaded = signal();
  let url: string | undefined;
  let attempts = 0;
  let underWay = 0;
  const alerts = createAlerts({
    url: () => url,
    reconfigured: (stop) => reloaded.next(stop),
    async post(...request) {
      underWay += 1;
      const answered = await sender.post(...request);
      underWay -= 1;
      attempts += 1;
      return answered;
    },
    random: () => 1,
    now: () => Date.now(),
    state: (fact) => facts.push(fact),
  });
  return {
    facts,
    pass: clock.pass,
    secret: signing.keysOf("aggregator").secret,
    attempts: () => attempts,
    to(next: string | undefined) {
      url = next;
      reloaded.raise();
    },
    raise: (alarm: Alarm, tenant?: string) =>
      alerts.state({ is: "alarm.raised", alarm, ...(tenant === undefined ? {} : { tenant }) }),
    clear: (alarm: Alarm, tenant?: string) =>
      alerts.state({ is: "alarm.cleared", alarm, ...(tenant === undefined ? {} : { tenant }) }),
    /** Lets time pass until a request is under way. */
    async asked(everyMs = 1_000) {
      for (let step = 0; underWay === 0 && step < stepsMax; step++) await clock.pass(everyMs);
    },
    /** Lets time pass until so many attempts have ended; none while one is under way. */
    async attempted(count: number, everyMs = 1_000) {
      for (let step = 0; attempts < count && step < stepsMax; step++) {
        await until("an answer", () => underWay === 0);
        if (attempts < count) await clock.pass(everyMs);
      }
      await clock.pass(0);
    },
    async [Symbol.asyncDispose]() {
      await alerts[Symbol.asyncDispose]();
      sender[Symbol.dispose]();
      clock[Symbol.dispose]();
    },
  };
}

describe("createAlerts()", () => {
  it("posts an alarm and its end, signed as the aggregator", async () => {
    await using backend = await openTenant();
    await using alerts = openAlerts();
    alerts.to(backend.url);
    alerts.raise("tenant_failing", "acme");
    await alerts.attempted(1);
    const [received] = backend.received;
    assert.ok(received);
    const { headers, body } = received;
    const text = body.toString("utf8");
    const signed = {
      "webhook-id": String(headers["webhook-id"]),
      "webhook-timestamp": String(headers["webhook-timestamp"]),
      "webhook-signature": String(headers["webhook-signature"]),
    };
    const { id, timestamp, alarms: _, ...rest } = JSON.parse(text);
    const alarms = toldIn(received);
    const since = alarms[0]?.since ?? "";
    assert.match(id, /^alarm_[0-9a-f-]{36}$/);
    assert.equal(signed["webhook-id"], id);
    assert.equal(headers["content-type"], "application/json");
    // The library looks at a clock that stands still here, too.
    assert.ok(new Webhook(alerts.secret).verify(text, signed));
    assert.deepEqual(rest, { type: "aggregator.alarms", version: 1 });
    assert.ok(Date.parse(timestamp) >= Date.parse(since));
    assert.deepEqual(alarms, [{
      alarm: "tenant_failing",
      state: "raised",
      tenant: "acme",
      since: "2026-11-20T10:00:00.000Z",
      text: 'Tenant "acme" has accepted nothing for five minutes: its events wait',
    }]);
    alerts.clear("tenant_failing", "acme");
    await alerts.attempted(2);
    const [cleared] = toldIn(backend.received[1] ?? received);
    assert.equal(cleared?.state, "cleared");
    assert.equal(cleared?.since, since);
    assert.ok(Date.parse(cleared?.until ?? "") > Date.parse(since));
  });

  it("tells a storm in a few requests, the oldest first", async () => {
    await using backend = await openTenant();
    await using alerts = openAlerts();
    alerts.to(backend.url);
    for (let count = 0; count < 950; count++) alerts.raise("tenant_failing", `t${count}`);
    await alerts.attempted(10);
    const lines = linesIn(backend);
    assert.equal(lines.length, 10);
    assert.ok(lines.every(({ length }) => length <= 100));
    assert.deepEqual(
      lines.flat(),
      Array.from({ length: 950 }, (_, count) => `raised tenant_failing t${count}`),
    );
  });

  it("tells one line of an alarm that flaps while nobody answers", async () => {
    await using backend = await openTenant();
    backend.behave(() => 503);
    await using alerts = openAlerts();
    alerts.to(backend.url);
    alerts.raise("circuit_open", "acme");
    await alerts.attempted(1);
    for (let count = 0; count < 50; count++) {
      alerts.clear("circuit_open", "acme");
      alerts.raise("circuit_open", "acme");
    }
    backend.behave(() => 200);
    await alerts.attempted(2);
    assert.deepEqual(linesIn(backend), [["raised circuit_open acme"], [
      "raised circuit_open acme",
    ]]);
    await alerts.pass(60_000);
    assert.equal(alerts.attempts(), 2);
  });

  it("tells nothing of an alarm that is over within a second", async () => {
    await using backend = await openTenant();
    await using alerts = openAlerts();
    alerts.to(backend.url);
    alerts.raise("silence");
    alerts.clear("silence");
    await alerts.pass(60_000);
    alerts.raise("store_broken");
    await alerts.attempted(1);
    assert.deepEqual(linesIn(backend), [["raised store_broken"]]);
  });

  it("tries again, ever more rarely up to an hour, for a day", async () => {
    await using backend = await openTenant();
    backend.behave(() => 410);
    await using alerts = openAlerts();
    alerts.to(backend.url);
    const times: number[] = [];
    alerts.raise("silence");
    for (let count = 1; alerts.facts.length === 0; count++) {
      await alerts.attempted(count, 20_000);
      times.push(Date.now());
    }
    const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
    assert.ok(Math.max(...gaps) <= 3_640_000);
    assert.ok(Math.max(...gaps) >= 3_600_000);
    assert.ok(times.length >= 30 && times.length < 60, `${times.length} attempts`);
    assert.deepEqual(alerts.facts, [
      { is: "alarm.undelivered", alarm: "silence", why: "status 410" },
    ]);
    alerts.clear("silence");
    await alerts.pass(7_200_000);
    assert.equal(alerts.attempts(), times.length, "nobody was told of its beginning");
  });

  it("goes to a corrected URL at once, and keeps nothing where there is none", async () => {
    await using backend = await openTenant();
    await using alerts = openAlerts();
    alerts.raise("silence");
    alerts.to("http://127.0.0.1:1/");
    await alerts.pass(60_000);
    assert.equal(alerts.attempts(), 0);
    alerts.raise("config_refused");
    await alerts.attempted(8, 60_000);
    const before = Date.now();
    alerts.to(backend.url);
    await alerts.attempted(9);
    assert.ok(Date.now() - before < 30_000);
    assert.deepEqual(linesIn(backend), [["raised config_refused"]]);
    alerts.to(undefined);
    alerts.clear("config_refused");
    alerts.to(backend.url);
    await alerts.pass(60_000);
    assert.equal(alerts.attempts(), 9);
  });

  it("connects to public addresses only", async () => {
    await using backend = await openTenant();
    await using alerts = openAlerts([]);
    alerts.to(backend.url);
    alerts.raise("silence");
    await alerts.attempted(1);
    assert.equal(backend.received.length, 0);
  });

  it("has one request under way, states what gives way, and ends without an answer", async () => {
    await using backend = await openTenant();
    backend.behave(() => undefined);
    await using alerts = openAlerts();
    alerts.to(backend.url);
    alerts.raise("silence");
    await alerts.asked();
    await until("a request", () => backend.received.length === 1);
    for (let count = 0; count < 20_001; count++) alerts.raise("tenant_failing", `t${count}`);
    assert.deepEqual(alerts.facts, [
      { is: "alarm.undelivered", alarm: "silence", why: "too many wait" },
      { is: "alarm.undelivered", alarm: "tenant_failing", why: "too many wait" },
    ]);
    assert.equal(backend.received.length, 1);
  });
});
