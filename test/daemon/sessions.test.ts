/** A call's events in one payload, through the whole daemon, over a kill. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import { flows, numbers, type Told } from "../ownership/flows.ts";
import { configText, spawnDaemon, type SpawnedDaemon } from "../support/daemon.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/folder.ts";
import { createTelnyx, type Telnyx } from "../support/telnyx.ts";
import { openTenant } from "../support/tenant.ts";

const [inbound, , transfer, , , , , , messages] = flows;

async function tell(telnyx: Telnyx, { address }: SpawnedDaemon, told: readonly Told[]) {
  for (const { body } of told) {
    const sample = { body: Buffer.from(JSON.stringify(body)), contentType: "application/json" };
    assert.equal((await telnyx.send(address, sample)).status, 200);
  }
}

const idsOf = (told: readonly Told[]) => told.map(({ id }) => id);
const typeOf = ({ body }: Told) => (body as { data: { event_type: string } }).data.event_type;
const idsIn = ({ events }: { events: readonly { data?: { id?: string } }[] }) =>
  events.map(({ data }) => data?.id);

describe("a session", () => {
  it("is one payload per call, over a kill, and later events continue it", async () => {
    await using folder = await temporaryFolder();
    using telnyx = createTelnyx();
    await using acme = await openTenant();
    const more = ["window: { session: call, linger: 1s, max_wait: 50ms }"];
    const tenants = [{ id: "acme", number: numbers.acme, url: acme.url, more }];
    await folder.write("aggregator.yaml", configText(telnyx.publicKey, tenants));
    const config = folder.file("aggregator.yaml");
    const [one, two] = [inbound?.("one") ?? [], transfer?.("two") ?? []];
    const other = (messages?.("sms") ?? []).slice(0, 1);
    const isLate = (told: Told) => /recording|cost/.test(typeOf(told));
    const [during, late] = [one.filter((told) => !isLate(told)), one.filter(isLate).slice(0, 1)];
    // The second leg begins before the first has ended: the call goes on throughout.
    const begins = two.findLast((told) => typeOf(told) === "call.initiated");
    const rest = two.filter((told) => !isLate(told) && told !== begins);
    const going = [
      ...rest.slice(0, 4),
      ...(begins === undefined ? [] : [begins]),
      ...rest.slice(4),
    ];
    {
      await using daemon = await spawnDaemon({ config });
      await tell(telnyx, daemon, during.slice(0, -1));
      await tell(telnyx, daemon, other);
      await eventually("the message, which is of no call", () => acme.accepted().length === 1);
      await tell(telnyx, daemon, going.slice(0, 5));
    }
    await using daemon = await spawnDaemon({ config });
    await tell(telnyx, daemon, [...during.slice(-1), ...going.slice(5)]);
    await eventually("both calls", () => acme.accepted().length === 3);
    await tell(telnyx, daemon, late);
    await eventually("what came after the call", () => acme.accepted().length === 4);
    const [message, ...calls] = acme.accepted();
    assert.deepEqual(message && idsIn(message), idsOf(other));
    const [first, second, third] = calls;
    assert.ok(first && second && third);
    assert.deepEqual(idsIn(first), idsOf(during));
    assert.deepEqual(idsIn(second).sort(), idsOf(going).sort());
    assert.deepEqual(idsIn(third), idsOf(late));
    assert.deepEqual(calls.map(({ window }) => window.reason), ["session", "session", "session"]);
    assert.deepEqual(calls.map(({ continues }) => continues), [undefined, undefined, first.id]);
    assert.deepEqual(acme.accepted().map(({ sequence }) => sequence), [1, 2, 3, 4]);
  });
});
