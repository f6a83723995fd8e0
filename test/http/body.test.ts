/** Bodies that come in pieces, and the room they take. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Inbox } from "../../src/http/inbox.ts";
import { eventually } from "../support/eventually.ts";
import { openDoor, opening } from "./door.ts";
import { configWith, connectRaw } from "./shared.ts";

const chunked = "transfer-encoding: chunked\r\n\r\n";
const chunkOf = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;

function hasRoom(inbox: Inbox, bytes: number): boolean {
  const taken = inbox.takeBytes(bytes);
  if (taken) inbox.releaseBytes(bytes);
  return taken;
}

describe("a body", () => {
  it("is put together from the smallest pieces", async () => {
    await using door = await openDoor();
    using client = await connectRaw(door.port);
    const text = Array.from({ length: 4_000 }, (_, index) => String(index % 10)).join("");
    client.write(`${opening()}${chunked}${[...text].map(chunkOf).join("")}0\r\n\r\n`);
    await eventually("the webhook", () => door.came.length === 1);
    assert.equal(new TextDecoder().decode(door.came[0]?.body), text);
  });

  it("is refused where it no longer fits into the inbox, and may come again", async () => {
    await using door = await openDoor({ config: () => configWith({ inboxBytesMax: 1_000 }) });
    using first = await connectRaw(door.port);
    first.write(`${opening()}${chunked}${chunkOf("x".repeat(600))}`);
    await eventually("the first piece", () => !hasRoom(door.inbox, 500));
    using second = await connectRaw(door.port);
    second.write(`${opening()}${chunked}${chunkOf("y".repeat(600))}`);
    await eventually("an answer", () => /^HTTP\/1.1 503 .*retry-after: 2/is.test(second.came()));
    first.write("0\r\n\r\n");
    await eventually("an answer", () => /^HTTP\/1.1 200 /.test(first.came()));
    assert.deepEqual(door.facts.map((fact) => fact.is === "webhook.refused" && fact.why), [
      "inbox_full",
    ]);
    await eventually("all room is given back", () => hasRoom(door.inbox, 1_000));
  });
});

describe("a request", () => {
  it("that expects something unknown is answered like any other", async () => {
    await using door = await openDoor();
    const { status } = await door.post("/webhooks/x", "{}", 0, { expect: "a miracle" });
    assert.equal(status, 200);
  });

  it("may name its target with the host", async () => {
    await using door = await openDoor();
    const { status } = await door.post("http://hooks.example/webhooks/x?a=b", "{}");
    assert.equal(status, 200);
    assert.equal(door.came[0]?.path, "/webhooks/x");
  });
});
