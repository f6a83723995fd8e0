import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { good, load, smallest, tenantWith } from "./fixture.ts";

const acmeOf = async (lines: string, top?: string) =>
  (await good(tenantWith(lines, top))).tenants.get("acme") ?? assert.fail();

describe("window.session", () => {
  it("is read with what belongs to it", async () => {
    const { window } = await acmeOf(
      "window: { session: message, linger: 0s, max_age: 1h, compact: true }\n" +
        "delivery: { catch_up: oldest_first }",
    );
    assert.equal(window.session, "message");
    assert.deepEqual([window.lingerMs, window.maxAgeMs], [0, 3_600_000]);
    assert.equal(window.compact, true);
    assert.equal(window.catchUp, "oldest_first");
    assert.equal("session" in (await acmeOf("paused: true")).window, false);
  });

  it("makes nothing immediate, unless the tenant itself writes what is", async () => {
    const session = "window: { session: call }";
    assert.deepEqual((await acmeOf(session)).immediate, []);
    assert.deepEqual((await acmeOf(session, "defaults: { immediate: [a.b] }\n")).immediate, []);
    const own = `${session}\nimmediate: [call.hangup]`;
    assert.deepEqual((await acmeOf(own)).immediate, ["call.hangup"]);
    const more = await acmeOf(`${session}\nimmediate: [default, c]`, "defaults: { drop: [x] }\n");
    assert.equal(more.immediate.length, 16);
    assert.equal((await acmeOf("window: { compact: true }")).immediate.length, 15);
  });

  it("may be set for all, and for one of them not", async () => {
    const defaults = "defaults: { window: { session: call }, immediate: [a.b] }\n";
    assert.deepEqual((await acmeOf("paused: true", defaults)).immediate, []);
    assert.deepEqual((await acmeOf("immediate: [c]", defaults)).immediate, ["c"]);
    const none = await acmeOf("window: { session: none }", defaults);
    assert.equal("session" in none.window, false);
    assert.deepEqual(none.immediate, ["a.b"]);
  });
});

describe("unassigned", () => {
  it("says how long events wait for an owner", async () => {
    const { unassigned } = await good(`${smallest}unassigned: { hold: 1h }\n`);
    assert.deepEqual(unassigned, { holdMs: 3_600_000 });
  });

  it("is a tenant by the defaults where it has a callback, but without sessions", async () => {
    const { tenants, unassigned } = await good(
      `${smallest}unassigned: { callback_url: "https://ops.example/x" }\n` +
        "defaults: { window: { max_wait: 9s, session: call }, immediate: [a], drop: [b] }\n",
    );
    const { copies } = unassigned;
    assert.equal(copies?.id, "unassigned");
    assert.equal(copies.destination.url, "https://ops.example/x");
    assert.deepEqual([copies.immediate, copies.drop], [["a"], ["b"]]);
    assert.equal(copies.window.maxWaitMs, 9_000);
    assert.equal("session" in copies.window, false);
    assert.equal(copies.channels.size, 4);
    assert.deepEqual([copies.numbers, copies.publicKeys, copies.paused], [[], [], false]);
    assert.deepEqual([...tenants.keys()], ["acme"]);
  });

  it("goes to a public address, as every callback", async () => {
    const { problems } = await load(
      `${smallest}unassigned: { callback_url: "https://10.0.0.1" }\n`,
    );
    assert.match(
      problems.join(),
      /^aggregator.yaml:7:29 unassigned.callback_url: must be a public https URL: 10.0.0.1 is not/,
    );
    const allowed = "callbacks: { allow_private: [10.0.0.1/32] }\n" +
      'unassigned: { callback_url: "http://10.0.0.1" }\n';
    assert.deepEqual((await load(smallest + allowed)).problems, []);
  });
});
