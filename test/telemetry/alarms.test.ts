import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Fact } from "../../src/telemetry.ts";
import { stopClock } from "../support/clock.ts";
import {
  attempted,
  circuit,
  dead,
  failing,
  loaded,
  openAlarms,
  recorded,
  refused,
  sealed,
} from "./alarming.ts";

const minute = 60_000;
const hour = 60 * minute;

const large = (status: 413 | 415): Fact => ({ is: "webhook.large_or_encoded", status });
const gone: Fact = { is: "tenant.paused", tenant: "a", by: "gone" };
const times = (count: number, fact: Fact) => Array.from({ length: count }, () => fact);

/** Facts that raise an alarm, and facts that clear it. */
const pairs: readonly (readonly [string, Fact, Fact])[] = [
  ["tenant_failing a", failing("a"), { is: "tenant.recovered", tenant: "a" }],
  ["circuit_open a", circuit("opened"), circuit("closed")],
  ["paused_gone a", gone, { is: "tenant.resumed", tenant: "a" }],
  ["config_refused", { is: "config.refused", problems: [] }, loaded],
  ["config_refused", { is: "config.fell_back", problems: [] }, { is: "config.unchanged" }],
  ["clock_suspect", { is: "clock.suspect", offSeconds: 900 }, { is: "clock.trusted" }],
];

describe("createAlarms()", () => {
  for (const [name, raises, clears] of pairs) {
    it(`raises ${name} once by ${raises.is}, and clears it once by ${clears.is}`, async () => {
      await using alarms = openAlarms();
      alarms.tell(clears, raises, raises, raises);
      assert.deepEqual(alarms.names(), [name]);
      alarms.tell(clears, clears);
      assert.deepEqual(alarms.edges, [`+${name}`, `-${name}`]);
      assert.deepEqual(alarms.names(), []);
    });
  }

  it("keeps the alarms of tenants apart", async () => {
    await using alarms = openAlarms();
    alarms.tell(failing("a"), failing("b"), { is: "tenant.recovered", tenant: "a" });
    assert.deepEqual(alarms.names(), ["tenant_failing b"]);
  });

  it("tells since when an alarm has been raised", async () => {
    using _ = stopClock(1_000_000);
    await using alarms = openAlarms();
    alarms.tell(failing("a"));
    const [raised] = alarms.raised();
    assert.deepEqual(raised, { alarm: "tenant_failing", tenant: "a", since: 1_000_000 });
  });

  it("takes a pause by an operator for no alarm", async () => {
    await using alarms = openAlarms();
    alarms.tell({ is: "tenant.paused", tenant: "a", by: "operator" });
    assert.deepEqual(alarms.edges, []);
  });

  it("raises dead letters once in a flood, and clears them an hour after the last", async () => {
    await using alarms = openAlarms();
    for (let count = 0; count < 50; count++) {
      alarms.tell(dead("a"));
      alarms.pass(10 * minute);
    }
    assert.deepEqual(alarms.edges, ["+dead_letters a"]);
    alarms.pass(hour);
    assert.deepEqual(alarms.edges, ["+dead_letters a", "-dead_letters a"]);
  });

  it("raises what was answered 413 or 415, and clears it after an hour without", async () => {
    await using alarms = openAlarms();
    alarms.tell(large(413), large(415), large(413));
    alarms.pass(30 * minute);
    alarms.tell(large(415));
    alarms.pass(30 * minute);
    assert.deepEqual(alarms.names(), ["webhook_encoded"]);
    alarms.pass(30 * minute);
    assert.deepEqual(alarms.names(), []);
    assert.equal(alarms.edges.length, 4);
  });

  it("tells of a webhook that waits for an answer of its own", async () => {
    await using alarms = openAlarms();
    for (const type of ["assistant.initialization", "dynamic_variables"]) {
      alarms.tell({ ...recorded, type });
    }
    assert.deepEqual(alarms.names(), ["synchronous_hook"]);
    alarms.tell(recorded);
    alarms.pass(hour);
    assert.deepEqual(alarms.names(), []);
    assert.equal(alarms.edges.length, 2);
  });

  it("looks at the clock by itself, until disposed", async () => {
    using clock = stopClock();
    const alarms = openAlarms();
    alarms.tell(...times(20, recorded));
    alarms.skip(hour);
    await clock.pass(9_999);
    assert.deepEqual(alarms.names(), []);
    await clock.pass(1);
    assert.deepEqual(alarms.names(), ["silence"]);
    alarms.tell(recorded);
    alarms.skip(hour);
    await alarms[Symbol.asyncDispose]();
    await clock.pass(hour);
    assert.deepEqual(alarms.names(), []);
  });
});

describe("circuit_open", () => {
  it("lasts while the first URL is open, whatever the other one does", async () => {
    await using alarms = openAlarms();
    alarms.tell(circuit("opened"), circuit("opened", true), circuit("closed", true));
    alarms.tell(attempted("accepted", true));
    assert.deepEqual(alarms.names(), ["circuit_open a"]);
    alarms.tell(circuit("closed"));
    assert.deepEqual(alarms.edges, ["+circuit_open a", "-circuit_open a"]);
  });

  it("ends with the first URL working, where nobody asks the other one again", async () => {
    await using alarms = openAlarms();
    alarms.tell(circuit("opened"), circuit("opened", true), circuit("closed"));
    assert.deepEqual(alarms.names(), []);
  });

  it("ends with a first success where the URL was replaced", async () => {
    for (const success of ["accepted", "partly"] as const) {
      await using alarms = openAlarms();
      alarms.tell(circuit("opened"), attempted("again"));
      assert.deepEqual(alarms.names(), ["circuit_open a"]);
      alarms.tell(attempted(success));
      assert.deepEqual(alarms.names(), []);
    }
  });
});

