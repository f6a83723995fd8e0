/** A batch's head and members for the tests of its layouts. */
import { Buffer } from "node:buffer";
import type { BatchHead } from "../../src/batch.ts";
import type { Member } from "../../src/batch/member.ts";

/** A head in which nothing came back. */
export const head: BatchHead = {
  id: "bat_01JD3Q8W6ZK4M2N9P7R5T1V3X0",
  stream: "01JCZXB7Q2W4E6R8T0Y1V3N5M7",
  tenant: "acme",
  sequence: 4812,
  previousId: "bat_01JD3Q8RAAAAAAAAAAAAAAAAAA",
  openedAt: Date.UTC(2026, 10, 20, 10, 15, 25),
  sealedAt: Date.UTC(2026, 10, 20, 10, 15, 30, 7),
  reason: "max_wait",
};

/** An event of acme's with this body. */
export function member(id: string, raw: string, more: Partial<Member["event"]> = {}): Member {
  const receivedAt = Date.UTC(2026, 10, 20, 10, 15, 26);
  const matched = "+18005559876";
  return {
    event: { id, type: "message.received", channel: "messaging", receivedAt, ...more },
    owner: { tenant: "acme", by: "phone_number", matched, immediate: true, dropped: false },
    raw: Buffer.from(raw),
    proof: "1763633725 c2lnbmF0dXJl",
  };
}

const form = "CallSid=CA1&From=%2B1+800";

/** An event in JSON with white space around and in it, … */
export const json = member("e1", ' {"data":{"id":"e1","text":"größer \\u00e9 🎉", "n": 1.50}}\n');

/** … and one that came as a form. */
export const formed: Member = {
  ...member('quote"d\n', '{"CallSid":"CA1"}', { type: "texml.status", channel: "voice" }),
  form: Buffer.from(form),
};

/** Both. */
export const members = [json, formed];

/** Bytes as text. */
export const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString();
