import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { belongingsOf, buildDirectory } from "../src/directory.ts";
import { type Channel, channels, type OwnedNumber, type Tenant } from "../src/tenant.ts";
import { number, tenantOf } from "./pipeline/shared.ts";

const voice = new Set(["voice"] as const);
const messaging = new Set(["messaging"] as const);

describe("buildDirectory()", () => {
  it("finds the owner of a number", () => {
    const directory = buildDirectory([tenantOf("acme", { numbers: [number("+18005550100")] })]);
    const found = { tenant: "acme", matched: "+18005550100", dated: false };
    assert.deepEqual(directory.ofNumber("+18005550100", "voice", undefined, 0), found);
    assert.deepEqual(directory.ofNumber("+18005550100", "fax", "any-profile", 0), found);
    assert.equal(directory.ofNumber("+18005550101", "voice", undefined, 0), undefined);
    assert.equal(directory.numbers, 1);
  });

  it("prefers a whole number to a prefix, and of two prefixes the longer", () => {
    const directory = buildDirectory([
      tenantOf("short", { numbers: [number("+1312*")] }),
      tenantOf("long", { numbers: [number("+1312555*")] }),
      tenantOf("whole", { numbers: [number("+13125550001")] }),
    ]);
    const of = (text: string) => directory.ofNumber(text, "voice", undefined, 0);
    assert.deepEqual(of("+13125550001"), {
      tenant: "whole",
      matched: "+13125550001",
      dated: false,
    });
    assert.deepEqual(of("+13125550002"), { tenant: "long", matched: "+1312555*", dated: false });
    assert.deepEqual(of("+13124440002"), { tenant: "short", matched: "+1312*", dated: false });
    assert.equal(of("+1311"), undefined);
  });

  it("keeps channels apart, for prefixes too", () => {
    const directory = buildDirectory([
      tenantOf("speech", { numbers: [number("+18005550100"), number("+1312*")], channels: voice }),
      tenantOf("text", { numbers: [number("+18005550100"), number("+13*")], channels: messaging }),
    ]);
    const of = (text: string, channel: "voice" | "messaging" | "fax") =>
      directory.ofNumber(text, channel, undefined, 0)?.tenant;
    assert.equal(of("+18005550100", "voice"), "speech");
    assert.equal(of("+18005550100", "messaging"), "text");
    assert.equal(of("+18005550100", "fax"), undefined);
    assert.equal(of("+13120000000", "messaging"), "text");
    assert.equal(of("+13120000000", "voice"), "speech");
  });

  it("knows a sender's name together with its profile", () => {
    const named = (messagingProfileId: string) => ({
      number: "INFO",
      prefix: false,
      messagingProfileId,
    });
    const directory = buildDirectory([
      tenantOf("acme", { numbers: [named("Profile-A")] }),
      tenantOf("beta", { numbers: [named("profile-b")] }),
    ]);
    assert.equal(directory.ofNumber("INFO", "messaging", "profile-a", 0)?.tenant, "acme");
    assert.equal(directory.ofNumber("INFO", "messaging", "PROFILE-B", 0)?.tenant, "beta");
    assert.equal(directory.ofNumber("INFO", "messaging", undefined, 0), undefined);
    assert.equal(directory.ofNumber("info", "messaging", "profile-a", 0), undefined);
  });

  it("finds ids, profiles and connections, each among its own", () => {
    const directory = buildDirectory([
      tenantOf("acme", { connectionIds: ["1"], messagingProfileIds: ["AbC"], ids: ["Tag"] }),
    ]);
    assert.equal(directory.ofConnection("1", "voice")?.tenant, "acme");
    assert.equal(directory.ofProfile("aBc", "messaging")?.tenant, "acme");
    assert.equal(directory.ofId("Tag", "other")?.tenant, "acme");
    assert.equal(directory.ofId("tag", "other"), undefined);
    assert.equal(directory.ofId("1", "other"), undefined);
    assert.equal(directory.ofConnection("AbC", "voice"), undefined);
  });

  it("takes no harm from any name", () => {
    const directory = buildDirectory([tenantOf("acme")]);
    for (const name of ["__proto__", "constructor", ""]) {
      assert.equal(directory.ofNumber(name, "voice", name, 0), undefined);
      assert.equal(directory.ofId(name, "other"), undefined);
    }
  });
});

const owned = (text: string, fromAt?: number, untilAt?: number): OwnedNumber => ({
  ...number(text),
  ...(fromAt === undefined ? {} : { fromAt }),
  ...(untilAt === undefined ? {} : { untilAt }),
});

