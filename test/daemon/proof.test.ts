/** From a batch alone a tenant verifies what Telnyx itself signed, as the README shows. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import { gunzipSync } from "node:zlib";
import { configText, spawnDaemon } from "../support/daemon.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/folder.ts";
import { blocksOf, run } from "../support/readme.ts";
import { executable, runArguments } from "../support/runtime.ts";
import { createTelnyx } from "../support/telnyx.ts";
import { openTenant } from "../support/tenant.ts";

const number = "+18005550101";
const payload = { direction: "inbound", to: [{ phone_number: number }], text: "größer 🎉" };
const data = { id: "e1", event_type: "message.received", payload };
const body = `\n  ${JSON.stringify({ data }, null, 2)}\r\n`;
const form = `CallSid=CA1&CallStatus=ringing&From=%2B18005550199&To=${encodeURIComponent(number)}`;
const formType = "application/x-www-form-urlencoded";

const program = `import { readFileSync } from "node:fs";
import { isTelnyxs } from "./telnyx.mjs";
const { publicKey, payload } = JSON.parse(readFileSync(0, "utf8"));
const bytes = Buffer.from(payload, "base64");
const batch = JSON.parse(bytes);
console.log(JSON.stringify(batch.routing.map((one) => isTelnyxs(publicKey, bytes, one))));
`;

const imports = 'import { Buffer } from "node:buffer";\n';

/** What a daemon with this config line sends for a message and a form. */
async function batchOf(telnyx: ReturnType<typeof createTelnyx>): Promise<Buffer> {
  await using folder = await temporaryFolder();
  await using backend = await openTenant();
  const more = [
    "delivery: { include_signatures: true, gzip: true }",
    "window: { max_events: 2, max_wait: 1m }",
    "immediate: []",
  ];
  const tenants = [{ id: "acme", number, url: backend.url, more }];
  await folder.write("aggregator.yaml", configText(telnyx.publicKey, tenants));
  await using daemon = await spawnDaemon({ config: folder.file("aggregator.yaml") });
  const sent = [
    { body: Buffer.from(body), contentType: "application/json" },
    { body: Buffer.from(form), contentType: formType },
  ];
  for (const one of sent) assert.equal((await telnyx.send(daemon.address, one)).status, 200);
  await eventually("a batch", () => backend.received.length === 1);
  const [received] = backend.received;
  assert.equal(received?.headers["content-encoding"], "gzip");
  return gunzipSync(received?.body ?? "");
}

describe("delivery.include_signatures", () => {
  it("lets a tenant verify Telnyx's own signature with nothing but the batch", async () => {
    using telnyx = createTelnyx();
    const bytes = await batchOf(telnyx);
    await using folder = await temporaryFolder();
    await folder.write("telnyx.mjs", imports + blocksOf("js")[1]);
    await folder.write("run.mjs", imports + program);
    const verified = async (publicKey: string, batch: Buffer) => {
      const input = JSON.stringify({ publicKey, payload: batch.toString("base64") });
      const { out } = await run(executable, [...runArguments, folder.file("run.mjs")], input);
      return JSON.parse(out);
    };
    assert.deepEqual(await verified(telnyx.publicKey, bytes), [true, true]);
    using other = createTelnyx();
    assert.deepEqual(await verified(other.publicKey, bytes), [false, false]);
    const text = bytes.toString("utf8").replace("größer", "kleine").replace("CA1&", "CA2&");
    assert.deepEqual(await verified(telnyx.publicKey, Buffer.from(text)), [false, false]);
  });
});
