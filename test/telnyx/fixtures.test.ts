/** Every sample of Telnyx's that lies beside this checkout, against what it was read to tell. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readEnvelope } from "../../src/telnyx/envelope.ts";
import { type Sighting, sightOf } from "../../src/telnyx/families.ts";
import { conference } from "./expectations/conference.ts";
import type { Expectation } from "./expectations/expectation.ts";
import { faxes } from "./expectations/fax.ts";
import { voiceMedia } from "./expectations/media.ts";
import { campaigns, hostedNumbers, messages, whatsapp } from "./expectations/messaging.ts";
import * as other from "./expectations/other.ts";
import { assistants, texmls, v1 } from "./expectations/texml.ts";
import { voice } from "./expectations/voice.ts";
import { fixture, fixtures, skip } from "./shared.ts";

const { numberOrders, ports, portouts, verifications, rooms, simCards } = other;

const expectations: ReadonlyMap<string, Expectation> = new Map(Object.entries({
  ...{ ...voice, ...voiceMedia, ...conference, ...faxes, ...texmls, ...v1, ...assistants },
  ...{ ...messages, ...campaigns, ...hostedNumbers, ...whatsapp },
  ...{ ...numberOrders, ...ports, ...portouts, ...verifications, ...rooms, ...simCards },
}));

const untold: Omit<Sighting, "channel"> = {
  tellsDirection: false,
  optOut: false,
  ...{ from: [], to: [], cc: [], ours: [], ids: [] },
  ...{ legs: [], sessions: [], conferences: [] },
};

/** `voice/call.hold-2.json` is an event of the type `call.hold`. */
const typeOf = (name: string): string => name.replace(/^[^/]*\//, "").replace(/(-\d+)?\.\w+$/, "");

function told(name: string) {
  const { body, contentType } = fixture(name);
  const envelope = readEnvelope(body, contentType);
  assert.ok(envelope, "parked");
  const { id = "hash", type } = envelope;
  return { id, type, ...sightOf(envelope) };
}

describe("sightOf() on Telnyx's samples", { skip }, () => {
  it("has an expectation for every file, and a file for every expectation", () => {
    const names = fixtures().map(({ name }) => name);
    assert.deepEqual([...expectations.keys()].sort(), names.sort());
  });

  for (const [name, expected] of expectations) {
    it(`reads ${name}`, () => {
      assert.deepEqual(told(name), { ...untold, type: typeOf(name), ...expected });
    });
  }
});
