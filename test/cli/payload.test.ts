import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { payloadTold, readPayload, typesText } from "../../src/cli/payload.ts";
import { createSigning } from "../../src/signing.ts";
import { envelope } from "../../src/batch/envelope.ts";
import { head, members } from "../batch/shared.ts";
import { runCli } from "../support/cli.ts";
import { temporaryFolder } from "../support/folder.ts";

const told = new Map([
  ["webhook-id", "bat_1"],
  ["x-aggregator-tenant", "acme"],
  ["x-aggregator-sequence", "7"],
  ["x-aggregator-reason", "max_wait"],
  ["x-aggregator-count", "2"],
]);

describe("readPayload()", () => {
  it("reads an envelope, and nothing else", () => {
    const { id, tenant, count, types = [] } = readPayload(envelope.render(head, members)) ?? {};
    assert.deepEqual([id, tenant, count], [head.id, "acme", 2]);
    assert.equal(typesText(types), "message.received, texml.status");
    for (const other of ["", "[]", "{}\n{}\n", '{"data":{}}', '{"type":"x"}', "CallSid=CA1"]) {
      assert.equal(readPayload(Buffer.from(other)), undefined, other);
    }
  });
});

describe("payloadTold()", () => {
  it("reads of the headers what the body of another format does not say", () => {
    const { id, tenant, sequence, reason, count } = payloadTold(told) ?? {};
    assert.deepEqual([id, tenant, sequence, reason, count], ["bat_1", "acme", 7, "max_wait", 2]);
    assert.equal(payloadTold(new Map()), undefined);
  });
});

describe("verify", () => {
  it("verifies a compressed batch of another format, and says what its headers say", async () => {
    await using folder = await temporaryFolder();
    const signing = createSigning(new Uint8Array(32));
    const body = Buffer.from('{"data":{"id":"e1"}}\n{"data":{"id":"e2"}}\n');
    const seconds = Math.floor(Date.now() / 1_000);
    const rule = { secrets: [], secretVersion: 1 };
    const signature = signing.sign("acme", rule, "bat_1", seconds, body);
    const headers = [...told, ["webhook-timestamp", seconds], ["webhook-signature", signature]];
    await folder.write("headers.txt", headers.map(([name, text]) => `${name}: ${text}`).join("\n"));
    const { secret } = signing.keysOf("acme");
    const verify = (input: Uint8Array) =>
      runCli(["verify", "--headers", "headers.txt", "--secret", secret, "-"], {
        cwd: folder.path,
        input: Buffer.from(input),
      });
    for (const input of [body, gzipSync(body)]) {
      const { code, stdout, stderr } = await verify(input);
      assert.equal(code, 0, stderr);
      assert.match(stdout, /verified by v1\n/);
      assert.match(stdout, /tenant +acme, sequence 7, reason max_wait\nevents +2$/m);
    }
    const cut = await verify(gzipSync(body).subarray(0, 20));
    assert.equal(cut.code, 2);
    assert.match(cut.stderr, /begins as gzip/);
  });
});
