import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { readEnvelope } from "../../src/telnyx/envelope.ts";
import { sightOf } from "../../src/telnyx/families.ts";

const time = "2026-11-20T10:00:00.000Z";
const happened = Date.parse(time);
const minute = 60_000;

function expiry(type: string, payload: unknown, occurred_at: string | null = time) {
  const body = JSON.stringify({ data: { event_type: type, id: "e", occurred_at, payload } });
  const envelope = readEnvelope(new TextEncoder().encode(body), "application/json");
  assert.ok(envelope, "parked");
  const { expiresAt, expiresAfterMs } = sightOf(envelope);
  return expiresAt ?? expiresAfterMs;
}

const link = (query: string) => `https://bucket.example.com/r.mp3?${query}`;
const presigned = (seconds: number, at = "20261120T100000Z") =>
  link(`X-Amz-Algorithm=A&X-Amz-Date=${at}&X-Amz-Expires=${seconds}&X-Amz-Signature=f00`);
const saved = (url: unknown) => expiry("call.recording.saved", { recording_urls: { mp3: url } });

describe("sightOf() and the life of links", () => {
  it("takes what a presigned link says, wherever it stands", () => {
    assert.equal(saved(presigned(600)), happened + 10 * minute);
    assert.equal(saved(presigned(7200)), happened + 120 * minute);
    assert.equal(expiry("new.thing", { a: [{ b: ["x", presigned(60)] }] }), happened + minute);
    const lower = link("x-amz-expires=60&x-amz-date=20261120T100000Z");
    assert.equal(expiry("call.cost", { a: lower }), happened + minute);
  });

  it("takes the earliest of several", () => {
    const urls = { mp3: presigned(900), wav: presigned(300), ogg: presigned(600) };
    const payload = { recording_urls: urls };
    assert.equal(expiry("call.recording.saved", payload), happened + 5 * minute);
  });

  it("reads a form's", () => {
    const form = new URLSearchParams({ RecordingSid: "r", RecordingUrl: presigned(600) });
    const body = new TextEncoder().encode(form.toString());
    const envelope = readEnvelope(body, "application/x-www-form-urlencoded");
    assert.ok(envelope);
    assert.equal(sightOf(envelope).expiresAt, happened + 10 * minute);
  });

  it("believes no longer life than AWS gives, and no nonsense", () => {
    assert.equal(saved(presigned(99_999_999)), happened + 7 * 24 * 60 * minute);
    const tenMinutes = happened + 10 * minute;
    assert.equal(saved(presigned(0)), tenMinutes);
    assert.equal(saved(presigned(600, "20261320T100000Z")), tenMinutes);
    assert.equal(saved(presigned(600, "yesterday")), tenMinutes);
    assert.equal(saved(link("X-Amz-Expires=600")), tenMinutes);
    assert.equal(saved(link("X-Amz-Date=20261120T100000Z&X-Amz-Expires=6e2")), tenMinutes);
    const text = `see ${presigned(60)}`;
    assert.equal(expiry("message.received", { text }), undefined);
  });

  it("gives recordings and received faxes ten minutes", () => {
    const url = "https://example.com/r.mp3";
    assert.equal(saved(url), happened + 10 * minute);
    const fax = { direction: "inbound", media_url: url };
    assert.equal(expiry("fax.received", fax), happened + 10 * minute);
    assert.equal(expiry("fax.received", fax, null), 10 * minute);
    assert.equal(expiry("fax.received", { media_url: url }), happened + 10 * minute);
  });

  it("knows no end of other links", () => {
    const url = "https://example.com/r.mp3";
    assert.equal(
      expiry("call.recording.saved", { public_recording_urls: { mp3: url } }),
      undefined,
    );
    assert.equal(expiry("call.recording.saved", { recording_urls: {}, x: url }), undefined);
    assert.equal(expiry("call.recording.saved", { recording_urls: { mp3: null }, url }), undefined);
    assert.equal(expiry("call.playback.ended", { media_url: url }), undefined);
    assert.equal(expiry("fax.delivered", { media_url: url, direction: "outbound" }), undefined);
    assert.equal(expiry("message.received", { media: [{ url }] }), undefined);
    assert.equal(expiry("call.answered", {}), undefined);
  });

  it("looks at ten thousand values and no more", () => {
    const filled = (count: number) => [...Array(count).fill("x"), presigned(60)];
    assert.equal(expiry("new.thing", { list: filled(9_000) }), happened + minute);
    assert.equal(expiry("new.thing", { list: filled(10_000) }), undefined);
  });

  it("never fails, and never tells a time that is not one", () => {
    fc.assert(fc.property(fc.webQueryParameters(), fc.jsonValue(), (query, value) => {
      const url = link(`X-Amz-Date=${query}&X-Amz-Expires=${query}`);
      const told = expiry("call.recording.saved", { recording_urls: [url], value });
      assert.ok(told === undefined || Number.isFinite(told));
    }));
  });
});
