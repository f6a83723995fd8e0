import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Inbound } from "../../src/pipeline/inbound.ts";
import { signedHeaders } from "../../src/telnyx/signer.ts";
import { eventually } from "../support/eventually.ts";
import { calm, openDoor, opening, queued, signer } from "./door.ts";
import { configWith, connectRaw } from "./shared.ts";

describe("createIntake()", () => {
  it("hands on what is signed, and gives the pipeline's answer", async () => {
    await using door = await openDoor();
    const before = Date.now();
    const { status, body, headers } = await door.post("/webhooks/voice/?a=b", '{"a":1}');
    assert.deepEqual([status, JSON.parse(body)], [200, queued.body]);
    assert.equal(headers["content-type"], "application/json");
    const [inbound] = door.came;
    assert.ok(inbound);
    assert.equal(new TextDecoder().decode(inbound.body), '{"a":1}');
    assert.equal(inbound.path, "/webhooks/voice");
    assert.ok(inbound.receivedAt >= before && inbound.receivedAt <= Date.now());
    assert.ok(Math.abs(inbound.skewSeconds) <= 1);
    assert.equal(inbound.contentType, undefined);
    assert.equal(inbound.proof.signature.byteLength, 64);
  });

  it("takes any single segment under /webhooks/, and whatever is signed anywhere", async () => {
    await using door = await openDoor();
    const paths = ["/webhooks/ingest", "/webhooks/@acme", "/webhooks/%40a%2Fb/", "/", "/health"];
    for (const path of [...paths, "/webhooks/a/b", "/webhooks", "//x", "/webhooks/a//"]) {
      assert.equal((await door.post(path)).status, 200, path);
    }
    assert.deepEqual(door.came.map(({ path }) => path).slice(0, 4), [
      "/webhooks/ingest",
      "/webhooks/@acme",
      "/webhooks/%40a%2Fb",
      "/",
    ]);
  });

  it("knows no other path", async () => {
    await using door = await openDoor();
    for (const path of ["/", "/webhooks", "/webhooks/", "/webhooks/a/b", "/stats", "/Webhooks/a"]) {
      for (const method of ["GET", "POST", "PUT"]) {
        const { status, body } = await door.ask({ method, path });
        assert.deepEqual([status, JSON.parse(body)], [404, { error: "not found" }], path);
      }
    }
  });

  it("answers 405 to other methods, and says which is right", async () => {
    await using door = await openDoor();
    for (const method of ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"]) {
      const { status, headers } = await door.ask({ method, path: "/webhooks/ingest" });
      assert.deepEqual([status, headers.allow], [405, "POST"], method);
    }
    const { status, headers } = await door.ask({ method: "POST", path: "/health" });
    assert.deepEqual([status, headers.allow], [405, "GET, HEAD"]);
  });

  it("answers 401 to what is not signed, or not as Telnyx signs", async () => {
    await using door = await openDoor();
    const { "telnyx-signature-ed25519": signature = "", "telnyx-timestamp": timestamp = "" } =
      signedHeaders(signer, new Uint8Array(), Date.now() / 1_000);
    const wrong: Record<string, string>[] = [
      {},
      { "telnyx-timestamp": timestamp },
      { "telnyx-signature-ed25519": signature },
      { "telnyx-signature-ed25519": signature, "telnyx-timestamp": `${timestamp}000` },
      { "telnyx-signature-ed25519": signature, "telnyx-timestamp": `+${timestamp}` },
      { "telnyx-signature-ed25519": signature.slice(4), "telnyx-timestamp": timestamp },
      { "telnyx-signature-ed25519": `${signature}, ${signature}`, "telnyx-timestamp": timestamp },
      { "telnyx-signature-ed25519": signature.replace(/==$/, ""), "telnyx-timestamp": timestamp },
    ];
    for (const headers of wrong) {
      const { status, body } = await door.ask({ method: "POST", path: "/webhooks/x", headers });
      assert.deepEqual([status, JSON.parse(body)], [401, { error: "invalid signature" }]);
    }
    assert.deepEqual(door.came, []);
    const reasons = door.facts.map((fact) => fact.is === "webhook.refused" ? fact.why : fact.is);
    assert.equal(reasons.filter((why) => why === "signature_missing").length, 3);
    assert.equal(reasons.filter((why) => why === "signature_malformed").length, 5);
  });

  it("answers 401 to what is too old or too new, to the second", async () => {
    await using door = await openDoor();
    assert.equal((await door.post("/webhooks/x", "{}", -302)).status, 401);
    assert.equal((await door.post("/webhooks/x", "{}", 302)).status, 401);
    assert.equal((await door.post("/webhooks/x", "{}", -298)).status, 200);
    assert.equal((await door.post("/webhooks/x", "{}", 298)).status, 200);
  });

  it("reads a few of those, to learn whether our own clock is wrong", async () => {
    let places = 1;
    const skew = { ...calm, admits: () => places-- > 0 };
    await using door = await openDoor({ skew });
    assert.equal((await door.post("/webhooks/x", "{}", -4_000)).status, 200);
    assert.equal((await door.post("/webhooks/x", "{}", -4_000)).status, 401);
    assert.ok((door.came[0]?.skewSeconds ?? 0) >= 4_000);
  });

  it("answers before the body is read", async () => {
    await using door = await openDoor();
    using client = await connectRaw(door.port);
    client.write("POST /webhooks/x HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n");
    await eventually("an answer", () => /^HTTP\/1.1 401 /.test(client.came()));
  });

  it("asks only a signed sender to go on", async () => {
    await using door = await openDoor();
    const expecting = "expect: 100-continue\r\ncontent-length: 2\r\n\r\n";
    using stranger = await connectRaw(door.port);
    stranger.write(`POST /webhooks/x HTTP/1.1\r\nhost: x\r\n${expecting}`);
    assert.match(await stranger.closed, /^HTTP\/1.1 401 /);
    using client = await connectRaw(door.port);
    client.write(`${opening()}${expecting}`);
    await eventually("to go on", () => /^HTTP\/1.1 100 /.test(client.came()));
    client.write("{}");
    assert.match(await client.closed, /^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 /);
  });
});

