import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createLog, type Level, levelOf } from "../../src/telemetry/log.ts";
import type { Fact } from "../../src/telemetry.ts";

function sink() {
  const lines: string[] = [];
  return {
    lines,
    writableLength: 0,
    write(text: string) {
      lines.push(text);
      return true;
    },
  };
}

const stopped: Fact = { is: "daemon.stopped" };
const attempted = (verdict: "accepted" | "again"): Fact => ({
  is: "batch.attempted",
  tenant: "acme",
  batch: "bat_1",
  attempt: 1,
  verdict,
  failover: false,
  origin: "https://hooks.acme.example",
  status: 200,
  tookMs: 5,
  ageMs: 10,
});

describe("createLog()", () => {
  it("writes one line of JSON per fact, with the severity journald reads", () => {
    const out = sink();
    createLog(out, () => "info")(attempted("again"));
    assert.equal(out.lines.length, 1);
    const [line = ""] = out.lines;
    assert.ok(line.endsWith("\n") && line.indexOf("\n") === line.length - 1);
    const { time, level, PRIORITY, fact, is, batch } = JSON.parse(line);
    assert.ok(Date.parse(time) > 0);
    assert.deepEqual([level, PRIORITY, fact, is, batch], [
      "warn",
      4,
      "batch.attempted",
      undefined,
      "bat_1",
    ]);
  });

  it("writes what is at least as loud as the level in force", () => {
    const out = sink();
    let level: Level = "warn";
    const log = createLog(out, () => level);
    log(stopped);
    assert.equal(out.lines.length, 0);
    log({ is: "store.broken", why: "gone" });
    level = "info";
    log(stopped);
    log({ is: "store.pruned", events: 1 });
    assert.equal(out.lines.length, 2);
    level = "debug";
    log({ is: "store.pruned", events: 1 });
    assert.equal(out.lines.length, 3);
  });

  it("loses lines when nobody reads, and says afterwards how many", () => {
    const out = sink();
    const log = createLog(out, () => "info");
    out.writableLength = 5 * 1_024 * 1_024;
    for (let count = 0; count < 3; count++) log(stopped);
    assert.deepEqual(out.lines, []);
    out.writableLength = 0;
    log(stopped);
    log(stopped);
    assert.deepEqual(out.lines.map((line) => JSON.parse(line).lost), [3, undefined]);
  });
});

describe("levelOf()", () => {
  it("is louder for what went wrong", () => {
    assert.equal(levelOf(attempted("accepted")), "info");
    assert.equal(levelOf(attempted("again")), "warn");
    assert.equal(levelOf({ is: "clock.suspect", offSeconds: 1 }), "error");
    const pause = { is: "tenant.paused", tenant: "acme" } as const;
    assert.equal(levelOf({ ...pause, by: "operator" }), "info");
    assert.equal(levelOf({ ...pause, by: "gone" }), "warn");
  });

  it("is loudest for an alarm, and quiet for its end", () => {
    assert.equal(levelOf({ is: "alarm.raised", alarm: "silence" }), "error");
    assert.equal(levelOf({ is: "alarm.cleared", alarm: "silence" }), "info");
    assert.equal(levelOf({ is: "alarm.undelivered", alarm: "silence", why: "" }), "error");
  });
});
