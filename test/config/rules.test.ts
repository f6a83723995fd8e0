import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { load, publicKey } from "./fixture.ts";

const top = `telnyx: { public_keys: [${publicKey}] }\n`;

const problemsOf = async (url: string, allowed = "") => {
  const callbacks = `callbacks: { allow_private: [${allowed}] }\n`;
  const text = `${top}${callbacks}tenants: { acme: { callback_url: ${JSON.stringify(url)} } }\n`;
  return (await load(text)).problems;
};

const prefix = "aggregator.yaml:3:34 tenants.acme.callback_url: ";

describe("callback_url", () => {
  for (
    const url of [
      "https://hooks.example",
      "https://hooks.example:8443/a?b=c#d",
      "https://8.8.8.8/",
      "https://[2606:4700::1111]/",
      "HTTPS://hooks.example/".toLowerCase(),
      "https://intranet/",
    ]
  ) it(`may be ${url}`, async () => assert.deepEqual(await problemsOf(url), []));

  for (
    const url of [
      "",
      "hooks.example",
      "ftp://hooks.example",
      "https:hooks.example",
      "https:///hooks.example",
      "https:\\\\hooks.example",
      "https://\\hooks.example",
      " https://hooks.example",
      "https://hooks.exa\nmple",
      "https://hooks.example:99999",
      "https://u:p@hooks.example/",
      "https://u@hooks.example/",
      "http://hooks.example/",
      "http://8.8.8.8/",
      "https://10.0.0.1/",
      "https://0x7f000001/",
      "https://2130706433/",
      "https://0177.0.0.1/",
      "https://127.1/",
      "https://[::1]/",
      "https://[::ffff:10.0.0.1]/",
      "https://[64:ff9b::7f00:1]/",
      "https://169.254.169.254/latest",
      "https://localhost/",
      "https://localhost./",
      "https://a.localhost/",
    ]
  ) {
    it(`must not be ${JSON.stringify(url)}`, async () => {
      const [problem = "", ...others] = await problemsOf(url);
      assert.ok(problem.startsWith(prefix), problem);
      assert.deepEqual(others, []);
    });
  }

  it("says how to allow what is not public", async () => {
    assert.deepEqual(await problemsOf("https://localhost/x"), [
      `${prefix}must be a public https URL: localhost resolves to ::1; to allow it add ::1/128 ` +
      "to callbacks.allow_private",
    ]);
    assert.deepEqual(await problemsOf("https://10.0.0.1/x"), [
      `${prefix}must be a public https URL: 10.0.0.1 is not public (it is in 10.0.0.0/8); to ` +
      "allow it add 10.0.0.1/32 to callbacks.allow_private",
    ]);
  });

  it("may be http for an address that is allowed, and only for one", async () => {
    assert.deepEqual(await problemsOf("http://127.0.0.1:3000/", "127.0.0.1/32"), []);
    assert.deepEqual(await problemsOf("http://[::1]:3000/", '"::1/128"'), []);
    assert.deepEqual(await problemsOf("https://localhost:3000/", '"::1/128"'), []);
    for (const url of ["http://localhost/", "http://8.8.8.8/", "http://x.example/"]) {
      assert.match((await problemsOf(url, '127.0.0.1/32, "::1/128"')).join(), /must be https/);
    }
    assert.match((await problemsOf("http://127.0.0.2/", "127.0.0.1/32")).join(), /not public/);
  });
});

const two = async (a: string, b: string) => {
  const tenant = (id: string, lines: string) =>
    `  ${id}: { callback_url: https://${id}.example, ${lines} }\n`;
  return (await load(`${top}tenants:\n${tenant("a", a)}${tenant("b", b)}`)).problems;
};

