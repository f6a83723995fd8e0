import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { readEnvelope } from "../../src/telnyx/envelope.ts";
import { fixture, skip } from "./shared.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const json = "application/json";
const formType = "application/x-www-form-urlencoded; charset=UTF-8";
const read = (text: string, contentType: string | undefined = json) =>
  readEnvelope(bytes(text), contentType);

function opened(value: unknown) {
  const envelope = read(JSON.stringify(value));
  assert.ok(envelope, "parked");
  return envelope;
}

const nested = (levels: number) => "[".repeat(levels) + "]".repeat(levels);

describe("readEnvelope()", () => {
  it("opens an event of v2", () => {
    const event = {
      event_type: "call.answered",
      id: "e-1",
      occurred_at: "2026-11-20T10:15:30.123456Z",
      payload: { to: "+18005550100" },
    };
    const meta = { attempt: 2, delivered_to: "https://example.com/webhooks/ingest" };
    const envelope = opened({ data: event, meta });
    const { content, ...rest } = envelope;
    assert.ok(content.length > 0);
    assert.deepEqual(rest, {
      id: "e-1",
      type: "call.answered",
      occurredAt: Date.UTC(2026, 10, 20, 10, 15, 30, 123),
      event,
      payload: event.payload,
      deliveredTo: "https://example.com/webhooks/ingest",
    });
  });

  it("opens the other envelopes", () => {
    const event = { event_type: "meeting.started", id: "e-1", room: "r" };
    assert.equal(opened({ data: event }).deliveredTo, undefined);
    assert.deepEqual(opened({ data: event }).payload, event);
    assert.equal(opened({ ...event, payload: { a: 1 } }).payload.a, 1);
    assert.equal(opened({ data: { record_type: "link_clicked" } }).type, "link_clicked");
    assert.equal(opened({ record_type: "something_new" }).type, "something_new");
    assert.equal(opened({ name: "call.cost", payload: {} }).type, "call.cost");
  });

  it("turns v1's names into today's by a table, and leaves all others alone", () => {
    for (
      const [given, type] of [
        ["call_initiated", "call.initiated"],
        ["call_machine_detection_ended", "call.machine.detection.ended"],
        ["dtmf", "call.dtmf.received"],
        ["dynamic_variables", "dynamic_variables"],
        ["call_of_tomorrow", "call_of_tomorrow"],
        ["call.ai_gather.ended", "call.ai_gather.ended"],
        ["10dlc.phone_number.update", "10dlc.phone_number.update"],
        ["messaging-profile.spend-limit-reached", "messaging-profile.spend-limit-reached"],
        ["constructor", "constructor"],
      ]
    ) {
      assert.equal(opened({ event_type: given }).type, type);
    }
  });

  it("names what has no name", () => {
    assert.equal(opened({ sms_id: "1", direction: "inbound" }).type, "message.received");
    assert.equal(
      opened({ sms_id: "1", direction: "outbound", status: "sent" }).type,
      "message.sent",
    );
    const last = { sms_id: "1", direction: "outbound", status: "delivered" };
    assert.equal(opened(last).type, "message.finalized");
    assert.equal(opened({ brandId: "b" }).type, "10dlc.brand_status_update");
    assert.equal(opened({ brandId: "b", campaignId: "c" }).type, "10dlc.campaign_status_update");
    assert.equal(opened({ CallSid: "c", CallStatus: "a b" }).type, "texml.call");
    assert.equal(opened({ CallSid: "c", CallbackSource: "amd" }).type, "texml.amd");
    const joined = { ConferenceSid: "c", StatusCallbackEvent: "participant-join" };
    assert.equal(opened(joined).type, "texml.conference.participant-join");
  });

  it("takes an id or a type only if it is one", () => {
    for (const id of ["", "x".repeat(256), 5, null, {}, "a\u0000b", "a\u0085b"]) {
      assert.equal(opened({ data: { event_type: "t", id } }).id, undefined);
    }
    assert.equal(opened({ data: { event_type: "t", id: "x".repeat(255) } }).id?.length, 255);
    const record = { record_type: "event" };
    for (const type of ["", "x".repeat(256), "a\nb", 7]) {
      assert.equal(opened({ ...record, event_type: type }).type, "event");
      assert.equal(read(JSON.stringify({ event_type: type })), undefined);
    }
  });

  it("reads times in every way that Telnyx writes them", () => {
    const at = (occurred_at: unknown) => opened({ event_type: "t", occurred_at }).occurredAt;
    const expected = Date.UTC(2021, 3, 28, 21, 51, 18, 731);
    for (
      const text of [
        "2021-04-28T21:51:18.731Z",
        "2021-04-28 21:51:18.731479Z",
        "2021-04-28T21:51:18.731479",
        "2021-04-28T21:51:18.731+00:00",
        "2021-04-28T23:51:18.731+0200",
      ]
    ) {
      assert.equal(at(text), expected, text);
    }
    for (const text of ["date-time", "2021-13-01T00:00:00Z", "0001-01-01T00:00:00Z", 5, null]) {
      assert.equal(at(text), undefined, String(text));
    }
    const late = opened({ event_type: "t", payload: { occured_at: "2021-04-28T21:51:18.731Z" } });
    assert.equal(late.occurredAt, expected);
  });
});

