import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createAddressRule } from "../../src/address.ts";
import { exchange } from "../../src/http/exchange.ts";
import { createGuardedAgent } from "../../src/http/guard.ts";
import { answering, dripping, ok, openBackend, type Serve } from "./backend.ts";

describe("exchange()", () => {
  it("gives the answer's status, text and wish", async () => {
    const text = "HTTP/1.1 429 Slow down\r\nretry-after: 7\r\ncontent-length: 4\r\n\r\nlate";
    await using backend = await openBackend(answering(text));
    assert.deepEqual(await backend.post(), { status: 429, retryAfter: "7", text: "late" });
  });

  it("follows no redirect", async () => {
    const text = "HTTP/1.1 307 No\r\nlocation: /other\r\ncontent-length: 0\r\n\r\n";
    await using backend = await openBackend(answering(text));
    assert.deepEqual(await backend.post(), { status: 307 });
    assert.equal(backend.connections(), 1);
  });

  for (const by of ["plain", "http", "https"] as const) {
    it(`uses a connection again: ${by}`, async () => {
      await using backend = await openBackend(answering(ok), { by });
      for (let count = 0; count < 3; count++) {
        assert.deepEqual(await backend.post(), { status: 200, text: "ok", body: "ok" });
      }
      assert.equal(backend.connections(), 1);
    });

    it(`tries a new connection where the kept one had been closed: ${by}`, async () => {
      await using backend = await openBackend((socket, connection) => {
        let requests = 0;
        socket.on("data", () => {
          if (connection === 1 && ++requests > 1) socket.destroy();
          else socket.write(ok);
        });
      }, { by });
      assert.equal((await backend.post()).status, 200);
      assert.equal((await backend.post()).status, 200);
      assert.equal(backend.connections(), 2);
    });
  }

  it("does not try again where a new connection is closed", async () => {
    await using backend = await openBackend((socket) =>
      void socket.on("data", () => socket.destroy())
    );
    assert.deepEqual(await backend.post(), { error: "ECONNRESET" });
    assert.equal(backend.connections(), 1);
  });

  it("is not sent again behind our back where it hangs on a kept connection", async () => {
    let requests = 0;
    await using backend = await openBackend((socket) => {
      socket.on("data", () => {
        requests += 1;
        if (requests === 1) socket.write(ok);
      });
    });
    assert.equal((await backend.post()).status, 200);
    const { error } = await backend.post({ timeoutMs: 200 });
    assert.equal(error, "timeout waiting for an answer");
    await backend.closed();
    assert.deepEqual([requests, backend.connections()], [2, 1]);
  });

  it("does not send a header that would be two", async () => {
    await using backend = await openBackend(answering(ok));
    const { error } = await backend.post({ headers: { "x-a": "1\r\nx-b: 2" } });
    assert.equal(error, "ERR_INVALID_CHAR");
    assert.equal(backend.connections(), 0);
  });

  it("frees the connection of a backend that answers before it has read everything", async () => {
    await using backend = await openBackend((socket) => {
      socket.once("data", () => {
        socket.pause();
        socket.write("HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n");
      });
    });
    const text = "x".repeat(16_000_000);
    for (let attempt = 0; attempt < 3; attempt++) {
      assert.deepEqual(await backend.post({ text }), { status: 503 });
    }
  });
});

describe("the time of an exchange", () => {
  const silent: Serve = () => {};

  it("is told apart by what it was spent on", async () => {
    await using backend = await openBackend(silent);
    const { error } = await backend.post({ timeoutMs: 500 });
    assert.equal(error, "timeout waiting for an answer");
    const headers = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n";
    await using slow = await openBackend(answering(headers));
    assert.deepEqual(await slow.post({ timeoutMs: 500 }), { error: "timeout reading the answer" });
    await using mute = await openBackend(silent, { by: "https", mute: true });
    assert.deepEqual(await mute.post({ timeoutMs: 500 }), { error: "timeout connecting" });
  });

  it("is shorter for connecting alone, the handshake included", async () => {
    await using mute = await openBackend(silent, { by: "https", mute: true });
    const startedAt = performance.now();
    const { error } = await mute.post({ timeoutMs: 60_000, connectMsMax: 100 });
    assert.equal(error, "timeout connecting");
    assert.ok(performance.now() - startedAt < 10_000);
    await mute.closed();
  });

  it("is over for a name that is never resolved, whoever gives up first", async () => {
    for (const [ours, agents] of [[100, 1_000], [10_000, 100]] as const) {
      const agent = createGuardedAgent("https:", {
        rule: createAddressRule([]),
        ownPorts: () => new Set(),
        connectMsMax: agents,
        socketsMax: 1,
        authorities: [],
        lookup: () => {},
      });
      const asked = { url: new URL("https://slow.example/"), agent, headers: {} };
      const body = new Uint8Array();
      const answered = await exchange({ ...asked, body, timeoutMs: 20_000, connectMsMax: ours });
      assert.equal(answered.error, "timeout connecting");
      assert.ok(answered.tookMs < 5_000);
      agent.destroy();
    }
  });

  it("does not end what is connected when the time for connecting is over", async () => {
    const answersLate: Serve = (socket) =>
      void socket.on("data", () => setTimeout(() => socket.write(ok), 1_300));
    const times = { timeoutMs: 20_000, connectMsMax: 1_000 };
    await Promise.all((["plain", "http", "https"] as const).map(async (by) => {
      await using backend = await openBackend(answersLate, { by });
      assert.equal((await backend.post(times)).status, 200);
      assert.equal((await backend.post(times)).status, 200, "on a kept connection");
      assert.equal(backend.connections(), 1);
    }));
  });

  it("goes on while a request waits for a connection", async () => {
    await using backend = await openBackend(silent);
    const [first, second] = await Promise.all([
      backend.post({ timeoutMs: 1_000 }),
      backend.post({ timeoutMs: 100 }),
    ]);
    assert.deepEqual(first, { error: "timeout waiting for an answer" });
    assert.deepEqual(second, { error: "timeout connecting" });
  });

  const reading = "timeout reading the answer";
  const waiting = "timeout waiting for an answer";
  const cases: readonly (readonly [string, string, string, string])[] = [
    ["nothing", "", "", waiting],
    ["provisional answers", "", "HTTP/1.1 103 Early\r\n\r\n", waiting],
    ["headers", "HTTP/1.1 200 OK\r\n", "x: y\r\n", waiting],
    ["JSON", "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n[", "1,", reading],
    ["what may be JSON", "HTTP/1.1 200 OK\r\n\r\n \r\n{", " ", reading],
  ];
  for (const [what, first, then, late] of cases) {
    it(`is not extended by one who drips ${what}`, async () => {
      await using backend = await openBackend(dripping(first, then));
      const { status, error } = await backend.post({ timeoutMs: 500 });
      assert.deepEqual([status, error], [undefined, late]);
      await backend.closed();
    });
  }
});