describe("a body", () => {
  it("may be as large as it may be", async () => {
    await using door = await openDoor();
    assert.equal((await door.post("/webhooks/x", "x".repeat(4_096))).status, 200);
    const { status, body } = await door.post("/webhooks/x", "x".repeat(4_097));
    assert.deepEqual([status, JSON.parse(body)], [413, { error: "body too large" }]);
    assert.equal((await door.post("/webhooks/x", "x".repeat(10_000_000))).status, 413);
    const large = { is: "webhook.large_or_encoded", status: 413 };
    assert.deepEqual(door.facts.filter(({ is }) => is !== "webhook.refused"), [large, large]);
  });

  it("may not be larger when nobody says how large it is", async () => {
    await using door = await openDoor();
    using client = await connectRaw(door.port);
    client.write(`${opening()}transfer-encoding: chunked\r\n\r\n`);
    for (let count = 0; count < 5; count++) client.write(`400\r\n${"x".repeat(1_024)}\r\n`);
    await eventually("an answer", () => /^HTTP\/1.1 413 /.test(client.came()));
    client.write("0\r\n\r\n");
    client.write(`${opening()}transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`);
    await eventually("another answer", () => /HTTP\/1.1 200 /.test(client.came()));
    assert.equal(door.inbox.full(), false);
    assert.equal(door.came.length, 1);
  });

  it("comes as it is, not encoded", async () => {
    await using door = await openDoor();
    const post = (encoding: string) =>
      door.post("/webhooks/x", "{}", 0, { "content-encoding": encoding });
    assert.equal((await post("gzip")).status, 415);
    assert.equal((await post("identity, br")).status, 415);
    assert.equal((await post("Identity")).status, 200);
    assert.deepEqual(door.facts[0], { is: "webhook.large_or_encoded", status: 415 });
  });

  it("keeps its type", async () => {
    await using door = await openDoor();
    await door.post("/webhooks/x", "a=b", 0, {
      "content-type": "application/x-www-form-urlencoded",
    });
    assert.equal(door.came[0]?.contentType, "application/x-www-form-urlencoded");
  });

  it("gives its bytes back when its sender goes away", async () => {
    const config = () => configWith({ inboxBytesMax: 1_000 });
    await using door = await openDoor({ config });
    {
      using client = await connectRaw(door.port);
      client.write(`${opening()}content-length: 2000\r\n\r\n${"x".repeat(1_000)}`);
      await eventually("a full inbox", () => door.inbox.full());
      assert.equal((await door.post()).status, 503);
    }
    await eventually("room", () => !door.inbox.full());
    assert.equal((await door.post()).status, 200);
    assert.ok(door.facts.some((fact) => fact.is === "webhook.refused" && fact.why === "aborted"));
  });

  it("gives its bytes back when its sender is too slow", async () => {
    await using door = await openDoor({ config: () => configWith({ inboxBytesMax: 10 }) });
    using client = await connectRaw(door.port);
    client.write(`${opening()}content-length: 2000\r\n\r\n${"x".repeat(10)}`);
    assert.match(await client.closed, /^HTTP\/1.1 408 /);
    await eventually("room", () => !door.inbox.full());
  });
});

