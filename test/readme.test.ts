/** What the README shows is true: its configs load, its snippets verify a real batch. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { loadConfig } from "../src/config/load.ts";
import { createSigning } from "../src/signing.ts";
import { publicKeyOf } from "../src/telnyx/signature.ts";
import { temporaryFolder } from "./support/folder.ts";
import { blocksOf, type Ran, run } from "./support/readme.ts";
import { executable, runArguments } from "./support/runtime.ts";

const shipped = readFileSync(new URL("../aggregator.yaml", import.meta.url), "utf8");
const publicKey = Buffer.from(publicKeyOf(randomBytes(32))).toString("base64");

async function problemsOf(text: string): Promise<readonly unknown[]> {
  await using folder = await temporaryFolder();
  await folder.write("aggregator.yaml", text);
  const env = { TELNYX_PUBLIC_KEY: publicKey };
  const loaded = await loadConfig({ path: folder.file("aggregator.yaml"), env });
  return "problems" in loaded ? loaded.problems : [];
}

/** A batch as a tenant gets it, and what it needs to verify it. */
function signedBatch() {
  const body = Buffer.from(blocksOf("json")[0] ?? "");
  const signing = createSigning(randomBytes(32));
  const seconds = Math.floor(Date.now() / 1_000);
  const id = "bat_01JD3Q8W6ZK4M2N9P7R5T1V3X0";
  const headers = {
    "webhook-id": id,
    "webhook-timestamp": String(seconds),
    "webhook-signature": signing.sign("acme", { secrets: [], secretVersion: 1 }, id, seconds, body),
  };
  const secretOf = (tenant: string) => signing.keysOf(tenant).secret;
  return { headers, body: body.toString("utf8"), secretOf };
}

/** Whether a snippet, in a program of its own, accepts a batch with this secret. */
async function accepts(program: (input: string) => Promise<Ran>): Promise<void> {
  const { headers, body, secretOf } = signedBatch();
  const given = { secret: secretOf("acme"), headers, body };
  const good = await program(JSON.stringify(given));
  assert.equal(good.out.trim(), "1", "it verifies and reads the batch");
  const other = await program(JSON.stringify({ ...given, secret: secretOf("globex") }));
  assert.match(other.out, /not signed with our secret/);
  const changed = await program(JSON.stringify({ ...given, body: body.replace("acme", "evil") }));
  assert.match(changed.out, /not signed with our secret/);
}

describe("README", () => {
  it("shows configs that load", async () => {
    const blocks = blocksOf("yaml");
    assert.ok(blocks.length > 0);
    for (const block of blocks) assert.deepEqual(await problemsOf(block), []);
  });

  it("shows a payload of the shape that is sent", () => {
    const [payload] = blocksOf("json");
    const { events, routing, count } = JSON.parse(payload ?? "");
    assert.equal(events.length, count);
    assert.equal(routing.length, count);
  });

  it("verifies a batch in Node", async () => {
    await using folder = await temporaryFolder();
    await folder.write("verify.mjs", `import { Buffer } from "node:buffer";\n${blocksOf("js")[0]}`);
    await folder.write(
      "run.mjs",
      `import { verify } from "./verify.mjs";
import { readFileSync } from "node:fs";
const { secret, headers, body } = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.parse(verify(secret, headers, body)).count);`,
    );
    await accepts((input) => run(executable, [...runArguments, folder.file("run.mjs")], input));
  });

  it("answers a batch that comes twice the same way", async () => {
    await using folder = await temporaryFolder();
    await folder.write("verify.mjs", `import { Buffer } from "node:buffer";\n${blocksOf("js")[0]}`);
    await folder.write(
      "backend.mjs",
      `import { Buffer } from "node:buffer";
import { verify } from "./verify.mjs";
let secret, full = true;
export const set = (to) => secret = to;
const store = () => { if (full) { full = false; throw new Error("full"); } };
${blocksOf("js")[2]}`,
    );
    await folder.write(
      "run.mjs",
      `import { readFileSync } from "node:fs";
import { server, set } from "./backend.mjs";
const { secret, headers, body } = JSON.parse(readFileSync(0, "utf8"));
set(secret);
await new Promise((done) => server.listen(0, "127.0.0.1", done));
for (const _ of [1, 2]) {
  const url = \`http://127.0.0.1:\${server.address().port}/\`;
  const answer = await fetch(url, { method: "POST", headers, body });
  console.log(answer.status, await answer.text());
}
server.closeAllConnections();
server.close();`,
    );
    const { headers, body, secretOf } = signedBatch();
    const input = JSON.stringify({ secret: secretOf("acme"), headers, body });
    const { out } = await run(executable, [...runArguments, folder.file("run.mjs")], input);
    const [{ routing: [{ id }] }] = [JSON.parse(body)];
    const answer = `200 {"failures":[{"id":"${id}","retry":true}]}`;
    assert.equal(out.trim(), `${answer}\n${answer}`);
  });

  it("verifies a batch in Python", async () => {
    const program = `${blocksOf("python")[0]}
import json, sys
given = json.load(sys.stdin)
print(json.loads(verify(given["secret"], given["headers"], given["body"].encode()))["count"])
`;
    await accepts((input) => run("python3", ["-c", program], input));
  });
});

describe("aggregator.yaml", () => {
  it("loads as it is shipped", async () => {
    assert.deepEqual(await problemsOf(shipped), []);
  });
});
