import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { buildDirectory } from "../src/directory.ts";
import { number, tenantOf } from "./pipeline/shared.ts";

const voice = new Set(["voice"] as const);
const messaging = new Set(["messaging"] as const);

describe("buildDirectory()", () => {
  it("finds the owner of a number", () => {
    const directory = buildDirectory([tenantOf("acme", { numbers: [number("+18005550100")] })]);
    const found = { tenant: "acme", matched: "+18005550100" };
    assert.deepEqual(directory.ofNumber("+18005550100", "voice", undefined), found);
    assert.deepEqual(directory.ofNumber("+18005550100", "fax", "any-profile"), found);
    assert.equal(directory.ofNumber("+18005550101", "voice", undefined), undefined);
    assert.equal(directory.numbers, 1);
  });

  it("prefers a whole number to a prefix, and of two prefixes the longer", () => {
    const directory = buildDirectory([
      tenantOf("short", { numbers: [number("+1312*")] }),
      tenantOf("long", { numbers: [number("+1312555*")] }),
      tenantOf("whole", { numbers: [number("+13125550001")] }),
    ]);
    const of = (text: string) => directory.ofNumber(text, "voice", undefined);
    assert.deepEqual(of("+13125550001"), { tenant: "whole", matched: "+13125550001" });
    assert.deepEqual(of("+13125550002"), { tenant: "long", matched: "+1312555*" });
    assert.deepEqual(of("+13124440002"), { tenant: "short", matched: "+1312*" });
    assert.equal(of("+1311"), undefined);
  });

  it("keeps channels apart, for prefixes too", () => {
    const directory = buildDirectory([
      tenantOf("speech", { numbers: [number("+18005550100"), number("+1312*")], channels: voice }),
      tenantOf("text", { numbers: [number("+18005550100"), number("+13*")], channels: messaging }),
    ]);
    const of = (text: string, channel: "voice" | "messaging" | "fax") =>
      directory.ofNumber(text, channel, undefined)?.tenant;
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
    assert.equal(directory.ofNumber("INFO", "messaging", "profile-a")?.tenant, "acme");
    assert.equal(directory.ofNumber("INFO", "messaging", "PROFILE-B")?.tenant, "beta");
    assert.equal(directory.ofNumber("INFO", "messaging", undefined), undefined);
    assert.equal(directory.ofNumber("info", "messaging", "profile-a"), undefined);
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
      assert.equal(directory.ofNumber(name, "voice", name), undefined);
      assert.equal(directory.ofId(name, "other"), undefined);
    }
  });
});