describe("ofNumber() at a time", () => {
  const directory = buildDirectory([
    tenantOf("old", { numbers: [owned("+18005550100", undefined, 1_000)] }),
    tenantOf("new", { numbers: [owned("+18005550100", 1_000, 2_000)] }),
    tenantOf("all", { numbers: [owned("+1800*")] }),
    tenantOf("spring", { numbers: [owned("+1800555*", 3_000, 4_000)] }),
  ]);
  const of = (text: string, at: number) => directory.ofNumber(text, "voice", undefined, at);

  it("finds who has it then: the first moment is the tenant's, the last no longer", () => {
    const tenants = [-1, 999, 1_000, 1_999].map((at) => of("+18005550100", at)?.tenant);
    assert.deepEqual(tenants, ["old", "old", "new", "new"]);
  });

  it("goes on to prefixes where nobody has the whole number, and to shorter ones likewise", () => {
    const tenants = [2_000, 2_999, 3_000, 3_999, 4_000].map((at) => of("+18005550100", at)?.tenant);
    assert.deepEqual(tenants, ["all", "all", "spring", "spring", "all"]);
  });

  it("says whether the time decided it", () => {
    assert.equal(of("+18005550100", 0)?.dated, true);
    assert.equal(of("+18005550100", 3_500)?.dated, true);
    assert.equal(of("+18005550100", 4_000)?.dated, false);
  });

  it("goes from a sender's pair to the name alone", () => {
    const name = { number: "INFO", prefix: false };
    const senders = buildDirectory([
      tenantOf("pair", { numbers: [{ ...name, messagingProfileId: "p", untilAt: 10 }] }),
      tenantOf("name", { numbers: [name] }),
    ]);
    const found = [9, 10].map((at) => senders.ofNumber("INFO", "messaging", "P", at));
    assert.deepEqual(found, [
      { tenant: "pair", matched: "INFO", dated: true },
      { tenant: "name", matched: "INFO", dated: false },
    ]);
  });

  /** Who has it, found by looking at everything. */
  function scan(tenants: readonly Tenant[], text: string, channel: Channel, at: number) {
    const found = tenants.filter((tenant) => tenant.channels.has(channel)).flatMap((tenant) =>
      tenant.numbers.filter(({ fromAt = -Infinity, untilAt = Infinity }) =>
        fromAt <= at && at < untilAt
      ).filter((one) => one.prefix ? text.startsWith(one.number) : text === one.number)
        .map((one) => ({ tenant: tenant.id, rank: one.prefix ? one.number.length : 100 }))
    );
    const most = Math.max(...found.map(({ rank }) => rank));
    return found.find(({ rank }) => rank === most)?.tenant;
  }

  it("agrees with a plain scan", () => {
    const digits = fc.array(fc.constantFrom("1", "2"), { minLength: 1, maxLength: 4 });
    const whole = digits.map((some) => `+${some.join("")}`);
    const time = fc.option(fc.nat(6), { nil: undefined });
    const holding = fc.tuple(whole, fc.boolean(), time, time)
      .map(([text, prefix, from, until]) => owned(prefix ? `${text}*` : text, from, until));
    const tenants = fc.array(
      fc.tuple(fc.array(holding, { maxLength: 6 }), fc.subarray([...channels])),
      { maxLength: 5 },
    ).map((all) =>
      all.map(([numbers, on], index) => tenantOf(`t${index}`, { numbers, channels: new Set(on) }))
    );
    const asked = fc.tuple(whole, fc.constantFrom(...channels), fc.integer({ min: -1, max: 7 }));
    fc.assert(
      fc.property(tenants, fc.array(asked, { minLength: 1 }), (some, questions) => {
        const built = buildDirectory(some);
        for (const [text, channel, at] of questions) {
          const found = built.ofNumber(text, channel, undefined, at)?.tenant;
          assert.equal(found, scan(some, text, channel, at));
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("belongingsOf()", () => {
  it("names everything that is ever the tenant's, each once", () => {
    const tenant = tenantOf("acme", {
      numbers: [
        owned("+18005550100", undefined, 0),
        owned("+18005550100", 5),
        owned("+1312555*"),
        { number: "INFO", prefix: false, messagingProfileId: "Profile-A" },
      ],
      connectionIds: ["1"],
      messagingProfileIds: ["AbC", "aBc"],
      ids: ["Tag"],
    });
    assert.deepEqual(belongingsOf(tenant), [
      "number:+18005550100",
      "number:+1312555*",
      "number:INFO profile-a",
      "connection:1",
      "profile:abc",
      "id:Tag",
    ]);
    assert.deepEqual(belongingsOf(tenantOf("nothing")), []);
  });
});