describe("whatever could be accepted later", () => {
  it("is answered 503 while the inbox is full, until somebody leaves", async () => {
    const waiting: Inbound[] = [];
    const accept = (inbound: Inbound) => waiting.push(inbound) > 0;
    await using door = await openDoor({ accept, config: () => configWith({ inboxMax: 2 }) });
    const first = [door.post(), door.post()];
    await eventually("a full inbox", () => door.inbox.full());
    const { status, headers, body } = await door.post();
    assert.deepEqual([status, headers["retry-after"], JSON.parse(body)], [
      503,
      "2",
      { error: "inbox full" },
    ]);
    assert.equal((await door.ask({ path: "/health" })).status, 503);
    for (const inbound of waiting) inbound.answer(queued);
    for (const { status } of await Promise.all(first)) assert.equal(status, 200);
    assert.equal(door.inbox.full(), false);
    assert.equal(door.inbox.highest, 2);
    assert.equal((await door.ask({ path: "/health" })).status, 200);
  });

  it("frees its place although its sender left before the answer", async () => {
    const waiting: Inbound[] = [];
    const accept = (inbound: Inbound) => waiting.push(inbound) > 0;
    await using door = await openDoor({ accept, config: () => configWith({ inboxMax: 1 }) });
    {
      using client = await connectRaw(door.port);
      client.write(`${opening()}content-length: 2\r\n\r\n{}`);
      await eventually("a webhook", () => waiting.length === 1);
    }
    assert.equal(door.inbox.full(), true);
    for (const inbound of waiting) inbound.answer(queued);
    assert.equal(door.inbox.full(), false);
  });

  for (
    const [closed, error] of [["stopping", "stopping"], [
      "log_unavailable",
      "log unavailable",
    ]] as const
  ) {
    it(`is answered 503 when we are closed: ${error}`, async () => {
      await using door = await openDoor({ closed: () => closed });
      const { status, headers, body } = await door.post();
      assert.deepEqual([status, headers["retry-after"], JSON.parse(body)], [503, "2", { error }]);
      assert.equal((await door.ask({ path: "/health" })).status, 503);
    });
  }

  it("is answered 503 when the pipeline takes nothing more", async () => {
    await using door = await openDoor({ accept: () => false });
    assert.equal((await door.post()).status, 503);
    assert.equal(door.inbox.full(), false);
  });

  it("is answered 503 when it is our clock that is wrong", async () => {
    await using door = await openDoor({ skew: { ...calm, suspect: () => true } });
    const { status, headers } = await door.post("/webhooks/x", "{}", -4_000);
    assert.deepEqual([status, headers["retry-after"]], [503, "2"]);
    assert.equal((await door.ask({ path: "/health" })).status, 503);
  });
});

describe("GET /health", () => {
  it("says that all is well", async () => {
    await using door = await openDoor();
    const { status, body } = await door.ask({ path: "/health" });
    const expected = { status: "ok", service: "edge-webhook-aggregator" };
    assert.deepEqual([status, JSON.parse(body)], [200, expected]);
    const head = await door.ask({ path: "/health/?x", method: "HEAD" });
    assert.deepEqual([head.status, head.body], [200, ""]);
  });
});
