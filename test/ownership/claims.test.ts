import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decide } from "../../src/ownership/deciding.ts";
import { number, tenantOf } from "../pipeline/shared.ts";
import { acme, alice, beta, bob, claims, message, stranger } from "./shared.ts";

/** `acme by phone_number (+1800…)`, of those who get it if nothing else is known; or why not. */
function deciding(...args: Parameters<typeof claims>): string[] {
  const { evidence } = claims(...args);
  const decision = decide({ evidence, known: () => undefined, now: 0, late: true });
  if (decision.is === "held") return decision.why === "unknown" ? [] : [decision.why];
  return decision.owners.map(({ tenant, by, matched }) => `${tenant} by ${by} (${matched})`);
}

describe("claimsOf() with a direction", () => {
  it("gives an inbound event to the owner of `to`", () => {
    const incoming = { direction: "incoming", from: stranger, to: alice };
    assert.deepEqual(deciding("call.initiated", incoming), [`acme by phone_number (${alice})`]);
    assert.deepEqual(deciding("message.received", message(bob, stranger)), [
      `beta by phone_number (${bob})`,
    ]);
  });

  it("gives an outbound event to the owner of `from`", () => {
    const outgoing = { direction: "outgoing", from: alice, to: bob };
    assert.deepEqual(deciding("call.initiated", outgoing), [`acme by phone_number (${alice})`]);
    assert.deepEqual(deciding("message.finalized", message(bob, alice)), [
      `acme by phone_number (${alice})`,
    ]);
  });

  it("never believes the number that a caller shows", () => {
    const spoofed = { direction: "incoming", from: alice, to: stranger };
    assert.deepEqual(deciding("call.initiated", spoofed), []);
    assert.deepEqual(deciding("message.received", message(stranger, alice)), []);
    assert.deepEqual(deciding("message.sent", message(alice, stranger)), []);
  });

  it("gives a copy to each owner in `to`, once", () => {
    const group = message([alice, bob, "+13125550001", stranger], stranger);
    assert.deepEqual(deciding("message.received", group), [
      `acme by phone_number (${alice})`,
      `beta by phone_number (${bob})`,
    ]);
  });

  it("looks at `cc` only when nobody owns a `to`", () => {
    const cc = [{ phone_number: bob }];
    assert.deepEqual(deciding("message.received", message(alice, stranger, { cc })), [
      `acme by phone_number (${alice})`,
    ]);
    assert.deepEqual(deciding("message.received", message(stranger, stranger, { cc })), [
      `beta by phone_number (${bob})`,
    ]);
  });

  it("says which prefix matched, as the config has it", () => {
    assert.deepEqual(deciding("message.received", message("+13125550001", stranger)), [
      "beta by phone_number (+1312555*)",
    ]);
  });

  it("takes the profile before numbers for short codes and senders' names", () => {
    const shared = tenantOf("beta", { ...beta, numbers: [number("12345"), number("INFO")] });
    const tenants = [acme, shared];
    const byProfile = ["acme by messaging_profile_id (profile-a)"];
    const profile = { messaging_profile_id: "profile-a" };
    for (const own of ["12345", "INFO"]) {
      const sent = message(stranger, own, profile);
      assert.deepEqual(deciding("message.sent", sent, { tenants }), byProfile);
      const bare = message(stranger, own);
      assert.deepEqual(deciding("message.sent", bare, { tenants }), [
        `beta by phone_number (${own})`,
      ]);
    }
    assert.deepEqual(
      deciding("message.received", message("12345", stranger, profile), { tenants }),
      byProfile,
    );
    assert.deepEqual(
      deciding("message.received", message(bob, "12345", profile), { tenants: [acme, beta] }),
      [`beta by phone_number (${bob})`],
    );
  });

  it("knows a sender's name that belongs to a profile only there", () => {
    const paired = { number: "INFO", prefix: false, messagingProfileId: "PROFILE-X" };
    const tenants = [tenantOf("acme", { numbers: [paired] })];
    const sent = (id: string) => message(stranger, "INFO", { messaging_profile_id: id });
    assert.deepEqual(deciding("message.sent", sent("profile-x"), { tenants }), [
      "acme by phone_number (INFO)",
    ]);
    assert.deepEqual(deciding("message.sent", sent("profile-y"), { tenants }), []);
  });

  it("falls back to ids, profile and connection when nobody owns the number", () => {
    const call = { direction: "incoming", from: stranger, to: stranger };
    assert.deepEqual(deciding("call.initiated", { ...call, connection_id: "222" }), [
      "beta by connection_id (222)",
    ]);
    assert.deepEqual(
      deciding(
        "message.received",
        message(stranger, stranger, { messaging_profile_id: "PROFILE-B" }),
      ),
      ["beta by messaging_profile_id (profile-b)"],
    );
  });
});

