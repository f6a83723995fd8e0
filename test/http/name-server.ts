/** A DNS server on loopback, of real packets over UDP, and the lookup that asks it. */
import { Buffer } from "node:buffer";
import { createSocket } from "node:dgram";
import { isIPv6, type LookupFunction } from "node:net";
import { createLookup } from "../../src/http/lookup.ts";

/** What it says of a name: its addresses, that there is no such name, or nothing at all. */
export type Said = readonly string[] | "unknown" | "silent";

/** A running server. */
export interface NameServer extends Disposable {
  /** Asks it, for addresses of both families. */
  readonly lookup: LookupFunction;
  /** Where it is: `address:port`. */
  readonly at: string;
  /** How often it was asked for IPv4 addresses: of all names, or of one. */
  readonly asked: (name?: string) => number;
}

const headerBytes = 12;
const typeOf = { A: 1, AAAA: 28 };

/** The question of a packet as it stands there, its name, and what type of record it wants. */
function questionIn(packet: Buffer) {
  let at = headerBytes;
  const labels: string[] = [];
  for (let length = packet[at] ?? 0; length > 0; length = packet[at] ?? 0) {
    labels.push(packet.toString("latin1", at + 1, at + 1 + length));
    at += length + 1;
  }
  const bytes = packet.subarray(headerBytes, at + 5);
  return { bytes, name: labels.join("."), type: packet.readUInt16BE(at + 1) };
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

function answerTo(query: Buffer, said: readonly string[] | "unknown"): Buffer {
  const { bytes, type } = questionIn(query);
  const isWanted = (address: string) => type === (isIPv6(address) ? typeOf.AAAA : typeOf.A);
  const addresses = said === "unknown" ? [] : said.filter(isWanted);
  const records = addresses.map((address) => recordOf(type, address));
  const header = Buffer.alloc(headerBytes);
  query.copy(header, 0, 0, 2);
  header.writeUInt16BE(said === "unknown" ? 0x8583 : 0x8580, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records.length, 6);
  return Buffer.concat([header, bytes, ...records]);
}

/** `turn` is how often addresses of this family were asked for before, of any name. */
export type Say = (name: string, turn: number, family: 4 | 6) => Said;

/** Starts one. */
export async function openZone(say: Say): Promise<NameServer> {
  const socket = createSocket("udp4");
  const seen: { readonly name: string; readonly type: number }[] = [];
  socket.on("message", (query, { port, address }) => {
    const { name, type } = questionIn(query);
    const turn = seen.filter((one) => one.type === type).length;
    const said = say(name, turn, type === typeOf.A ? 4 : 6);
    seen.push({ name, type });
    if (said !== "silent") socket.send(answerTo(query, said), port, address);
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const at = `127.0.0.1:${socket.address().port}`;
  const names = createLookup({ servers: [at] });
  const isAsked = (one: typeof seen[number], name = one.name) =>
    one.type === typeOf.A && one.name === name;
  return {
    at,
    lookup: names.lookup,
    asked: (name) => seen.filter((one) => isAsked(one, name)).length,
    [Symbol.dispose]() {
      names[Symbol.dispose]();
      socket.close();
    },
  };
}

/** Starts one that gives every name the first of these answers, then the next. */
export const openNameServer = (...answers: readonly (readonly string[])[]): Promise<NameServer> =>
  openZone((_name, turn) => answers[Math.min(turn, answers.length - 1)] ?? []);
