import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { describe, it } from "node:test";
import { publicKey } from "../config/fixture.ts";
import { runCli } from "../support/cli.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/folder.ts";

const config = `telnyx: { public_keys: [${publicKey}] }
tenants:
  acme:
    phone_numbers: ["+18005559876"]
    connection_ids: ["1293384261075731499"]
    callback_url: https://a.example/
    drop: [call.playback.*]
  globex:
    phone_numbers: ["+18005551111"]
    callback_url: https://b.example/
    window: { session: call }
`;

const example = fileURLToPath(new URL("../../src/cli/cases/example.yaml", import.meta.url));
const shipped = fileURLToPath(new URL("../../aggregator.yaml", import.meta.url));

const call = (payload: object, id = "e-1", type = "call.initiated") =>
  JSON.stringify({ data: { event_type: type, id, payload } });

const incoming = { call_leg_id: "leg-1", call_session_id: "call-1", direction: "incoming" };
const toAcme = { ...incoming, from: "+14155550123", to: "+18005559876" };
const toGlobex = { ...incoming, from: "+14155550123", to: "+18005551111" };

async function withCases(cases: string, files: Readonly<Record<string, string>> = {}) {
  const folder: TemporaryFolder = await temporaryFolder();
  await folder.write("aggregator.yaml", config);
  await folder.write("cases.yaml", cases);
  for (const [name, text] of Object.entries(files)) await folder.write(name, text);
  return folder;
}

async function check(cases: string, files?: Readonly<Record<string, string>>, ...more: string[]) {
  await using folder = await withCases(cases, files);
  return await runCli(["check", "--cases", "cases.yaml", ...more], { cwd: folder.path });
}

