import assert from "node:assert/strict";
import { statSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import process from "node:process";
import { describe, it } from "node:test";
import { AggregatorError } from "../src/errors.ts";
import { answerJson, describeListen, type Handler, openServer } from "../src/http.ts";
import { ask, connectRaw, listen, shortPatience } from "./http/shared.ts";
import { temporaryFolder } from "./support/folder.ts";

const ok: Handler = (request, response) => {
  request.resume();
  answerJson(response, 200, { ok: true });
};

describe("openServer()", () => {
  it("listens where it is told, and says where that is", async () => {
    await using server = await listen(ok);
    assert.equal(server.address, `http://127.0.0.1:${server.port}`);
    const { status, headers, body } = await ask({ port: server.port });
    assert.deepEqual([status, headers["content-type"], body], [
      200,
      "application/json",
      '{"ok":true}',
    ]);
  });

  it("says which address is taken", async () => {
    await using server = await listen(ok);
    const at = { kind: "tcp", host: "127.0.0.1", port: server.port } as const;
    const second = openServer({ at, handle: ok, connectionsMax: 1, drainMsMax: 1 });
    await assert.rejects(second, (error: unknown) => {
      assert.ok(error instanceof AggregatorError);
      assert.equal(error.code, "listen");
      assert.match(
        error.message,
        new RegExp(`^Cannot listen on http://127.0.0.1:${server.port}: `),
      );
      return true;
    });
  });

  it("listens on a socket file for everybody where that is wanted", async () => {
    await using folder = await temporaryFolder();
    const at = { kind: "unix", path: folder.file("http.sock") } as const;
    const limits = { connectionsMax: 1, drainMsMax: 1_000, forEverybody: true };
    await using _server = await openServer({ at, handle: ok, ...limits });
    assert.equal(statSync(at.path).mode & 0o777, 0o666);
  });

  it("listens on a socket file that is its owner's alone", async () => {
    await using folder = await temporaryFolder();
    const path = folder.file("admin.sock");
    const at = { kind: "unix", path } as const;
    const open = () => openServer({ at, handle: ok, connectionsMax: 1, drainMsMax: 1_000 });
    const before = process.umask();
    {
      await using server = await open();
      assert.equal(server.address, `unix:${path}`);
      assert.equal(server.port, undefined);
      assert.equal(statSync(path).mode & 0o777, 0o600);
      assert.equal(process.umask(), before);
      const status = await new Promise((resolve) => {
        request({ socketPath: path }, (response) => {
          response.resume();
          resolve(response.statusCode);
        }).end();
      });
      assert.equal(status, 200);
    }
    assert.equal(statSync(path, { throwIfNoEntry: false }), undefined);
  });

  it("takes the place of a socket file that was left behind, but of nothing else", async () => {
    await using folder = await temporaryFolder();
    const path = folder.file("admin.sock");
    const at = { kind: "unix", path } as const;
    const options = { at, handle: ok, connectionsMax: 1, drainMsMax: 1_000 };
    writeFileSync(path, "somebody's");
    await assert.rejects(openServer(options), /^AggregatorError: Cannot listen on unix:/);
    assert.equal(statSync(path).size, 10);
  });

  it("says that systemd passed no socket of that name", async () => {
    const at = { kind: "fd", name: "nobody" } as const;
    const open = openServer({ at, handle: ok, connectionsMax: 1, drainMsMax: 1 });
    await assert.rejects(open, /Cannot listen on fd:nobody: systemd passed no socket/);
    assert.notEqual(process.umask(), 0o177);
  });

  it("writes addresses as people do", () => {
    assert.equal(describeListen({ kind: "tcp", host: "::1", port: 80 }), "http://[::1]:80");
    assert.equal(describeListen({ kind: "unix", path: "/run/x" }), "unix:/run/x");
    assert.equal(describeListen({ kind: "fd", name: "http" }), "fd:http");
  });
});

describe("a slow sender", () => {
  it("is cut off while it sends headers", async () => {
    await using server = await listen(ok, shortPatience);
    using slow = await connectRaw(server.port);
    slow.write("POST / HTTP/1.1\r\nhost: x\r\n");
    assert.match(await slow.closed, /^HTTP\/1.1 408 /);
  });

  it("is cut off while it sends a body", async () => {
    let destroyed = false;
    const waits: Handler = (request) => void request.on("close", () => destroyed = true).resume();
    await using server = await listen(waits, shortPatience);
    using slow = await connectRaw(server.port);
    slow.write("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n");
    const drip = setInterval(() => slow.write("x"), 50);
    assert.match(await slow.closed, /^HTTP\/1.1 408 /);
    clearInterval(drip);
    assert.equal(destroyed, true);
  });

  it("is cut off after an early answer, too", async () => {
    const refuses: Handler = (_, response) => answerJson(response, 401, {});
    const patience = { ...shortPatience, requestMsMax: 60_000 };
    await using server = await listen(refuses, patience);
    using slow = await connectRaw(server.port);
    slow.write("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n");
    const drip = setInterval(() => slow.write("x"), 50);
    assert.match(await slow.closed, /^HTTP\/1.1 401 /);
    clearInterval(drip);
  });

  it("gets its early answer while it sends, and may go on with the connection", async () => {
    const refuses: Handler = (request, response) =>
      answerJson(response, request.method === "POST" ? 413 : 200, {});
    await using server = await listen(refuses);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const body = new Uint8Array(8 * 1_024 * 1_024);
    const { status } = await ask({ port: server.port, method: "POST", body, agent });
    assert.equal(status, 413);
    assert.equal((await ask({ port: server.port, agent })).status, 200);
    agent.destroy();
  });
});

describe("what HTTP leaves open", () => {
  const post = "POST / HTTP/1.1\r\nhost: x\r\n";

  it("refuses a body of two lengths", async () => {
    let handled = 0;
    await using server = await listen((request, response) => {
      handled++;
      ok(request, response);
    });
    for (
      const text of [
        `${post}content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n`,
        `${post}content-length: 3\r\ncontent-length: 4\r\n\r\nabcd`,
        `${post}transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n`,
        "GET / HTTP/1.1\r\nhost: x\r\nx: a\rb\r\n\r\n",
        "\x16\x03\x01\x02\x00",
      ]
    ) {
      using client = await connectRaw(server.port);
      client.write(`${text}\r\n\r\n`);
      assert.match(await client.closed, /^HTTP\/1.1 400 /, JSON.stringify(text));
    }
    assert.equal(handled, 0);
  });

  it("refuses headers without end", async () => {
    await using server = await listen(ok);
    using client = await connectRaw(server.port);
    client.write(`${post}x: ${"y".repeat(20_000)}\r\n\r\n`);
    assert.match(await client.closed, /^HTTP\/1.1 431 /);
  });

  it("tells nobody to go on who is refused", async () => {
    await using server = await listen((_, response) => answerJson(response, 401, {}));
    using client = await connectRaw(server.port);
    client.write(`${post}expect: 100-continue\r\ncontent-length: 3\r\n\r\n`);
    const came = await client.closed;
    assert.match(came, /^HTTP\/1.1 401 /);
    assert.doesNotMatch(came, /100 Continue/);
    assert.match(came, /connection: close/i);
  });
});

describe("stopping", () => {
  it("resets nobody who sends without a pause", async () => {
    const handle: Handler = (request, response) => {
      request.resume();
      request.on("end", () => setTimeout(() => answerJson(response, 200, {}), 2));
    };
    const server = await listen(handle);
    const errors: string[] = [];
    let answered = 0;
    async function client(): Promise<void> {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      try {
        for (;;) {
          const { headers } = await ask({ port: server.port, method: "POST", body: "hi", agent });
          answered++;
          if (headers.connection === "close") return;
        }
      } catch (error) {
        errors.push(String(error));
      } finally {
        agent.destroy();
      }
    }
    const clients = Array.from({ length: 16 }, client);
    while (answered < 500) await new Promise((resolve) => setTimeout(resolve, 5));
    await server[Symbol.asyncDispose]();
    await Promise.all(clients);
    assert.deepEqual(errors, []);
    await assert.rejects(ask({ port: server.port }), /ECONNREFUSED/);
  });

  it("lets an answer under way end, and closes idle connections", async () => {
    const { promise: asked, resolve: begin } = Promise.withResolvers<() => void>();
    const server = await listen((_, response) => begin(() => answerJson(response, 200, {})));
    const agent = new Agent({ keepAlive: true });
    const answer = ask({ port: server.port, agent });
    const finish = await asked;
    using idle = await connectRaw(server.port);
    const closed = server[Symbol.asyncDispose]();
    await idle.closed;
    finish();
    const { status, headers } = await answer;
    assert.deepEqual([status, headers.connection], [200, "close"]);
    await closed;
    await server[Symbol.asyncDispose]();
    agent.destroy();
  });

  it("waits for an answer that never comes only so long", async () => {
    const at = { kind: "tcp", host: "127.0.0.1", port: 0 } as const;
    const { promise: asked, resolve } = Promise.withResolvers<void>();
    const handle: Handler = () => resolve();
    const server = await openServer({ at, handle, connectionsMax: 10, drainMsMax: 100 });
    const hanging = assert.rejects(ask({ port: server.port ?? 0 }));
    await asked;
    await server[Symbol.asyncDispose]();
    await hanging;
  });

  it("holds no more connections than it may", async () => {
    const at = { kind: "tcp", host: "127.0.0.1", port: 0 } as const;
    await using server = await openServer({ at, handle: ok, connectionsMax: 2, drainMsMax: 500 });
    const port = server.port ?? 0;
    using first = await connectRaw(port);
    using second = await connectRaw(port);
    using third = await connectRaw(port);
    assert.equal(await third.closed, "");
    server.setConnectionsMax(3);
    using fourth = await connectRaw(port);
    fourth.write("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    assert.match(await fourth.closed, /^HTTP\/1.1 200 /);
    assert.deepEqual([first.came(), second.came()], ["", ""]);
  });
});