describe("claimsOf() without a direction", () => {
  it("takes the only owner among both sides", () => {
    assert.deepEqual(deciding("call.answered", { from: stranger, to: alice }), [
      `acme by phone_number (${alice})`,
    ]);
    assert.deepEqual(deciding("call.answered", { from: alice, to: stranger }), [
      `acme by phone_number (${alice})`,
    ]);
    const both = tenantOf("acme", { numbers: [number(alice), number(bob)] });
    assert.deepEqual(deciding("call.answered", { from: alice, to: bob }, { tenants: [both] }), [
      `acme by phone_number (${bob})`,
    ]);
  });

  it("lets nobody have a call between two owners before its direction is known", () => {
    const between = { from: alice, to: bob, connection_id: "111", call_leg_id: "leg" };
    assert.deepEqual(deciding("call.answered", between), ["ambiguous"]);
    const { evidence, wanted } = claims("call.answered", between);
    assert.equal(evidence.awaits, true);
    assert.deepEqual(wanted, ["connection:111", `number:${bob}`, `number:${alice}`]);
  });

  it("lets the connection or profile decide where no direction will ever be told", () => {
    const fax = { from: alice, to: bob };
    assert.deepEqual(deciding("fax.tomorrow", { ...fax, connection_id: "222" }), [
      "beta by connection_id (222)",
    ]);
    assert.deepEqual(
      deciding("message.tomorrow", message(bob, alice, { profile_id: "profile-a" })),
      [
        "acme by messaging_profile_id (profile-a)",
      ],
    );
  });

  it("is ambiguous where neither names one of the two", () => {
    const third = tenantOf("third", { connectionIds: ["333"] });
    const tenants = [acme, beta, third];
    for (const more of [{}, { connection_id: "333" }]) {
      const fax = { from: alice, to: bob, ...more };
      assert.deepEqual(deciding("fax.tomorrow", fax, { tenants }), ["ambiguous"]);
    }
  });
});

describe("claimsOf() by what is neither side's", () => {
  it("gives an order to everybody whose number is in it", () => {
    const order = { phone_numbers: [{ phone_number: alice }, { phone_number: bob }] };
    assert.deepEqual(deciding("number_order.complete", order), [
      `acme by phone_number (${alice})`,
      `beta by phone_number (${bob})`,
    ]);
  });

  it("takes ids before profile and connection", () => {
    const payload = { brandId: "brand-a", connection_id: "222" };
    assert.deepEqual(deciding("10dlc.brand.update", payload), ["acme by id (brand-a)"]);
  });

  it("never takes the end user's number in a verification for one of ours", () => {
    assert.deepEqual(deciding("verify.sent", { phone_number: alice }), []);
  });

  it("takes the path's tenant only where Telnyx signed that it delivered there", () => {
    const path = "/webhooks/@acme";
    const at = (deliveredTo: string) =>
      deciding("call.cost", {}, { path, deliveredTo: `https://hooks.example${deliveredTo}` });
    const byPath = ["acme by path (/webhooks/@acme)"];
    assert.deepEqual(at("/webhooks/@acme"), byPath);
    assert.deepEqual(at("/webhooks/@acme/?x=1"), byPath);
    assert.deepEqual(at("/webhooks/ingest"), []);
    assert.deepEqual(at("/webhooks/@beta"), []);
    assert.deepEqual(deciding("call.cost", {}, { path }), [], "nothing signed says so");
    const unknown = { path: "/webhooks/@zeta", deliveredTo: "https://x.example/webhooks/@zeta" };
    assert.deepEqual(deciding("call.cost", {}, unknown), []);
    const prototype = {
      path: "/webhooks/@__proto__",
      deliveredTo: "https://x.example/webhooks/@__proto__",
    };
    assert.deepEqual(deciding("call.cost", {}, prototype), []);
  });

  it("prefers our number to the path", () => {
    const sent = { path: "/webhooks/@beta", deliveredTo: "https://x.example/webhooks/@beta" };
    assert.deepEqual(deciding("message.received", message(alice, stranger), sent), [
      `acme by phone_number (${alice})`,
    ]);
  });

  it("keeps the channels of one number apart", () => {
    const speech = tenantOf("speech", { ...acme, id: "speech", channels: new Set(["voice"]) });
    const text = tenantOf("text", { ...acme, id: "text", channels: new Set(["messaging"]) });
    const tenants = [speech, text];
    const call = { direction: "incoming", from: stranger, to: alice };
    assert.deepEqual(deciding("call.initiated", call, { tenants }), [
      `speech by phone_number (${alice})`,
    ]);
    assert.deepEqual(deciding("message.received", message(alice, stranger), { tenants }), [
      `text by phone_number (${alice})`,
    ]);
    const fax = { direction: "inbound", from: stranger, to: alice, connection_id: "111" };
    assert.deepEqual(deciding("fax.received", fax, { tenants }), []);
    const sent = { path: "/webhooks/@text", deliveredTo: "https://x.example/webhooks/@text" };
    assert.deepEqual(deciding("call.cost", {}, { tenants, ...sent }), []);
  });

  it("says what would have to be known where nobody is named, and not without end", () => {
    const to = Array.from({ length: 1_100 }, (_, index) => `+1415555${1_000 + index}`);
    const tags = Array.from({ length: 200 }, (_, index) => `tag-${index}`);
    const told = message(to, stranger, { messaging_profile_id: "profile-x", tags });
    const { wanted } = claims("message.received", told);
    assert.equal(wanted[0], "profile:profile-x");
    const isNumber = (key: string) => key.startsWith("number:");
    const first = wanted.findIndex(isNumber);
    assert.equal(wanted[first], "number:+14155551000");
    assert.equal(wanted.slice(first).length, 1_000);
    assert.ok(wanted.slice(first).every(isNumber) && first > 1 && first <= 128);
  });
});
