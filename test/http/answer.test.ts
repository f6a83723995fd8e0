import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import process from "node:process";
import { describe, it } from "node:test";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { answering, dripping, openBackend, type Serve } from "./backend.ts";

const json = "content-type: application/json\r\n";

/** A whole answer, with the length it says. */
const whole = (text: string, headers = "", status = 200) =>
  `HTTP/1.1 ${status} OK\r\n${headers}content-length: ${
    new TextEncoder().encode(text).byteLength
  }\r\n\r\n${text}`;

/** Answers, and closes the connection. */
const ending = (text: string): Serve => (socket) =>
  void socket.once("data", () => socket.end(text));

async function answered(serve: Serve | string, timeoutMs = 10_000) {
  const served = typeof serve === "string" ? answering(serve) : serve;
  await using backend = await openBackend(served);
  return await backend.post({ timeoutMs });
}

const failures = '{"failures":[{"id":"a"}]}';

const packers = new Map<string, (text: string | Uint8Array) => Uint8Array>([
  ["gzip", gzipSync],
  ["x-gzip", gzipSync],
  ["deflate", deflateSync],
  ["br", brotliCompressSync],
]);

/** What comes of an answer that says it is encoded so. */
function packed(bytes: Uint8Array, coding: string, headers = "", status = 200) {
  const length = `content-length: ${bytes.byteLength}\r\n`;
  const head = `HTTP/1.1 ${status} OK\r\n${length}${headers}content-encoding: ${coding}\r\n\r\n`;
  return answered((socket) => {
    socket.once("data", () => {
      socket.write(head);
      socket.write(bytes);
    });
  });
}