describe("readEnvelope() of a form", () => {
  const text = "CallSid=v3%3Aabc&From=%2B18005550100&To=John+Doe&Tag=a&Tag=b&CallStatus=ringing";

  it("makes an object of its fields", () => {
    const envelope = read(text, formType);
    assert.equal(envelope?.type, "texml.call.ringing");
    assert.equal(envelope?.id, undefined);
    assert.deepEqual(JSON.parse(new TextDecoder().decode(envelope?.json)), {
      CallSid: "v3:abc",
      From: "+18005550100",
      To: "John Doe",
      Tag: ["a", "b"],
      CallStatus: "ringing",
    });
  });

  it("looks at the body where the content type is absent, or wrong about JSON", () => {
    assert.equal(readEnvelope(bytes(text), undefined)?.type, "texml.call.ringing");
    assert.equal(read(text, "application/json"), undefined);
    assert.equal(read('{"event_type":"t"}', formType)?.type, "t");
    assert.equal(read('{"event_type":"t"}', formType)?.json, undefined);
  });

  it("survives keys that mean something to JavaScript", () => {
    const envelope = read("CallSid=1&__proto__=x&constructor=y&__proto__=z", formType);
    const fields = JSON.parse(new TextDecoder().decode(envelope?.json));
    assert.deepEqual(Object.keys(fields), ["CallSid", "__proto__", "constructor"]);
    assert.equal(({} as { x?: unknown }).x, undefined);
  });

  it("parks one that says nothing, or too much", () => {
    assert.equal(read("a=1&b=2", formType), undefined);
    const many = Array.from({ length: 1001 }, (_, index) => `k${index}=1`).join("&");
    assert.equal(read(`CallSid=1&${many}`, formType), undefined);
    assert.equal(read(`CallSid=1&Text=${"x".repeat(1024 * 1024)}`, formType), undefined);
  });
});

