/**
 * Which IP addresses are public. A callback may reach only those, or what the operator allowed by
 * name; an address that cannot be read is refused.
 *
 * IPv4 hides inside IPv6 (::ffff:10.0.0.1, 64:ff9b::10.0.0.1), so such an address is judged as the
 * IPv4 address that would really be reached.
 */
import { isIP } from "node:net";

/** A network: the first `bits` of `bytes` say what belongs to it. */
export interface Cidr {
  readonly bytes: readonly number[];
  readonly bits: number;
  readonly text: string;
}

/** Judges addresses. */
export interface AddressRule {
  /** Why this address must not be connected to; undefined: it may. Fails closed. */
  refuses(address: string, family?: 4 | 6): string | undefined;
}

const privateRanges = [
  "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24",
  "192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24",
  "224.0.0.0/4 240.0.0.0/4 168.63.129.16/32",
  "::/96 ::ffff:0:0:0/96 64:ff9b:1::/48 100::/64 2001::/23 2001:db8::/32 2002::/16 3fff::/20",
  "5f00::/16 fc00::/7 fe80::/10 fec0::/10 ff00::/8",
].join(" ").split(" ");

/** Prefixes after which the last four bytes are the IPv4 address that is reached. */
const embedding = ["::ffff:0:0/96", "64:ff9b::/96"];

function bytesOfV4(text: string): number[] {
  return text.split(".").map(Number);
}

function groupsOf(text: string): number[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => {
    if (!group.includes(".")) return [parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = bytesOfV4(group);
    return [a * 256 + b, c * 256 + d];
  });
}

function bytesOfV6(text: string): number[] {
  const [head = "", tail] = text.split("::");
  const before = groupsOf(head);
  const after = tail === undefined ? [] : groupsOf(tail);
  const zeros = new Array<number>(8 - before.length - after.length).fill(0);
  return [...before, ...zeros, ...after].flatMap((group) => [group >> 8, group & 255]);
}

/** The bytes of an address without a zone; undefined for anything else. */
function bytesOf(address: string): readonly number[] | undefined {
  const family = address.includes("%") ? 0 : isIP(address);
  if (family === 0) return undefined;
  return family === 4 ? bytesOfV4(address) : bytesOfV6(address);
}

function contains(network: Cidr, bytes: readonly number[]): boolean {
  if (network.bytes.length !== bytes.length) return false;
  return network.bytes.every((byte, index) => {
    const bits = Math.min(8, Math.max(0, network.bits - index * 8));
    const mask = (0xff00 >> bits) & 0xff;
    return (byte & mask) === ((bytes[index] ?? 0) & mask);
  });
}

/** A network such as `10.0.0.0/8`; an address alone is a network of one. */
export function parseCidr(text: string): Cidr | { readonly problem: string } {
  const [address = "", length, ...rest] = text.split("/");
  const bytes = bytesOf(address);
  const bitsMax = (bytes?.length ?? 0) * 8;
  const bits = length === undefined ? bitsMax : /^[0-9]{1,3}$/.test(length) ? Number(length) : -1;
  if (bytes === undefined || rest.length > 0 || bits < 0 || bits > bitsMax) {
    return { problem: 'must be an address or a network such as "10.0.0.0/8" or "fd00::/8"' };
  }
  const network = { bytes, bits, text };
  const zeroed = bytes.every((byte, index) => {
    const used = Math.min(8, Math.max(0, bits - index * 8));
    return (byte & (0xff >> used)) === 0;
  });
  if (!zeroed) return { problem: `must end in zeros after its first ${bits} bits` };
  return network;
}

function networkOf(text: string): Cidr {
  const network = parseCidr(text);
  if ("problem" in network) throw new TypeError(`A network ${network.problem}`);
  return network;
}

/** A mapped network of IPv4 addresses as the IPv4 network it is. */
function unmapped(network: Cidr, mapped: Cidr): Cidr {
  if (network.bits < 96 || !contains(mapped, network.bytes)) return network;
  return { ...network, bytes: network.bytes.slice(12), bits: network.bits - 96 };
}

/** Finds the network of a list that an address is in, or the IPv4 address that it hides. */
type Finder = (bytes: readonly number[]) => Cidr | undefined;

function createFinder(networks: readonly Cidr[]): Finder {
  return (bytes) => networks.find((network) => contains(network, bytes));
}

/** The IPv4 address that would really be reached, or the address itself. */
function createReached(): (bytes: readonly number[]) => readonly number[] {
  const find = createFinder(embedding.map(networkOf));
  return (bytes) => find(bytes) === undefined ? bytes : bytes.slice(12);
}

/**
 * Tells whether an address is one of these, or in one of these networks, in whatever way it may be
 * embedded in another. Throws on bad networks.
 */
export function createAddressSet(networks: readonly string[]): (address: string) => boolean {
  const find = createFinder(networks.map(networkOf));
  const reached = createReached();
  return (address) => {
    const bytes = bytesOf(address);
    return bytes !== undefined && (find(reached(bytes)) ?? find(bytes)) !== undefined;
  };
}

/** Judges by the non-public ranges, less what `allowPrivate` excepts. Throws on bad networks. */
export function createAddressRule(allowPrivate: readonly string[]): AddressRule {
  const mapped = networkOf("::ffff:0:0/96");
  const findAllowed = createFinder(allowPrivate.map((text) => unmapped(networkOf(text), mapped)));
  const findRefused = createFinder(privateRanges.map(networkOf));
  const reached = createReached();
  return {
    refuses(address, family) {
      const bytes = bytesOf(address);
      if (bytes === undefined) return "is not an IP address";
      if (family !== undefined && bytes.length !== (family === 4 ? 4 : 16)) {
        return `is not an IPv${family} address`;
      }
      if ((findAllowed(reached(bytes)) ?? findAllowed(bytes)) !== undefined) return undefined;
      const range = findRefused(reached(bytes));
      return range && `is not public (it is in ${range.text})`;
    },
  };
}