describe("a tenant that is removed", () => {
  it("has its alarms cleared", async () => {
    await using alarms = openAlarms();
    alarms.tell(failing("a"), circuit("opened"), dead("a"), gone, failing("b"), loaded);
    assert.equal(alarms.names().length, 5);
    alarms.tenants.delete("a");
    alarms.tell(loaded);
    assert.deepEqual(alarms.names(), ["tenant_failing b"]);
  });

  it("gets no new one by what was still under way, nor one back that comes again", async () => {
    await using alarms = openAlarms();
    alarms.tell(circuit("opened"));
    alarms.tenants.delete("a");
    alarms.tell(loaded, failing("a"), circuit("opened"), dead("a"), gone);
    assert.deepEqual(alarms.names(), []);
    alarms.tenants.add("a");
    alarms.tell(loaded, circuit("opened", true), circuit("closed", true));
    assert.deepEqual(alarms.names(), []);
  });
});

describe("signatures_refused", () => {
  it("is raised by five refusals over a minute, and cleared by the first webhook", async () => {
    await using alarms = openAlarms();
    alarms.tell(...times(10, refused));
    alarms.pass(59_000);
    alarms.tell(refused);
    assert.deepEqual(alarms.names(), []);
    alarms.pass(1_000);
    alarms.tell(refused, refused);
    assert.deepEqual(alarms.names(), ["signatures_refused"]);
    alarms.tell(recorded, refused);
    assert.deepEqual(alarms.edges, ["+signatures_refused", "-signatures_refused"]);
  });

  it("needs five, with nothing right in between and no long pause", async () => {
    await using alarms = openAlarms();
    for (let count = 0; count < 8; count++) {
      alarms.tell(refused);
      alarms.pass(11 * minute);
    }
    for (let count = 0; count < 8; count++) {
      alarms.tell(refused, refused, recorded);
      alarms.pass(30_000);
    }
    alarms.tell(...times(4, refused));
    alarms.pass(2 * minute);
    assert.deepEqual(alarms.names(), []);
    alarms.tell(refused);
    assert.deepEqual(alarms.names(), ["signatures_refused"]);
  });
});

describe("silence", () => {
  it("is ten times the usual gap", async () => {
    await using alarms = openAlarms();
    for (let count = 0; count < 30; count++) {
      alarms.pass(10 * minute);
      alarms.tell(recorded);
    }
    alarms.pass(99 * minute);
    assert.deepEqual(alarms.names(), []);
    alarms.pass(minute);
    assert.deepEqual(alarms.names(), ["silence"]);
    alarms.tell(recorded, recorded);
    assert.deepEqual(alarms.edges, ["+silence", "-silence"]);
  });

  it("is at least as long as the config says, and goes by gaps between bursts", async () => {
    await using alarms = openAlarms();
    alarms.tell(...times(1_000, recorded));
    alarms.pass(29 * minute);
    assert.deepEqual(alarms.names(), []);
    alarms.pass(minute);
    assert.deepEqual(alarms.names(), ["silence"]);
    alarms.tell(...times(1_000, recorded));
    alarms.pass(4 * hour);
    assert.deepEqual(alarms.names(), [], "half an hour is usual by now");
    alarms.pass(hour);
    assert.deepEqual(alarms.names(), ["silence"]);
  });

  it("is none where hardly anything has ever come", async () => {
    await using alarms = openAlarms();
    alarms.pass(24 * hour);
    alarms.tell(...times(19, recorded));
    alarms.pass(24 * hour);
    assert.deepEqual(alarms.names(), []);
  });

  it("is none while we refuse what comes, but wrong signatures are silence", async () => {
    await using alarms = openAlarms();
    alarms.tell(...times(20, recorded));
    alarms.pass(29 * minute);
    alarms.tell({ is: "webhook.refused", why: "log_unavailable" });
    alarms.pass(29 * minute);
    alarms.tell(refused);
    assert.deepEqual(alarms.names(), []);
    alarms.pass(5 * hour);
    assert.deepEqual(alarms.names(), ["silence"]);
  });
});

describe("store_broken", () => {
  it("is cleared by the next success", async () => {
    for (const success of [recorded, sealed]) {
      await using alarms = openAlarms();
      alarms.tell({ is: "store.broken", why: "disk full" });
      alarms.pass(hour);
      alarms.tell(success, success);
      assert.deepEqual(alarms.edges, ["+store_broken", "-store_broken"]);
    }
  });

  it("is one alarm while failures and successes alternate", async () => {
    await using alarms = openAlarms();
    for (let count = 0; count < 10; count++) {
      alarms.tell({ is: "store.broken", why: "disk full" });
      alarms.pass(minute);
      alarms.tell(recorded);
    }
    assert.deepEqual(alarms.edges, ["+store_broken"]);
    alarms.pass(minute);
    alarms.tell(recorded);
    assert.deepEqual(alarms.names(), []);
  });
});
