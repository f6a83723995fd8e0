/** CloudEvents as the specification has them: its own schema, and its own library, judge. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HTTP } from "cloudevents";
import validate from "cloudevents/dist/schema/v1.js";
import fc from "fast-check";
import { cloudevents } from "../../src/batch/cloudevents.ts";
import type { Member } from "../../src/batch/member.ts";
import { formed, head, json, member, members, textOf } from "./shared.ts";

const rendered = (some: readonly Member[]) => textOf(cloudevents.render(head, some));

const sourceOf = (body: unknown) =>
  JSON.parse(rendered([member("e1", JSON.stringify(body))]))[0].source;

describe("cloudevents/1", () => {
  it("is what the specification's schema allows", () => {
    for (const one of JSON.parse(rendered(members))) assert.ok(validate(one), one.id);
    assert.equal(validate({ specversion: "1.0", id: "1", type: "a" }), false, "it refuses, too");
  });

  it("stays so whatever is in an event", () => {
    const text = fc.string({ unit: "binary", minLength: 1, maxLength: 40 });
    fc.assert(fc.property(text, text, text, fc.jsonValue(), (id, type, connection_id, value) => {
      const raw = JSON.stringify({ data: { payload: { connection_id, value } } });
      const [one] = JSON.parse(rendered([member(id, raw, { type, occurredAt: 0 })]));
      assert.ok(validate(one), JSON.stringify(one));
      assert.deepEqual(one.data, JSON.parse(raw));
    }));
  });

  it("is read by the specification's library", () => {
    const headers = { "content-type": cloudevents.contentType };
    const read = [HTTP.toEvent({ headers, body: rendered(members) })].flat();
    assert.deepEqual(read.map(({ id, type, source, time }) => [id, type, source, time]), [
      ["e1", "com.telnyx.message.received", "/telnyx", "2026-11-20T10:15:26.000Z"],
      ['quote"d\n', "com.telnyx.texml.status", "/telnyx", "2026-11-20T10:15:26.000Z"],
    ]);
    assert.deepEqual(read[1]?.data, { CallSid: "CA1" });
  });

  it("has the event byte for byte, and when it happened", () => {
    const occurredAt = Date.UTC(2026, 10, 20, 10, 15, 25, 250);
    const text = rendered([{ ...json, event: { ...json.event, occurredAt } }]);
    const data = textOf(json.raw).trim();
    assert.ok(text.endsWith(`"datacontenttype":"application/json","data":${data}}]`));
    assert.equal(JSON.parse(text)[0].time, "2026-11-20T10:15:25.250Z");
    assert.equal(rendered([formed]).includes("From"), false);
  });

  it("has when it came, where it happened in a year that no time can name", () => {
    const timeOf = (occurredAt: number) =>
      JSON.parse(rendered([{ ...json, event: { ...json.event, occurredAt } }]))[0].time;
    const came = "2026-11-20T10:15:26.000Z";
    const [first, last] = ["0000-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"];
    for (const time of [first, last]) assert.equal(timeOf(Date.parse(time)), time);
    const beyond = [Date.parse(first) - 1, Date.parse(last) + 1, 8.64e15, 8.64e15 + 1];
    for (const at of beyond) assert.equal(timeOf(at), came);
  });

  it("names the connection or messaging profile, wherever the event has it", () => {
    const payload = { connection_id: "1293384261075731499", messaging_profile_id: "p" };
    const wanted = "/telnyx/1293384261075731499";
    assert.equal(sourceOf({ data: { payload } }), wanted);
    assert.equal(sourceOf({ metadata: { event: { payload } } }), wanted);
    assert.equal(sourceOf({ payload }), wanted);
    assert.equal(sourceOf(payload), wanted);
    assert.equal(sourceOf({ CallSid: "x", ConnectionId: "1293384261075731499" }), wanted);
    assert.equal(
      sourceOf({ data: { payload: { messaging_profile_id: "a/b c" } } }),
      "/telnyx/a%2Fb%20c",
    );
    for (const none of [{}, { data: null }, { data: { payload: { connection_id: 5 } } }]) {
      assert.equal(sourceOf(none), "/telnyx");
    }
  });
});
