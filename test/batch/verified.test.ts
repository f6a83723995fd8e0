/**
 * What a tenant does with a batch of any format, compressed or not: the library of Standard
 * Webhooks verifies it, and so does the README's snippet in Python.
 */
import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { describe, it } from "node:test";
import { gunzipSync } from "node:zlib";
import { Webhook } from "standardwebhooks";
import type { Batch, Layout } from "../../src/batch.ts";
import { isLayout, layouts } from "../../src/batch/layouts.ts";
import { headersFor, openSender } from "../http/sending.ts";
import { destination } from "../pipeline/shared.ts";
import { blocksOf, run } from "../support/readme.ts";
import { openTenant, type Received } from "../support/tenant.ts";
import { formed, head, json, members } from "./shared.ts";

const names = Object.keys(layouts).filter(isLayout);

/** A batch of this layout, with its bytes. */
function batchOf(layout: Layout): { batch: Batch; bytes: Uint8Array } {
  const alone = layout === "single/1+form" ? [formed] : [json];
  const some = layouts[layout].membersMax === 1 ? alone : members;
  const bytes = layouts[layout].render(head, some);
  const facts = { count: some.length, size: bytes.byteLength, attempts: 0 };
  return { batch: { ...head, layout, ...facts, oldestAt: 0, youngestAt: 0 }, bytes };
}

/** Sends one of every layout, plain and compressed; whom it was for, and what came. */
async function sendAll() {
  await using backend = await openTenant();
  using sender = openSender();
  const bodies: Uint8Array[] = [];
  for (const gzip of [false, true]) {
    for (const layout of names) {
      const { batch, bytes } = batchOf(layout);
      const { url } = backend;
      const to = { ...destination, url, gzip };
      await sender.send({ tenant: "acme", destination: to, url, batch, bytes, attempt: 1 });
      bodies.push(bytes);
    }
  }
  const secretOf = (tenant: string) => sender.signing.keysOf(tenant).secret;
  return { received: [...backend.received], bodies, secretOf };
}

const isPacked = ({ headers }: Received) => headers["content-encoding"] === "gzip";

const unpacked = (one: Received) => isPacked(one) ? gunzipSync(one.body) : one.body;

const program = `${blocksOf("python")[0]}
import gzip, json, sys
for one in json.load(sys.stdin):
    body = base64.b64decode(one["body"])
    body = gzip.decompress(body) if one["packed"] else body
    try:
        print(hashlib.sha256(verify(one["secret"], one["headers"], body)).hexdigest())
    except ValueError as error:
        print(error)
`;

/** What Python says of each of these, with this secret. */
async function python(received: readonly Received[], secret: string): Promise<readonly string[]> {
  const given = received.map((one) => ({
    secret,
    headers: headersFor(one),
    body: one.body.toString("base64"),
    packed: isPacked(one),
  }));
  const { code, out } = await run("python3", ["-c", program], JSON.stringify(given));
  assert.equal(code, 0, out);
  return out.trim().split("\n");
}

describe("a batch of every layout", () => {
  it("is verified by the library of Standard Webhooks", async () => {
    const { received, bodies, secretOf } = await sendAll();
    assert.equal(received.length, 2 * names.length);
    assert.equal(received.filter(isPacked).length, names.length);
    for (const [index, one] of received.entries()) {
      const body = unpacked(one);
      assert.deepEqual(new Uint8Array(body), new Uint8Array(bodies[index] ?? []));
      const unparsed = { jsonParse: false };
      new Webhook(secretOf("acme")).verify(body.toString("utf8"), headersFor(one), unparsed);
      const other = new Webhook(secretOf("globex"));
      assert.throws(() => other.verify(body.toString("utf8"), headersFor(one), unparsed));
    }
  });

  it("is verified by the README's snippet in Python", async () => {
    const { received, bodies, secretOf } = await sendAll();
    const digests = bodies.map((body) => hash("sha256", body));
    assert.deepEqual(await python(received, secretOf("acme")), digests);
    const refused = digests.map(() => "not signed with our secret");
    assert.deepEqual(await python(received, secretOf("globex")), refused);
  });
});
