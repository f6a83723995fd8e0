/**
 * The bytes of the layout `envelope/1`, pinned. Batches sealed by an earlier version are rendered
 * by this one: when this test fails, do not change it, but give the new layout a new name.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { hash } from "node:crypto";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { BatchHead } from "../../src/batch.ts";
import {
  envelopeBytesOf,
  envelopeFrameBytesOf,
  type Member,
  renderEnvelope,
  trimmed,
} from "../../src/batch/envelope.ts";

const head: BatchHead = {
  id: "bat_01JD3Q8W6ZK4M2N9P7R5T1V3X0",
  stream: "01JCZXB7Q2W4E6R8T0Y1V3N5M7",
  tenant: "acme",
  sequence: 4812,
  previousId: "bat_01JD3Q8RAAAAAAAAAAAAAAAAAA",
  openedAt: Date.UTC(2026, 10, 20, 10, 15, 25),
  sealedAt: Date.UTC(2026, 10, 20, 10, 15, 30, 7),
  reason: "max_wait",
};

function member(id: string, raw: string, more: Partial<Member["event"]> = {}): Member {
  const receivedAt = Date.UTC(2026, 10, 20, 10, 15, 26);
  const matched = "+18005559876";
  return {
    event: { id, type: "message.received", channel: "messaging", receivedAt, ...more },
    owner: { tenant: "acme", by: "phone_number", matched, immediate: true, dropped: false },
    raw: Buffer.from(raw),
  };
}

const members = [
  member("e1", ' {"data":{"id":"e1","text":"größer \\u00e9 🎉", "n": 1.50}}\n'),
  member('quote"d\n', '{"CallSid":"CA1"}', { type: "texml.status", channel: "voice" }),
];

const pinned = '{"type":"aggregator.batch","version":1,"id":"bat_01JD3Q8W6ZK4M2N9P7R5T1V3X0",' +
  '"stream":"01JCZXB7Q2W4E6R8T0Y1V3N5M7","tenant":"acme","sequence":4812,' +
  '"previous_id":"bat_01JD3Q8RAAAAAAAAAAAAAAAAAA","timestamp":"2026-11-20T10:15:30.007Z",' +
  '"window":{"opened_at":"2026-11-20T10:15:25.000Z","closed_at":"2026-11-20T10:15:30.007Z",' +
  '"reason":"max_wait"},"count":2,"events":[' +
  '{"data":{"id":"e1","text":"größer \\u00e9 🎉", "n": 1.50}},{"CallSid":"CA1"}],"routing":[' +
  '{"id":"e1","event_type":"message.received","channel":"messaging",' +
  '"matched_by":"phone_number","matched":"+18005559876",' +
  '"received_at":"2026-11-20T10:15:26.000Z"},' +
  '{"id":"quote\\"d\\n","event_type":"texml.status","channel":"voice",' +
  '"matched_by":"phone_number","matched":"+18005559876",' +
  '"received_at":"2026-11-20T10:15:26.000Z"}]}';

const pinnedContinued = '{"type":"aggregator.batch","version":1,' +
  '"id":"bat_01JD3Q8W6ZK4M2N9P7R5T1V3X0","stream":"01JCZXB7Q2W4E6R8T0Y1V3N5M7",' +
  '"tenant":"acme","sequence":4812,"previous_id":"bat_01JD3Q8RAAAAAAAAAAAAAAAAAA",' +
  '"continues":"bat_01JD3Q8AAAAAAAAAAAAAAAAAAA","timestamp":"2026-11-20T10:15:30.007Z",' +
  '"window":{"opened_at":"2026-11-20T10:15:25.000Z","closed_at":"2026-11-20T10:15:30.007Z",' +
  '"reason":"max_wait"},"count":1,"events":[{}],"routing":[' +
  '{"id":"e1","event_type":"message.received","channel":"messaging",' +
  '"matched_by":"phone_number","matched":"+18005559876",' +
  '"received_at":"2026-11-20T10:15:26.000Z","expires_at":"2026-11-20T10:25:26.500Z"}]}';

const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString();

describe("renderEnvelope()", () => {
  it("gives exactly these bytes", () => {
    const bytes = renderEnvelope(head, members);
    assert.equal(textOf(bytes), pinned);
    const digest = "1706259080c99739e5fba0b3c9ebb3c4d45c4dffe880c7f9fac663ebfec4ec25";
    assert.equal(hash("sha256", bytes), digest);
  });

  it("says what it continues and when a link stops working, where there is such", () => {
    const expiresAt = Date.UTC(2026, 10, 20, 10, 25, 26, 500);
    const continued = { ...head, continues: "bat_01JD3Q8AAAAAAAAAAAAAAAAAAA" };
    const bytes = renderEnvelope(continued, [member("e1", "{}", { expiresAt })]);
    assert.equal(textOf(bytes), pinnedContinued);
  });

  it("says null where no batch went before", () => {
    const { previousId: _, ...first } = head;
    const text = textOf(renderEnvelope(first, members.slice(0, 1)));
    assert.ok(text.includes('"sequence":4812,"previous_id":null,"timestamp"'));
    assert.equal(JSON.parse(text).count, 1);
  });

  it("takes as many bytes as are counted, at most", () => {
    const text = fc.string({ unit: "binary", maxLength: 40 });
    const raws = fc.array(fc.tuple(text, fc.jsonValue()), { minLength: 1, maxLength: 12 });
    fc.assert(fc.property(raws, fc.nat(2_000), (told, more) => {
      const some = told.map(([id, value]) => member(id, ` ${JSON.stringify(value)}\r\n`));
      const bytes = renderEnvelope(head, some);
      const counted = some.reduce((sum, one) => sum + envelopeBytesOf(one), 0) +
        envelopeFrameBytesOf(head, some.length + more);
      assert.ok(bytes.byteLength <= counted);
      assert.ok(counted - bytes.byteLength <= 2 + 4);
      assert.deepEqual(
        JSON.parse(textOf(bytes)).events,
        told.map(([, value]) => JSON.parse(JSON.stringify(value))),
      );
    }));
  });
});

describe("trimmed()", () => {
  it("takes JSON's white space from both ends, and nothing else", () => {
    assert.equal(textOf(trimmed(Buffer.from(" \t\r\n{ } \n\t"))), "{ }");
    assert.equal(textOf(trimmed(Buffer.from("\u00a0{}\f"))), "\u00a0{}\f");
    assert.equal(trimmed(Buffer.from(" \n")).byteLength, 0);
  });
});
