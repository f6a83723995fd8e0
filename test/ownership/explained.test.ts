import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sortingOf } from "../../src/engine/sorting.ts";
import type { Key } from "../../src/event.ts";
import type { Known } from "../../src/ownership.ts";
import { type AskedAbout, explained } from "../../src/ownership/explained.ts";
import { loadConfig } from "../../src/config/load.ts";
import { publicKey } from "../config/fixture.ts";
import { temporaryFolder } from "../support/folder.ts";

const text = `telnyx: { public_keys: [${publicKey}] }
tenants:
  acme:
    phone_numbers: ["+18005559876"]
    connection_ids: ["111"]
    callback_url: https://a.example/
    drop: [call.playback.*]
  globex:
    phone_numbers: ["+1800555*"]
    callback_url: https://b.example/
    window: { session: call }
`;

async function configOf() {
  await using folder = await temporaryFolder();
  await folder.write("aggregator.yaml", text);
  const loaded = await loadConfig({ path: folder.file("aggregator.yaml"), env: {} });
  assert.ok("config" in loaded, JSON.stringify(loaded));
  return loaded.config;
}

const now = Date.UTC(2026, 10, 20, 10);

/** Explains an event of this type, where this is known. */
async function explain(
  type: string,
  payload: object,
  known: Readonly<Record<string, Known>> = {},
  more: Partial<AskedAbout> = {},
) {
  const config = await configOf();
  const meta = { attempt: 1, delivered_to: "https://hooks.example/webhooks/@acme?x=1" };
  const body = new TextEncoder().encode(
    JSON.stringify({ data: { event_type: type, id: "e-1", payload }, meta }),
  );
  const grounds = {
    config,
    sorting: sortingOf(config),
    known: async (keys: readonly Key[]) => keys.map((key) => known[key]),
  };
  return await explained({ body, receivedAt: now, ...more }, grounds);
}

const leg = { call_leg_id: "leg-1", call_session_id: "call-1" };
const sides = { from: "+14155550123", to: "+18005559876" };

describe("explained()", () => {
  it("tells the owner, by what, and the lane", async () => {
    const told = await explain("call.initiated", { ...leg, ...sides, direction: "incoming" });
    assert.deepEqual([told.id, told.channel, told.direction], ["e-1", "voice", "inbound"]);
    assert.deepEqual(told.owners, [{
      tenant: "acme",
      matched_by: "phone_number",
      matched: "+18005559876",
      immediate: true,
      dropped: false,
      lane: "window",
    }]);
    assert.deepEqual(told.steps.at(-1), {
      rule: "our number, on the side the direction names",
      looked: [
        { what: "direction inbound" },
        {
          what: "number:+18005559876",
          tenant: "acme",
          matched_by: "phone_number",
          matched: "+18005559876",
        },
      ],
      decided: { tenants: ["acme"] },
    });
  });

  it("tells the session, and what is dropped", async () => {
    const to = { ...leg, ...sides, to: "+18005550000", direction: "incoming" };
    const [session] = (await explain("call.initiated", to)).owners;
    assert.deepEqual(
      [session?.matched, session?.lane],
      ["+1800555*", "session call_session_id:call-1"],
    );
    const dropped = { ...leg, ...sides, direction: "incoming" };
    const [owner] = (await explain("call.playback.started", dropped)).owners;
    assert.deepEqual([owner?.dropped, owner?.lane], [true, "none"]);
  });

  it("tells what calls have taught, as far as it is anybody's", async () => {
    const known = {
      "call_leg_id:leg-1": { direction: "inbound", seenAt: now } as const,
      "call_session_id:call-1": { shared: true, seenAt: now } as const,
    };
    const { steps, held, wanted } = await explain("call.hangup", leg, known, { path: "/" });
    const looked = steps.flatMap((step) => step.looked);
    const seen_at = "2026-11-20T10:00:00.000Z";
    assert.deepEqual(looked.find(({ what }) => what === "call_leg_id:leg-1"), {
      what: "call_leg_id:leg-1",
      direction: "inbound",
      seen_at,
    });
    assert.ok(looked.some(({ shared, tenant }) => shared === true && tenant === undefined));
    assert.deepEqual([held, wanted], ["unknown", []]);
  });

  it("tells what follows when nothing comes that it waits for", async () => {
    const waits = await explain("call.hangup", { ...leg, connection_id: "111" }, {}, { path: "/" });
    assert.deepEqual([waits.held, waits.otherwise], ["waiting", { tenants: ["acme"] }]);
    const late = { path: "/", late: true };
    const over = await explain("call.hangup", { ...leg, connection_id: "111" }, {}, late);
    assert.deepEqual([over.held, over.owners[0]?.matched_by], [undefined, "connection_id"]);
  });

  it("takes the path from the body where none is given", async () => {
    const { path, owners } = await explain("new.event", {});
    assert.deepEqual([path, owners[0]?.matched_by], ["/webhooks/@acme", "path"]);
    const other = await explain("new.event", {}, {}, { path: "https://x/webhooks/ingest/?a=b" });
    assert.deepEqual([other.path, other.held], ["/webhooks/ingest", "unknown"]);
  });

  it("says of what it cannot read that it would be parked", async () => {
    const body = new TextEncoder().encode("hello");
    const told = await explain("", {}, {}, { body });
    const none = { owners: [], steps: [], wanted: [] };
    assert.deepEqual(told, { parked: true, path: "/webhooks/ingest", ...none });
  });
});
