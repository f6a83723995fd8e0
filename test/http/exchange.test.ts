import assert from "node:assert/strict";
import { Agent } from "node:http";
import net from "node:net";
import { describe, it } from "node:test";
import { exchange } from "../../src/http/exchange.ts";

/** A backend that does as it likes with a connection. */
async function openBackend(serve: (socket: net.Socket, connection: number) => void) {
  const sockets = new Set<net.Socket>();
  let connections = 0;
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    serve(socket, ++connections);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return {
    connections: () => connections,
    async post(
      more: { headers?: Record<string, string>; timeoutMs?: number; text?: string } = {},
    ) {
      const { headers = {}, timeoutMs = 10_000, text = "{}" } = more;
      const bytes = new TextEncoder().encode(text);
      const { tookMs, ...answered } = await exchange({
        url: new URL(`http://127.0.0.1:${port}/`),
        agent,
        headers: { "content-length": bytes.byteLength, ...headers },
        body: bytes,
        timeoutMs,
      });
      assert.ok(tookMs >= 0 && tookMs < timeoutMs + 5_000);
      return answered;
    },
    async [Symbol.asyncDispose]() {
      agent.destroy();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Answers every request on a connection with this text. */
const answering = (text: string) => (socket: net.Socket) =>
  void socket.on("data", () => socket.write(text));

const ok = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/** Writes this again and again, until the other side has had enough. */
function drip(socket: net.Socket, text: string): void {
  const timer = setInterval(() => socket.write(text), 20);
  socket.on("close", () => clearInterval(timer));
}

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

  it("uses a connection again", async () => {
    await using backend = await openBackend(answering(ok));
    for (let count = 0; count < 3; count++) {
      assert.deepEqual(await backend.post(), { status: 200, text: "ok" });
    }
    assert.equal(backend.connections(), 1);
  });

  it("tries a new connection where the kept one had been closed", async () => {
    await using backend = await openBackend((socket, connection) => {
      let requests = 0;
      socket.on("data", () => {
        if (connection === 1 && ++requests > 1) socket.destroy();
        else socket.write(ok);
      });
    });
    assert.deepEqual(await backend.post(), { status: 200, text: "ok" });
    assert.deepEqual(await backend.post(), { status: 200, text: "ok" });
    assert.equal(backend.connections(), 2);
  });

  it("does not try again where a new connection is closed", async () => {
    await using backend = await openBackend((socket) =>
      void socket.on("data", () => socket.destroy())
    );
    assert.deepEqual(await backend.post(), { error: "ECONNRESET" });
    assert.equal(backend.connections(), 1);
  });

  it("takes an answer that changes the protocol for none", async () => {
    const text = "HTTP/1.1 101 No\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n";
    await using backend = await openBackend(answering(text));
    const { status, error } = await backend.post();
    assert.equal(status, undefined);
    assert.ok(error);
  });

  it("takes what is not HTTP for none", async () => {
    await using backend = await openBackend(answering("220 mail.example ESMTP\r\n"));
    const { error } = await backend.post();
    assert.match(error ?? "", /^HPE_/);
  });

  it("does not send a header that would be two", async () => {
    await using backend = await openBackend(answering(ok));
    const { error } = await backend.post({ headers: { "x-a": "1\r\nx-b: 2" } });
    assert.equal(error, "ERR_INVALID_CHAR");
    assert.equal(backend.connections(), 0);
  });
});

describe("an endpoint that drips", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ["nothing", "", ""],
    ["provisional answers", "HTTP/1.1 103 Early\r\n\r\n", "HTTP/1.1 103 Early\r\n\r\n"],
    ["headers", "HTTP/1.1 200 OK\r\n", "x: y\r\n"],
    ["JSON", "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n[", "1,"],
  ];
  for (const [what, first, then] of cases) {
    it(`does not extend the deadline: ${what}`, async () => {
      await using backend = await openBackend((socket) => {
        socket.once("data", () => {
          socket.write(first);
          drip(socket, then);
        });
      });
      const { status, error } = await backend.post({ timeoutMs: 300 });
      assert.deepEqual([status, error], [undefined, "timeout"]);
    });
  }

  it("has accepted when its status says so, and what drips means nothing", async () => {
    await using backend = await openBackend((socket) => {
      socket.once("data", () => {
        socket.write("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\nthanks");
        drip(socket, "!");
      });
    });
    const { status, text } = await backend.post({ timeoutMs: 300 });
    assert.equal(status, 200);
    assert.match(text ?? "", /^thanks!*$/);
  });
});

describe("a long answer", () => {
  const long = (type: string, length: number) =>
    `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ncontent-length: ${length}\r\n\r\n${
      "x".repeat(length)
    }`;

  it("is kept to 2 KiB", async () => {
    await using backend = await openBackend(answering(long("application/json", 256 * 1_024)));
    assert.deepEqual(await backend.post(), { status: 200, text: "x".repeat(2_048) });
  });

  it("is not read beyond 256 KiB, and its connection is not used again", async () => {
    await using backend = await openBackend(answering(long("text/html", 2 * 1_024 * 1_024)));
    for (let count = 0; count < 2; count++) assert.equal((await backend.post()).status, 200);
    assert.equal(backend.connections(), 2);
  });

  it("says nothing if it is JSON that cannot be read whole", async () => {
    await using backend = await openBackend(answering(long("application/json", 256 * 1_024 + 1)));
    const { status, error } = await backend.post();
    assert.deepEqual([status, error], [undefined, "answer cut off"]);
    const text = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{";
    await using broken = await openBackend((socket) =>
      void socket.on("data", () => socket.end(text))
    );
    assert.deepEqual(await broken.post(), { error: "answer cut off", text: "{" });
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

  it("ends a request in time that never gets a connection", async () => {
    await using backend = await openBackend(() => {});
    const [first, second] = await Promise.all([
      backend.post({ timeoutMs: 2_000 }),
      backend.post({ timeoutMs: 100 }),
    ]);
    assert.deepEqual([first, second], [{ error: "timeout" }, { error: "timeout" }]);
  });

  it("has enough of a backend that sends interim answers without end", async () => {
    await using backend = await openBackend((socket) => {
      socket.on("data", () => socket.write("HTTP/1.1 102 Processing\r\n\r\n".repeat(1_000)));
    });
    assert.deepEqual(await backend.post(), { error: "too many interim answers" });
  });
});
