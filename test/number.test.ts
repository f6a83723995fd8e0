import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { maskNumber, numbersIn, parseNumber } from "../src/number.ts";

describe("parseNumber()", () => {
  const same: readonly (readonly [string, string])[] = [
    ["+18005559876", "+18005559876"],
    ["18005559876", "+18005559876"],
    ["+1 (800) 555-9876", "+18005559876"],
    ["+1-800-555-9876", "+18005559876"],
    ["+1.800.555.9876", "+18005559876"],
    ["+1/800/555/9876", "+18005559876"],
    ["1 800 555 9876", "+18005559876"],
    ["  +18005559876\t", "+18005559876"],
    ["+1\u00a0800\u00a05559876", "+18005559876"],
    ["\u202a+18005559876\u202c", "+18005559876"],
    ["+1\u2011800\u20115559876", "+18005559876"],
    ["+44 20 7946 0958", "+442079460958"],
    ["+6834123", "+6834123"],
    ["123456789012345", "+123456789012345"],
    ["tel:+18005559876", "+18005559876"],
    ["TEL:+1-800-555-9876;phone-context=example.com", "+18005559876"],
    ["123", "123"],
    ["12345", "12345"],
    ["12345678", "12345678"],
    ["123-45", "12345"],
    ["INFO", "INFO"],
    ["Info", "Info"],
    ["My Shop 24", "My Shop 24"],
    ["sip:bob@example.com", "bob@example.com"],
    ["sips:Bob@Example.COM:5061;transport=tls?x=y", "Bob@example.com"],
    ["bob@example.com", "bob@example.com"],
    ['"Bob" <sip:bob@example.com>;tag=1', "bob@example.com"],
    ["sip:bob:secret@example.com", "bob@example.com"],
    ["sip:bob@[2001:db8::1]:5060", "bob@[2001:db8::1]"],
    ["sip:%2B18005559876@sip.telnyx.com", "+18005559876@sip.telnyx.com"],
    ["sip:+18005559876;npdi@sip.telnyx.com", "+18005559876@sip.telnyx.com"],
  ];
  for (const [text, number] of same) {
    it(`reads ${JSON.stringify(text)} as ${number}`, () => {
      assert.deepEqual(parseNumber(text), { number, prefix: false });
    });
  }

  it("reads a trailing star as a prefix", () => {
    assert.deepEqual(parseNumber("+1312555*"), { number: "+1312555", prefix: true });
    assert.deepEqual(parseNumber("+1 (312) 555-*"), { number: "+1312555", prefix: true });
    assert.deepEqual(parseNumber("+4*"), { number: "+4", prefix: true });
  });

  const wrong: readonly (readonly [string, RegExp])[] = [
    ["", /is empty/],
    ["8005559876", /write it with one, such as "\+1 800/],
    ["(800) 555-9876", /no country code/],
    ["207946095", /no country code/],
    ["+44 (0)20 7946 0958", /"\(0\)"/],
    ["0018005559876", /begins with 00/],
    ["+08005559876", /begins with 0/],
    ["+12345", /too short/],
    ["12", /too short/],
    ["1234567890123456", /more than 15/],
    ["+1234567890123456", /more than 15/],
    ["+1 800 FLOWERS", /neither a number nor/],
    ["TOO LONG A NAME", /neither a number nor/],
    ["1312555*", /prefix/],
    ["*", /prefix/],
    ["+*", /prefix/],
    ["+1312*555", /is not a number/],
    ["anonymous", /names nobody/],
    ["sip:anonymous@anonymous.invalid", /names nobody/],
    ["sip:example.com", /SIP/],
    ["sip:@example.com", /SIP/],
    ["1".repeat(300), /too long/],
  ];
  for (const [text, why] of wrong) {
    it(`refuses ${JSON.stringify(text.slice(0, 40))}`, () => {
      const parsed = parseNumber(text);
      assert.match("problem" in parsed ? parsed.problem : "", why);
    });
  }

  it("leaves its own results as they are", () => {
    fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => {
      const parsed = parseNumber(text);
      if ("problem" in parsed || parsed.prefix) return;
      assert.deepEqual(parseNumber(parsed.number), parsed);
    }));
  });

  it("reads any grouping of a number as that number", () => {
    const digits = fc.stringMatching(/^[1-9][0-9]{10,14}$/);
    const gaps = fc.array(fc.constantFrom("", " ", "-", ".", "\u00a0"), { minLength: 15 });
    fc.assert(fc.property(digits, gaps, (number, between) => {
      const written = [...number].map((digit, index) => digit + between[index]).join("");
      assert.deepEqual(parseNumber(`+${written}`), { number: `+${number}`, prefix: false });
      assert.deepEqual(parseNumber(written), { number: `+${number}`, prefix: false });
    }));
  });
});

describe("numbersIn()", () => {
  it("gives the address of a SIP URI before the number in it", () => {
    const found = numbersIn("sip:+18005559876@sip.telnyx.com;transport=udp");
    assert.deepEqual(found, ["+18005559876@sip.telnyx.com", "+18005559876"]);
    assert.deepEqual(numbersIn("sip:18005559876@x.example").at(-1), "+18005559876");
  });

  it("does not take an extension for a short code", () => {
    assert.deepEqual(numbersIn("sip:12345@pbx.example"), ["12345@pbx.example"]);
  });

  it("gives one form of a number, and none of what is no number", () => {
    assert.deepEqual(numbersIn("18005559876"), ["+18005559876"]);
    assert.deepEqual(numbersIn("INFO"), ["INFO"]);
    for (const text of ["", "anonymous", "Restricted", "+1312*", "8005559876", "\0"]) {
      assert.deepEqual(numbersIn(text), []);
    }
  });
});

describe("maskNumber()", () => {
  it("keeps four digits of a number and nothing of anything else", () => {
    assert.equal(maskNumber("+1 (800) 555-9876"), "•••9876");
    assert.equal(maskNumber("sip:+18005559876@10.20.30.40"), "•••9876");
    assert.equal(maskNumber("INFO"), "•••");
    assert.equal(maskNumber("1234"), "•••");
  });
});
