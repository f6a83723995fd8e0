/**
 * Hosts as they may stand in a URL, in every notation we know of, by what they are. The config and
 * the connection are held to the same table.
 */

const rows = (text: string) => text.trim().split(/\s+/);

/** Addresses that are never to be reached. */
export const refused: Readonly<Record<string, readonly string[]>> = {
  loopback: rows("127.0.0.1 127.0.0.2 127.255.255.254 [::1] [0:0:0:0:0:0:0:1]"),
  "this network": rows("0.0.0.0 0.1.2.3 [::] 0"),
  private: rows("10.0.0.1 10.255.255.255 172.16.0.1 172.31.255.254 192.168.0.1 192.168.255.1"),
  "link-local": rows("169.254.0.1 169.254.255.254 [fe80::1] [febf::1]"),
  "carrier-grade NAT": rows("100.64.0.1 100.127.255.254"),
  metadata: rows("169.254.169.254 [fd00:ec2::254] 168.63.129.16 100.100.100.200 192.0.0.192"),
  multicast: rows("224.0.0.1 239.255.255.250 [ff02::1] [ff0e::1]"),
  reserved: rows("240.0.0.1 255.255.255.255 192.0.0.1 192.88.99.1"),
  documentation: rows("192.0.2.9 198.51.100.7 203.0.113.9 [2001:db8::1] [3fff::1] [3fff:fff::1]"),
  benchmarking: rows("198.18.0.1 198.19.255.254 [2001:2::1]"),
  "unique-local": rows("[fc00::1] [fdff:ffff::1]"),
  "site-local": rows("[fec0::1] [feff::1]"),
  "IPv4-mapped": rows("[::ffff:10.0.0.1] [::ffff:a00:1] [::ffff:127.0.0.1] [::ffff:a9fe:a9fe]"),
  "IPv4-compatible": rows("[::10.0.0.1] [::8.8.8.8] [::7f00:1]"),
  "IPv4-translated": rows("[::ffff:0:10.0.0.1] [::ffff:0:808:808]"),
  NAT64: rows("[64:ff9b::10.0.0.1] [64:ff9b::a00:1] [64:ff9b::a9fe:a9fe] [64:ff9b:1::1]"),
  "6to4": rows("[2002:a00:1::1] [2002:7f00:1::] [2002:808:808::1]"),
  Teredo: rows("[2001::1] [2001:0:a00:1::1]"),
  ORCHID: rows("[2001:10::1] [2001:20::1] [2001:2f:ffff::1]"),
  "discard-only": rows("[100::1]"),
  "segment routing": rows("[5f00::1]"),
  decimal: rows("2130706433 167772161 2852039166 3232235521"),
  octal: rows("0177.0.0.1 012.0.0.1 0251.0376.0251.0376 017700000001"),
  hexadecimal: rows("0x7f.1 0x7f000001 0xa000001 0xA9FEA9FE 0x7F.0x0.0x0.0x1"),
  short: rows("127.1 127.0.1 10.1 192.168.1 169.254.43518"),
  "other digits": rows("①②⑦.⓪.⓪.① １２７.０.０.１ 127。0。0。1 %31%32%37.0.0.1 127.0.0.1. 10.1."),
};

/** Names of this machine, of which a resolver may know or not. */
export const local = rows("localhost LOCALHOST localhost. a.localhost a.b.LocalHost. ⓛocalhost");

/** Hosts that no URL can have. */
export const impossible = rows(
  "[fe80::1%eth0] [fe80::1%25lo] [::1%25lo] [::1%251] 1.2.3.4.5 256.0.0.1 0x1ffffffff 08.1 [::1",
);

/** Addresses that may be reached. */
export const allowed = rows(`
  1.1.1.1 8.8.8.8 134744072 0x8.8.8.8 010.8.8.8 8.526344 100.63.255.255 100.128.0.1 169.253.0.1
  172.15.0.1 172.32.0.1 192.0.1.1 198.17.0.1 198.20.0.1 223.255.255.254 168.63.129.17
  [::ffff:8.8.8.8] [::ffff:808:808] [64:ff9b::8.8.8.8] [64:ff9b::808:808]
  [2001:200::1] [2001:4860:4860::8888] [2606:4700::1111] [2a00:1450::1] [2003::1]
`);
