/** A broken file may have a secret anywhere: no problem of it may repeat one. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { load, publicKey } from "./fixture.ts";

const secret = "sk_live_hunter2";
const top = `telnyx: { public_keys: [${publicKey}] }\n`;

/** Lines of a tenant, with SECRET where the secret stands. */
const brokenLines = [
  "headers: { authorization: > SECRET }",
  "headers:\n  authorization: > SECRET",
  "headers:\n  authorization: | SECRET\n  x: y",
  "headers:\n  authorization: Bearer: SECRET",
  "headers:\n  authorization: @SECRET",
  "headers:\n  authorization: `SECRET",
  "headers:\n  authorization: %SECRET",
  'headers:\n  authorization: "SECRET',
  'headers:\n  authorization: "SEC" SECRET',
  'headers:\n  authorization: "\\qSECRET"',
  'headers:\n  authorization: "\\xSECRET"',
  "headers:\n  authorization: 'SECRET",
  "headers:\n\tauthorization: SECRET",
  "headers:\n  authorization:\n SECRET\nSECRET",
  "headers:\n  authorization:SECRET",
  "headers:\n  authorization:SECRET\n  x: y",
  "headers: { authorization:SECRET }",
  "headers: { authorization Bearer SECRET }",
  "headers: { authorization=SECRET }",
  "headers: [ authorization: SECRET",
  "headers: { authorization: SECRET ]",
  "headers: { authorization: [SECRET }",
  "headers: { authorization: {a: SECRET}, b: [SECRET] }",
  "headers: { authorization: !SECRET x }",
  "headers: { authorization: !a!SECRET x }",
  "headers: { authorization: !<SECRET x }",
  "headers: { authorization: !!SECRET x }",
  "headers: { authorization: &SECRET &SECRET x }",
  "headers: { authorization: &a *SECRET }",
  "secrets: [*SECRET]",
  "secrets: &SECRET [*SECRET]",
  "secrets: [SECRET, whsec_SECRET]",
  "secrets: SECRET",
  "secrets:\n  - SECRET\n - SECRET",
  "secrets: {SECRET: SECRET}",
  "? [SECRET]\n: SECRET",
  "? {SECRET: a}\n: b",
  "callback_url: https://u:SECRET@x.example/SECRET?SECRET",
  "callback_url: https:/SECRET",
  "public_keys: [SECRET]",
];

const brokenFiles = [
  "%SECRET\n---\n{}",
  "%YAML SECRET\n---\n{}",
  "%YAML 1.SECRET\n---\n{}",
  "%TAG SECRET\n---\n{}",
  "--- SECRET\n--- SECRET\n...\nSECRET",
  "SECRET",
  "- SECRET",
  "SECRET\nSECRET: SECRET",
  "admin: { token: SECRET é, read_token: [SECRET] }",
  "admin: { token:SECRET }",
  "signing: { key: SECRET }",
  "signing: { key:SECRET }",
  "telnyx: { public_keys: [SECRET], api_key: SECRET }",
  "tls: { cert: SECRET, key: SECRET }",
  "alerts: { url: https://SECRET }",
];

const problemsOf = async (text: string) => {
  const { problems } = await load(text.replaceAll("SECRET", secret));
  return problems;
};

function assertUntold(problems: readonly string[]): void {
  assert.ok(problems.length > 0, "something is wrong with it");
  assert.ok(!problems.join().includes("hunter2"), problems.join("\n"));
}

const tenantOf = (lines: string) =>
  `${top}tenants:\n  acme:\n${lines.replace(/^/gm, "    ")}\n    callback_url: https://x.example\n`;

describe("problems of broken files", () => {
  for (const lines of brokenLines) {
    it(`do not repeat a secret of ${JSON.stringify(lines)}`, async () => {
      assertUntold(await problemsOf(tenantOf(lines)));
    });
  }

  for (const text of brokenFiles) {
    it(`do not repeat a secret of ${JSON.stringify(text)}`, async () => {
      assertUntold(await problemsOf(text));
    });
  }

  it("do not repeat a secret whatever stands around it", async () => {
    const mark = fc.constantFrom(..."'\"`@%&*!|>[]{},:#-?~\\", " ", "\n", "\n      ", "\t", ": ");
    const marks = fc.array(mark, { maxLength: 4 }).map((some) => some.join(""));
    await fc.assert(
      fc.asyncProperty(marks, marks, async (before, after) => {
        const text = tenantOf(`headers:\n  authorization: ${before}"Bearer SECRET${after}`);
        const problems = await problemsOf(text);
        assert.ok(!problems.join().includes("hunter2"), `${text}\n${problems.join("\n")}`);
      }),
      { numRuns: 150 },
    );
  });

  it("say in our own words what is wrong with the YAML", async () => {
    const [problem] = await problemsOf(tenantOf("headers:\n  authorization: > SECRET"));
    assert.equal(
      problem,
      "aggregator.yaml:5:24: is not valid YAML: something stands here that does not belong: " +
        "perhaps it needs quotes",
    );
  });
});
