/** A DNS server on loopback, of real packets over UDP, and a lookup that asks it. */
import { Buffer } from "node:buffer";
import { createSocket } from "node:dgram";
import { Resolver } from "node:dns/promises";
import { isIPv6, type LookupFunction } from "node:net";

/** A running server. */
export interface NameServer extends Disposable {
  /** Asks it, for addresses of both families. */
  readonly lookup: LookupFunction;
  /** How often it was asked for IPv4 addresses. */
  readonly asked: () => number;
}

const headerBytes = 12;
const typeOf = { A: 1, AAAA: 28 };

/** The question of a packet as it stands there, and what type of record it wants. */
function questionIn(packet: Buffer) {
  let at = headerBytes;
  while ((packet[at] ?? 0) > 0) at += (packet[at] ?? 0) + 1;
  return { bytes: packet.subarray(headerBytes, at + 5), type: packet.readUInt16BE(at + 1) };
}

function bytesOf(address: string): Buffer {
  if (!isIPv6(address)) return Buffer.from(address.split(".").map(Number));
  const [head = "", tail = ""] = address.split("::");
  const groups = (text: string) => text === "" ? [] : text.split(":");
  const zeros = new Array<string>(8 - groups(head).length - groups(tail).length).fill("0");
  const hex = [...groups(head), ...zeros, ...groups(tail)].map((group) => group.padStart(4, "0"));
  return Buffer.from(hex.join(""), "hex");
}

/** One record (RFC 1035, 4.1.3) about the name of the question, not to be kept. */
function recordOf(type: number, address: string): Buffer {
  const data = bytesOf(address);
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc000 | headerBytes, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(data.byteLength, 10);
  return Buffer.concat([head, data]);
}

function answerTo(query: Buffer, addresses: readonly string[]): Buffer {
  const { bytes, type } = questionIn(query);
  const isWanted = (address: string) => type === (isIPv6(address) ? typeOf.AAAA : typeOf.A);
  const records = addresses.filter(isWanted).map((address) => recordOf(type, address));
  const header = Buffer.alloc(headerBytes);
  query.copy(header, 0, 0, 2);
  header.writeUInt16BE(0x8580, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records.length, 6);
  return Buffer.concat([header, bytes, ...records]);
}

/** Starts one that gives every name the first of these answers, then the next. */
export async function openNameServer(
  ...answers: readonly (readonly string[])[]
): Promise<NameServer> {
  const socket = createSocket("udp4");
  let asked = 0;
  const seen = { [typeOf.A]: 0, [typeOf.AAAA]: 0 };
  socket.on("message", (query, { port, address }) => {
    const { type } = questionIn(query);
    const turn = seen[type] ?? 0;
    seen[type] = turn + 1;
    if (type === typeOf.A) asked += 1;
    const given = answers[Math.min(turn, answers.length - 1)] ?? [];
    socket.send(answerTo(query, given), port, address);
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const resolver = new Resolver();
  resolver.setServers([`127.0.0.1:${socket.address().port}`]);

  async function resolve(host: string) {
    const none = () => [];
    const [v4, v6] = await Promise.all([
      resolver.resolve4(host).catch(none),
      resolver.resolve6(host).catch(none),
    ]);
    return [
      ...v4.map((address) => ({ address, family: 4 })),
      ...v6.map((address) => ({ address, family: 6 })),
    ];
  }

  return {
    lookup: (host, _options, done) => {
      resolve(host).then((all) => {
        if (all.length > 0) done(null, all);
        else done(Object.assign(new Error("No such name"), { code: "ENOTFOUND" }), []);
      });
    },
    asked: () => asked,
    [Symbol.dispose]: () => void socket.close(),
  };
}
