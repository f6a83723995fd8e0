import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { createAddressRule, parseCidr } from "../src/address.ts";

const refused = `
  0.0.0.0 0.1.2.3 10.0.0.0 10.255.255.255 100.64.0.1 100.127.255.255 127.0.0.1 127.255.0.1
  169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.1 192.0.2.1 192.88.99.1 192.168.0.1
  198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.9 224.0.0.1 239.255.255.255 240.0.0.1
  255.255.255.255 168.63.129.16
  :: ::1 ::10.0.0.1 ::8.8.8.8 ::ffff:0:8.8.8.8 64:ff9b:1::1 100::1 2001::1 2001:1ff:ffff::1
  2001:db8::1 2002:808:808::1 3fff::1 3fff:fff::1 5f00::1 fc00::1 fdff::1 fe80::1 febf::1
  fec0::1 feff::1 ff02::1 ffff::1 ::ffff:10.0.0.1 ::ffff:7f00:1 ::ffff:169.254.169.254
  64:ff9b::10.0.0.1 64:ff9b::a9fe:a9fe 64:ff9b::7f00:1
  fe80::1%eth0 2606:4700::1111%lo localhost example.com 1.2.3 01.2.3.4 0x7f.0.0.1 2130706433
  1.2.3.4/32 [::1] ::g 1::2::3
`.trim().split(/\s+/);

const public_ = `
  1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.1
  169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 192.0.1.1 192.0.3.1 192.88.98.1
  192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 198.51.99.1 203.0.112.1 223.255.255.255
  168.63.129.15 168.63.129.17
  2001:200::1 2001:db7::1 2003::1 2606:4700::1111 2a00:1450::1 3ffe::1 64:ff9b::8.8.8.8
  ::ffff:8.8.8.8 fbff::1 64:ff9b:2::1
`.trim().split(/\s+/);

describe("createAddressRule()", () => {
  const rule = createAddressRule([]);

  for (const address of refused) {
    it(`refuses ${address}`, () => assert.ok(rule.refuses(address)));
  }

  for (const address of public_) {
    it(`lets ${address} pass`, () => assert.equal(rule.refuses(address), undefined));
  }

  it("refuses an address of another family than said", () => {
    assert.ok(rule.refuses("8.8.8.8", 6));
    assert.ok(rule.refuses("2606:4700::1111", 4));
    assert.equal(rule.refuses("8.8.8.8", 4), undefined);
  });

  it("excepts what is allowed, in every way it may be embedded, and nothing beside it", () => {
    const { refuses } = createAddressRule(["127.0.0.1/32", "10.8.0.0/16", "fd00::/8"]);
    for (const address of ["127.0.0.1", "::ffff:127.0.0.1", "64:ff9b::10.8.9.9", "fd12::1"]) {
      assert.equal(refuses(address), undefined);
    }
    for (const address of ["127.0.0.2", "10.9.0.1", "fc00::1", "::1", "::127.0.0.1"]) {
      assert.ok(refuses(address));
    }
  });

  it("takes a mapped network for the IPv4 network it is", () => {
    const { refuses } = createAddressRule(["::ffff:10.0.0.0/104"]);
    assert.equal(refuses("10.1.2.3"), undefined);
    assert.ok(refuses("11.0.0.1") === undefined && refuses("127.0.0.1"));
  });

  it("never throws, and judges an IPv4 address and its mapped form alike", () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.ipV6()), (text) => void rule.refuses(text)));
    fc.assert(fc.property(fc.ipV4(), (address) => {
      assert.equal(rule.refuses(address), rule.refuses(`::ffff:${address}`));
    }));
  });
});

describe("parseCidr()", () => {
  it("refuses what is no network", () => {
    const wrong = ["", "x", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "10.0.0.0/", "::/129"];
    for (const text of [...wrong, "fe80::%lo/64"]) assert.ok("problem" in parseCidr(text), text);
  });

  it("refuses an address inside a network in its place", () => {
    const parsed = parseCidr("10.0.0.1/8");
    assert.match("problem" in parsed ? parsed.problem : "", /zeros after its first 8 bits/);
  });
});