describe("owners", () => {
  it("tells a number that two tenants have, with both places", async () => {
    const [problem = "", ...others] = await two(
      'phone_numbers: ["+18005559876"]',
      "phone_numbers: [1 800 555 9876]",
    );
    assert.deepEqual(others, []);
    assert.match(
      problem,
      /^aggregator\.yaml:4:57 tenants\.b\.phone_numbers: belongs to tenant "a"/,
    );
    assert.match(problem, /\(aggregator\.yaml:3:57\)/);
    assert.doesNotMatch(problem, /5559876/);
  });

  it("lets two tenants have one number on different channels", async () => {
    const number = "phone_numbers: [18005559876], channels";
    assert.deepEqual(await two(`${number}: [voice]`, `${number}: [messaging, fax]`), []);
    assert.equal((await two(`${number}: [voice, fax]`, `${number}: [messaging, fax]`)).length, 1);
  });

  for (const field of ["connection_ids", "messaging_profile_ids", "ids"]) {
    it(`tells the same of ${field}`, async () => {
      const [problem = ""] = await two(`${field}: [x1]`, `${field}: [x1]`);
      assert.match(problem, new RegExp(`tenants\\.b\\.${field}: belongs to tenant "a"`));
    });
  }

  it("does not mistake kinds, prefixes and profiles for each other", async () => {
    assert.deepEqual(await two('phone_numbers: ["+1800*"]', "phone_numbers: [+18005559876]"), []);
    assert.deepEqual(
      await two("ids: [12345]", "phone_numbers: [12345], connection_ids: [12345]"),
      [],
    );
    const sender = (profile: string) =>
      `phone_numbers: [{ sender: INFO, messaging_profile_id: ${profile} }]`;
    assert.deepEqual(await two(sender("p1"), sender("p2")), []);
    assert.equal((await two(sender("p1"), sender("P1"))).length, 1);
    assert.equal(
      (await two("messaging_profile_ids: [aB]", "messaging_profile_ids: [Ab]")).length,
      1,
    );
  });

  it("lets two tenants have one number at different times", async () => {
    const owned = (number: string) => (dates: string) =>
      `phone_numbers: [{ number: "${number}", ${dates} }]`;
    const [until, from] = ["until: 2026-12-01T00:00:00Z", "from: 2026-12-01T01:00:00+01:00"];
    for (const dated of [owned("+18005559876"), owned("+1800*")]) {
      assert.deepEqual(await two(dated(until), dated(from)), []);
      assert.deepEqual(await two(dated(from), dated(until)), []);
    }
    const sender = (dates: string) =>
      `phone_numbers: [{ sender: INFO, messaging_profile_id: p, ${dates} }]`;
    assert.deepEqual(await two(sender(until), sender(from)), []);
  });

  it("tells where their times overlap", async () => {
    const dated = (dates: string) => `phone_numbers: [{ number: 18005559876, ${dates} }]`;
    const [problem = "", ...others] = await two(
      dated("until: 2026-12-01T00:00:00.001Z"),
      dated("from: 2026-12-01T00:00:00Z"),
    );
    assert.deepEqual(others, []);
    assert.equal(
      problem,
      'aggregator.yaml:4:67 tenants.b.phone_numbers: belongs to tenant "a" ' +
        "(aggregator.yaml:3:67) at the same time: one must have it until a moment, the other " +
        "from then",
    );
    const always = 'phone_numbers: ["+18005559876"]';
    assert.equal((await two(dated("from: 2026-12-01T00:00:00Z"), always)).length, 1);
  });

  it("agrees with comparing each with every other", async () => {
    const day = fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined });
    const span = fc.tuple(day, day).filter(([from = 0, until = 10]) => from < until);
    const tenant = fc.record({
      spans: fc.array(span, { maxLength: 3 }),
      channels: fc.subarray(["voice", "fax"], { minLength: 1 }),
    });
    const date = (key: string, value?: number) =>
      value === undefined ? "" : `, ${key}: 2026-12-0${value}T00:00:00Z`;
    const textOf = ({ spans, channels }: typeof tenant extends fc.Arbitrary<infer T> ? T : never) =>
      spans.map(([from, until]) => `{ number: 12345${date("from", from)}${date("until", until)} }`)
        .join(", ") + `], channels: [${channels.join()}`;
    await fc.assert(
      fc.asyncProperty(fc.array(tenant, { minLength: 2, maxLength: 4 }), async (all) => {
        const overlap = all.some((a, index) =>
          all.slice(index + 1).filter((b) => a.channels.some((on) => b.channels.includes(on)))
            .some((b) =>
              a.spans.some(([from = 0, until = 10]) =>
                b.spans.some(([start = 0, end = 10]) => from < end && start < until)
              )
            )
        );
        const lines = all.map((one, index) =>
          `  t${index}: { callback_url: https://x.example, phone_numbers: [${textOf(one)}] }\n`
        );
        const { problems } = await load(`${top}tenants:\n${lines.join("")}`);
        assert.equal(problems.length > 0, overlap, problems.join("\n"));
      }),
      { numRuns: 80 },
    );
  });

  it("lets one tenant name a thing twice", async () => {
    assert.deepEqual(await two("phone_numbers: [18005559876, +18005559876], ids: [a, a]", ""), []);
  });
});