describe("readAnswer()", () => {
  it("gives the whole text of a 2xx answer, and of no other", async () => {
    const text = `{"failures":[{"id":"ñ"}],"x":"${"x".repeat(3_000)}"}`;
    assert.equal((await answered(whole(text))).body, text);
    assert.equal((await answered(whole(text, json, 299))).body, text);
    assert.equal((await answered(whole(text, json, 500))).body, undefined);
    assert.equal((await answered(whole(text, json, 500))).body, undefined);
    assert.deepEqual(await answered(whole("", json)), { status: 200 });
    assert.deepEqual(await answered(`HTTP/1.1 204 OK\r\n${json}\r\n`), { status: 204 });
  });

  it("reads what comes in pieces, even of one character", async () => {
    const text = '{"failures":[{"id":"ñ"}]}';
    const pieces = [...new TextEncoder().encode(text)];
    const { body } = await answered((socket) => {
      socket.once("data", () => {
        socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
        for (const byte of pieces) {
          socket.write("1\r\n");
          socket.write(Uint8Array.of(byte));
          socket.write("\r\n");
        }
        socket.write("0\r\n\r\n");
      });
    });
    assert.equal(body, text);
  });

  it("takes a byte order mark for what it is", async () => {
    assert.equal((await answered(whole("\ufeff{}"))).body, "{}");
  });

  it("keeps 2 KiB of text, cut between characters", async () => {
    const long = "x".repeat(256 * 1_024);
    assert.deepEqual(await answered(whole(long, json)), {
      status: 200,
      text: "x".repeat(2_048),
      body: long,
    });
    const { text } = await answered(whole("€".repeat(2_000), "", 500));
    assert.equal(text, "€".repeat(682));
  });

  it("knows nothing of JSON that it cannot read whole", async () => {
    const long = "x".repeat(256 * 1_024);
    for (const text of [whole(`${long}x`, json), whole(`\r\n { ${long}`)]) {
      const { status, error, body } = await answered(text);
      assert.deepEqual([status, error, body], [undefined, "answer cut off", undefined]);
    }
    const cut = ending(`HTTP/1.1 200 OK\r\n${json}content-length: 9\r\n\r\n{`);
    assert.deepEqual(await answered(cut), { error: "answer cut off", text: "{" });
    const never = ending(`HTTP/1.1 200 OK\r\n${json}content-length: 9\r\n\r\n`);
    assert.deepEqual(await answered(never), { error: "answer cut off" });
    const chunk = ending("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n");
    assert.deepEqual(await answered(chunk), { error: "answer cut off", text: "{}" });
  });

  it("does not believe that an object ended where the connection did", async () => {
    const some = 'HTTP/1.1 200 OK\r\n\r\n{"failures":[{"id":"a"}';
    const { status, error } = await answered(ending(some));
    assert.deepEqual([status, error], [undefined, "answer cut off"]);
    assert.equal((await answered(ending(`${some}]}`))).status, 200);
    assert.equal((await answered(ending("HTTP/1.1 200 OK\r\n\r\nok"))).body, "ok");
    assert.deepEqual(await answered(ending(`HTTP/1.1 200 OK\r\n${json}\r\n`)), { status: 200 });
  });

  it("goes by the status of anything else, whole or not", async () => {
    const html = "content-type: text/html\r\n";
    const drip = dripping(`HTTP/1.1 200 OK\r\n${html}\r\nthanks`, "!");
    const { status, text, body } = await answered(drip, 500);
    assert.deepEqual([status, body], [200, undefined]);
    assert.match(text ?? "", /^thanks!*$/);
    const cut = ending(`HTTP/1.1 202 OK\r\n${html}content-length: 9\r\n\r\nok`);
    assert.deepEqual(await answered(cut), { status: 202, text: "ok" });
    const late = dripping(`HTTP/1.1 503 No\r\n${json}\r\n{`, " ");
    assert.equal((await answered(late, 500)).status, 503);
  });

  it("does not read beyond 256 KiB, nor use that connection again", async () => {
    const long = whole("x".repeat(2 * 1_024 * 1_024), "content-type: text/html\r\n");
    await using backend = await openBackend(answering(long));
    for (let count = 0; count < 2; count++) assert.equal((await backend.post()).status, 200);
    assert.equal(backend.connections(), 2);
    await backend.closed();
  });

  it("reads what is compressed though we asked for it as it is", async () => {
    for (const [coding, pack] of packers) {
      const bytes = pack(failures);
      assert.deepEqual(await packed(bytes, coding), {
        status: 200,
        text: failures,
        body: failures,
      });
      assert.deepEqual(await packed(bytes, coding, "", 500), { status: 500, text: failures });
    }
    const twice = gzipSync(brotliCompressSync(failures));
    assert.equal((await packed(twice, "br, gzip")).body, failures);
    assert.equal((await packed(gzipSync(failures), "gzip, identity")).body, failures);
    assert.equal((await packed(gzipSync(failures), "identity ,GZIP")).body, failures);
  });

  it("goes by the status of what it cannot decode, unless that is JSON by its name", async () => {
    const garbage = Buffer.from("this is not compressed");
    const cut = brotliCompressSync(failures).subarray(0, 12);
    const unreadable = [
      ...[...packers.keys()].map((coding) => [coding, garbage] as const),
      ["gzip", gzipSync(failures).subarray(0, 20)] as const,
      ["zstd", Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x04)] as const,
      ["gzip, br", gzipSync(failures)] as const,
      ["gzip,".repeat(5), gzipSync(failures)] as const,
      ["br", process.versions["deno"] === undefined ? cut : garbage] as const,
    ];
    for (const [coding, bytes] of unreadable) {
      assert.deepEqual(await packed(bytes, coding), { status: 200 }, coding);
      assert.deepEqual(await packed(bytes, coding, json), { error: "answer encoded" }, coding);
      assert.deepEqual(await packed(bytes, coding, json, 500), { status: 500 }, coding);
    }
  });

  it("takes a text for one, whatever it calls its encoding", async () => {
    for (const coding of ["utf-8", "UTF8", "latin1", "none", "binary", "aws-chunked"]) {
      const { status, body } = await packed(Buffer.from(failures), coding, json);
      assert.deepEqual([status, body], [200, failures], coding);
    }
    const latin = await packed(Buffer.from('{"text":"ñ"}', "latin1"), "iso-8859-1", json);
    assert.equal(latin.body, '{"text":"ñ"}');
  });

  it("knows nothing of what was compressed and cut off, by its content type", async () => {
    for (const [coding, pack] of packers) {
      const bytes = pack(randomBytes(300 * 1_024).toString("hex"));
      assert.ok(bytes.byteLength > 256 * 1_024);
      assert.deepEqual(await packed(bytes, coding), { status: 200 });
      assert.deepEqual(await packed(bytes, coding, json), { error: "answer cut off" });
    }
  });

  it("does not unpack more than it would read", async () => {
    for (const [coding, pack] of packers) {
      const bomb = pack(Buffer.alloc(64 * 1_024 * 1_024));
      assert.deepEqual(await packed(bomb, coding), { status: 200 });
      assert.deepEqual(await packed(bomb, coding, json), { error: "answer encoded" });
    }
  });

  it("takes an empty body for what it is, whatever its coding", async () => {
    const empty = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 0\r\n\r\n";
    assert.deepEqual(await answered(empty), { status: 200 });
    const plain = await answered(whole("{}", "content-encoding: identity\r\n"));
    assert.deepEqual(plain, { status: 200, text: "{}", body: "{}" });
  });
});
