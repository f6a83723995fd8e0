/** What the README shows is true: its configs load, its snippets verify a real batch. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { loadConfig } from "../src/config/load.ts";
import { createSigning } from "../src/signing.ts";
import { publicKeyOf } from "../src/telnyx/signature.ts";
import { collect, endOf } from "./support/daemon.ts";
import { temporaryFolder } from "./support/folder.ts";
import { childEnv, executable, runArguments } from "./support/runtime.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const shipped = readFileSync(new URL("../aggregator.yaml", import.meta.url), "utf8");
const publicKey = Buffer.from(publicKeyOf(randomBytes(32))).toString("base64");

/** The fenced blocks of one language. */
function blocksOf(language: string): string[] {
  const fences = readme.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, "gms"));
  return [...fences].map(([, text = ""]) => text);
}

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
    "webhook-signature": signing.sign("acme", [], id, seconds, body),
  };
  const secretOf = (tenant: string) => signing.keysOf(tenant).secret;
  return { headers, body: body.toString("utf8"), secretOf };
}

interface Ran {
  readonly code: number | string;
  readonly out: string;
}

/** Runs a program with this on its standard input. */
async function run(command: string, args: readonly string[], input: string): Promise<Ran> {
  const child = spawn(command, args, { env: childEnv(), stdio: ["pipe", "pipe", "pipe"] });
  const out = collect(child.stdout);
  const errors = collect(child.stderr);
  const ended = endOf(child);
  child.stdin?.end(input);
  const code = await ended;
  return { code, out: `${out()}${errors()}` };
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
console.log(verify(secret, headers, body).count);`,
    );
    await accepts((input) => run(executable, [...runArguments, folder.file("run.mjs")], input));
  });

  it("verifies a batch in Python", async () => {
    const program = `${blocksOf("python")[0]}
import sys
given = json.load(sys.stdin)
print(verify(given["secret"], given["headers"], given["body"].encode())["count"])
`;
    await accepts((input) => run("python3", ["-c", program], input));
  });
});

describe("aggregator.yaml", () => {
  it("loads as it is shipped", async () => {
    assert.deepEqual(await problemsOf(shipped), []);
  });
});