describe("check --cases", () => {
  it("runs the shipped example against the shipped config", async () => {
    await using folder = await temporaryFolder();
    const env = { TELNYX_PUBLIC_KEY: publicKey };
    const { code, stdout } = await runCli(["check", shipped, "--cases", example], {
      cwd: folder.path,
      env,
    });
    assert.equal(code, 0, stdout);
    assert.match(stdout, /^6 of 6 cases as expected$/m);
  });

  it("takes bodies as maps, text and files, with what came before", async () => {
    const files = {
      "first.json": call(toGlobex),
      "form.txt": "CallSid=c1&From=%2B14155550123&To=%2B18005559876&CallStatus=ringing",
    };
    const { code, stdout } = await check(
      `
- name: a file
  file: first.json
  expect: { tenant: globex, lane: session, matched_by: phone_number, type: call.initiated }
- name: text, after a file
  after: [first.json]
  body: '${call({ call_leg_id: "leg-1" }, "e-2", "call.recording.saved")}'
  expect: { tenants: [globex], matched_by: call_leg_id, lane: session }
- name: a form
  file: form.txt
  content_type: application/x-www-form-urlencoded
  expect: { tenant: acme, channel: voice, lane: window }
- name: a map, after a map
  after: [{ body: { data: { event_type: call.initiated, id: e, payload: &leg { call_leg_id: l,
    direction: incoming, to: +18005559876, from: +14155550123 } } } }]
  body: { data: { event_type: call.playback.started, id: f, payload: *leg } }
  expect: { tenant: acme, lane: none }
`,
      files,
    );
    assert.equal(code, 0, stdout);
    assert.match(stdout, /^✓ text, after a file\n✓ a form\n✓ a map, after a map\n4 of 4 cases/m);
  });

  it("lets pass the time for which an event waits for its call", async () => {
    const answered = call(
      { call_leg_id: "l", connection_id: "1293384261075731499" },
      "e",
      "call.x",
    );
    const { code, stdout } = await check(`
- name: by its connection
  body: '${answered}'
  expect: { tenant: acme, matched_by: connection_id }
`);
    assert.equal(code, 0, stdout);
  });

  it("tells what was expected and what came, and exits with 1", async () => {
    const { code, stdout } = await check(`
- name: right
  body: '${call(toAcme)}'
  expect: { tenant: acme }
- name: wrong
  body: '${call(toAcme)}'
  expect: { tenant: unassigned, reason: unknown, channel: fax, lane: session, type: call.x }
- name: nobody's
  body: '${call({ ...incoming, to: "+18005550100" })}'
  expect: { tenant: globex, matched_by: phone_number }
`);
    assert.equal(code, 1);
    const lines = [
      "✓ right",
      "✗ wrong  cases.yaml:5",
      "    tenant      expected unassigned, came acme",
      "    reason      expected unknown, came nothing",
      "    channel     expected fax, came voice",
      "    lane        expected session, came window",
      "    type        expected call.x, came call.initiated",
      "✗ nobody's  cases.yaml:8",
      "    tenant      expected globex, came unassigned (unknown)",
      "    matched_by  expected phone_number, came nothing",
      "1 of 3 cases as expected",
    ];
    assert.ok(stdout.endsWith(`${lines.join("\n")}\n`), stdout);
  });

  it("tells it to programs", async () => {
    const cases = `
- name: wrong
  body: '${call(toAcme)}'
  expect: { tenant: globex }
`;
    const { code, stdout } = await check(cases, {}, "--json");
    assert.equal(code, 1);
    const { ok, cases: told } = JSON.parse(stdout);
    assert.equal(ok, false);
    const mismatches = [{ what: "tenant", expected: "globex", came: "acme" }];
    assert.deepEqual(told, [
      { file: "cases.yaml", name: "wrong", line: 2, ok: false, mismatches },
    ]);
  });

  it("tells every problem of the file with its line, and exits with 78", async () => {
    const { code, stdout } = await check(`- name: wrong
  file: nothing.json
  expct: {}
- body: [a]
  expect: { tenant: acmee, tenants: [acme], lane: sesion }
- name: no body
  signed_by: acme
  after: [{ body: hello }, { path: /x }]
  expect: { tenant: acme }
- name: says nothing
  body: hello
  expect: {}
- name: nobody and somebody
  body: hello
  expect: { tenants: [acme, unassigned] }
`);
    assert.equal(code, 78);
    const expected = [
      /^cases\.yaml:1:3 expect: is missing/m,
      /^cases\.yaml:2:9 file: does not exist/m,
      /^cases\.yaml:3:3 expct: is not a known key; did you mean "expect"\?$/m,
      /^cases\.yaml:4:3 name: is missing/m,
      /^cases\.yaml:4:3 expect: must have either "tenant" or "tenants", not both$/m,
      /^cases\.yaml:4:9 body: must be a map or text: received a list$/m,
      /^cases\.yaml:5:21 expect\.tenant: is no tenant of the config; did you mean "acme"\?$/m,
      /^cases\.yaml:5:51 expect\.lane: must be one of window, session, none; did you mean/m,
      /^cases\.yaml:6:3: must have either "body" or "file"$/m,
      /^cases\.yaml:6:3 after: must have either "body" or "file"$/m,
      /^cases\.yaml:10:3 expect: says nothing: a case that expects nothing tests nothing$/m,
      /^cases\.yaml:13:3 expect: "tenants" cannot have "unassigned"/m,
      /^cases\.yaml:7:14 signed_by: has no public_keys of its own/m,
    ];
    for (const line of expected) assert.match(stdout, line);
  });

  it("exits with 78 where what comes before is no event, and without cases", async () => {
    const parked = await check(`
- name: after nonsense
  after: [{ body: hello }]
  body: '${call(toAcme)}'
  expect: { tenant: acme }
`);
    assert.equal(parked.code, 78);
    assert.match(parked.stdout, /^cases\.yaml:2:9 after: has a body that is no event/m);
    const empty = await check("[]\n");
    assert.equal(empty.code, 78);
    assert.match(empty.stdout, /^cases\.yaml:1:1: is empty: it needs cases$/m);
    const none = await runCli(["check", shipped, "--cases", "none.yaml"], {
      cwd: ".",
      env: { TELNYX_PUBLIC_KEY: publicKey },
    });
    assert.equal(none.code, 78);
    assert.match(none.stdout, /^none\.yaml: does not exist$/m);
  });
});
