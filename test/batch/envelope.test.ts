/**
 * The bytes of the layout `envelope/1`, pinned. Batches sealed by an earlier version are rendered
 * by this one: when this test fails, do not change it, but give the new layout a new name.
 */
import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { describe, it } from "node:test";
import { envelope } from "../../src/batch/envelope.ts";
import { head, member, members, textOf } from "./shared.ts";

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

describe("envelope.render()", () => {
  it("gives exactly these bytes", () => {
    const bytes = envelope.render(head, members);
    assert.equal(textOf(bytes), pinned);
    const digest = "1706259080c99739e5fba0b3c9ebb3c4d45c4dffe880c7f9fac663ebfec4ec25";
    assert.equal(hash("sha256", bytes), digest);
  });

  it("says what it continues and when a link stops working, where there is such", () => {
    const expiresAt = Date.UTC(2026, 10, 20, 10, 25, 26, 500);
    const continued = { ...head, continues: "bat_01JD3Q8AAAAAAAAAAAAAAAAAAA" };
    const bytes = envelope.render(continued, [member("e1", "{}", { expiresAt })]);
    assert.equal(textOf(bytes), pinnedContinued);
  });

  it("says null where no batch went before", () => {
    const { previousId: _, ...first } = head;
    const text = textOf(envelope.render(first, members.slice(0, 1)));
    assert.ok(text.includes('"sequence":4812,"previous_id":null,"timestamp"'));
    assert.equal(JSON.parse(text).count, 1);
  });

  it("says what its events were in before, right after what it continues", () => {
    const text = textOf(envelope.render({ ...head, retryOf: "bat_1", replayOf: "bat_2" }, members));
    const told = '"previous_id":"bat_01JD3Q8RAAAAAAAAAAAAAAAAAA","retry_of":"bat_1",' +
      '"replay_of":"bat_2","timestamp"';
    assert.ok(text.includes(told));
    const continued = { ...head, continues: "bat_0", retryOf: "bat_1" };
    const other = textOf(envelope.render(continued, members));
    assert.ok(other.includes('"continues":"bat_0","retry_of":"bat_1","timestamp"'));
  });
});