describe("parked bodies", () => {
  const parked: ReadonlyMap<string, Uint8Array> = new Map([
    ["nothing", new Uint8Array()],
    ["white space", bytes(" \n")],
    ["what is not UTF-8", Uint8Array.of(...bytes('{"event_type":"'), 0xff, ...bytes('"}'))],
    ["half a character", Uint8Array.of(...bytes('{"event_type":"'), 0xe2, 0x82)],
    ["a byte order mark", bytes('\ufeff{"event_type":"t"}')],
    ["an array", bytes('[{"event_type":"t"}]')],
    ["a number", bytes("5")],
    ["a string", bytes('"event_type"')],
    ["null", bytes("null")],
    ["half an object", bytes('{"event_type":"t"')],
    ["two objects", bytes('{"event_type":"t"}{"event_type":"t"}')],
    ["an object that names no event", bytes('{"data":{"payload":{"text":"x"}}}')],
    ["data that is a list", bytes('{"data":[{"event_type":"t"}]}')],
    ["a name under a prototype", bytes('{"__proto__":{"event_type":"t"}}')],
    ["201 levels", bytes(`{"event_type":"t","a":${nested(200)}}`)],
    ["201 levels in meta", bytes(`{"event_type":"t","meta":${nested(200)}}`)],
    ["a million levels", bytes(`{"event_type":"t","a":${nested(1_000_000)}}`)],
  ]);

  for (const [name, body] of parked) {
    it(`include ${name}`, () => assert.equal(readEnvelope(body, json), undefined));
  }

  it("do not include 200 levels", () => {
    assert.equal(read(`{"event_type":"t","a":${nested(199)}}`)?.type, "t");
  });

  it("do not include foreign keys", () => {
    const envelope = read('{"event_type":"t","__proto__":{"id":"x"},"constructor":1}');
    assert.equal(envelope?.id, undefined);
    assert.equal(envelope?.type, "t");
  });
});

describe("any bytes at all", () => {
  const types = fc.constantFrom(json, formType, undefined, "text/plain");

  it("are read or parked, and nothing is thrown", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), types, (body, contentType) => {
      readEnvelope(body, contentType);
    }));
    fc.assert(fc.property(fc.json(), types, (text, contentType) => {
      readEnvelope(bytes(`{"event_type":"t","data":${text},"payload":${text}}`), contentType);
    }));
  });
});

describe("Telnyx's samples", { skip }, () => {
  const readFixture = (name: string) => {
    const { body, contentType } = fixture(name);
    return readEnvelope(body, contentType);
  };

  it("of the nine envelopes are called by today's names", () => {
    for (
      const [name, type, id] of [
        ["voice/call.initiated.json", "call.initiated", "b97d4d5e-6fe7-4432-911f-79637bf6ebb7"],
        ["fax/fax.delivered-2.json", "fax.delivered", "95479a2e-b947-470a-a88f-2da6dd07ae0f"],
        [
          "conference/conference.created-3.json",
          "conference.created",
          "2417da8b-40db-4cff-aa64-2e99ae622a0b",
        ],
        ["v1/v1.call_answered.json", "call.answered", "0ccc7b54-4df3-4bca-a65a-3da1ecc777f0"],
        [
          "v1/envelope.metadata_event.json",
          "call.answered",
          "0ccc7b54-4df3-4bca-a65a-3da1ecc777f0",
        ],
        ["v1/v1.sms_outbound_status.json", "message.sent", undefined],
        ["10dlc/campaign_status_update.json", "10dlc.campaign_status_update", undefined],
        ["messaging/link_clicked.json", "link_clicked", undefined],
        ["texml/texml.call.answered.form", "texml.call.in-progress", undefined],
        ["texml/texml.call.answered.json", "texml.call.in-progress", undefined],
        ["texml/texml.recording.completed.form", "texml.recording.completed", undefined],
        ["voice/call.initiated.debug_view.json", "call.initiated", undefined],
      ] as const
    ) {
      const envelope = readFixture(name);
      assert.equal(envelope?.type, type, name);
      assert.equal(envelope?.id, id, name);
      assert.ok(name.includes("recording") || name.includes("campaign") || envelope?.occurredAt);
    }
  });

  it("wrapped by the portal tell their payload and address", () => {
    const envelope = readFixture("v1/envelope.metadata_event.json");
    assert.equal(envelope?.payload.to, "+8005550100");
    assert.equal(envelope?.deliveredTo, "https://www.example.com/callback");
  });
});
