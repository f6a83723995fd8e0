/** However badly a backend behaves, the exchange ends and no connection is left of it. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { answering, dripping, ok, openBackend, reset, type Serve } from "./backend.ts";

interface Misbehaviour {
  readonly serve: Serve;
  /** The status, or why there was none. */
  readonly says: RegExp;
  /** What is sent to it. */
  readonly text?: string;
  readonly timeoutMs?: number;
}

const large = "x".repeat(16_000_000);
const onRequest = (then: Serve): Serve => (socket, count) =>
  void socket.once("data", () => then(socket, count));
const endless = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
const chunk = `10000\r\n${"x".repeat(65_536)}\r\n`;
const headers = `x: ${"y".repeat(1_000)}\r\n`;
const interim = (status: number) => `HTTP/1.1 ${status} Wait\r\n\r\n`;
const waiting = /^timeout waiting for an answer$/;
const short = { timeoutMs: 800 };

/** As much as the other side takes. */
const pouring = (first: string, then: string): Serve =>
  onRequest((socket) => {
    const pour = () => {
      while (!socket.destroyed && socket.write(then));
    };
    socket.write(first);
    socket.on("drain", pour);
    pour();
  });

const misbehaviours = Object.entries<Misbehaviour>({
  "never answers": { serve: () => {}, says: waiting, ...short },
  "never reads": { serve: (socket) => void socket.pause(), says: waiting, ...short, text: large },
  "drips headers": { serve: dripping("HTTP/1.1 200 OK\r\n", "x: y\r\n"), says: waiting, ...short },
  "drips a body": { serve: dripping(endless, "1\r\nx\r\n"), says: /^200$/, ...short },
  "drips JSON": {
    serve: dripping(endless, "1\r\n{\r\n"),
    says: /^timeout reading the answer$/,
    ...short,
  },
  "resets": { serve: onRequest(reset), says: /^ECONNRESET$/ },
  "resets at once": { serve: reset, says: /^(ECONNRESET|EPIPE)$/ },
  "resets within the body": {
    serve: onRequest((socket) => {
      socket.write(`${endless}${chunk}`, () => setTimeout(() => reset(socket), 50));
    }),
    says: /^200$/,
  },
  "closes": { serve: onRequest((socket) => void socket.destroy()), says: /^ECONNRESET$/ },
  "says nothing, politely": {
    serve: onRequest((socket) => void socket.end()),
    says: /^ECONNRESET$/,
  },
  "is half open from the start": {
    serve: (socket) => void socket.pause().end(),
    says: /^(ECONNRESET|EPIPE)$/,
    text: large,
  },
  "is half open after a part": {
    serve: onRequest((socket) => void socket.end(`${endless}1\r\nx\r\n`)),
    says: /^200$/,
  },
  "is half open after its answer": {
    serve: onRequest((socket) => void socket.end("HTTP/1.0 500 No\r\n\r\nno")),
    says: /^500$/,
  },
  "is half open after its answer, and does not read": {
    serve: onRequest((socket) => void socket.pause().end("HTTP/1.0 500 No\r\n\r\nno")),
    says: /^500$/,
    text: large,
  },
  "answers before it has read": {
    serve: onRequest((socket) => void socket.pause().write(ok)),
    says: /^200$/,
    text: large,
  },
  "answers before it is asked": {
    serve: (socket) => void socket.end(`${ok}${ok}`),
    says: /^(200|ECONNRESET|EPIPE|HPE_.*)$/,
  },
  "says more than its answer": { serve: answering(`${ok}${large}`), says: /^200$/ },
  "never stops": { serve: pouring(endless, chunk), says: /^200$/ },
  "never stops its headers": { serve: pouring("HTTP/1.1 200 OK\r\n", headers), says: /^HPE_/ },
  "never stops its trailers": { serve: pouring(`${endless}0\r\n`, headers), says: /^200$/ },
  "has one header without end": {
    serve: pouring("HTTP/1.1 200 OK\r\nx: ", "y".repeat(65_536)),
    says: /^HPE_/,
  },
  "floods with 100": {
    serve: pouring(interim(100), interim(100)),
    says: /^too many interim answers$/,
  },
  "floods with 103": {
    serve: pouring(interim(103), interim(103)),
    says: /^too many interim answers$/,
  },
  "changes the protocol": {
    serve: answering("HTTP/1.1 101 No\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n"),
    says: /^The connection was closed$/,
  },
  "does not speak HTTP": { serve: answering("220 mail.example ESMTP\r\n"), says: /^HPE_/ },
  "sends noise": { serve: answering("\u0000\u0001\r\n\r\n".repeat(9)), says: /^HPE_/ },
  "has a length that is none": {
    serve: answering("HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n"),
    says: /^HPE_/,
  },
});

/** A TLS server of Deno does not hear that the other side closed in the middle of a record. */
const isDeaf = (by: string, text?: string) =>
  by === "https" && text === large && "Deno" in globalThis;

for (const by of ["http", "https"] as const) {
  describe(`no ${by} connection is left of a backend that`, () => {
    for (const [what, { serve, says, text = "{}", timeoutMs = 10_000 }] of misbehaviours) {
      if (isDeaf(by, text)) continue;
      it(what, async () => {
        await using backend = await openBackend(serve, { by });
        const { status, error } = await backend.post({ text, timeoutMs });
        assert.match(String(status ?? error), says);
        await backend.closed();
      });
    }
  });
}
