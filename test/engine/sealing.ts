/** The contract's part about batches: where they are cut, and that they never change. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { it } from "node:test";
import fc from "fast-check";
import type { Batch } from "../../src/batch.ts";
import type { Engine } from "../../src/engine.ts";
import type { Lane } from "../../src/lane.ts";
import type { Open, Promised } from "./contract.ts";
import {
  append,
  appendMany,
  attempt,
  cut,
  drain,
  entry,
  idsOf,
  noon,
  owner,
  payloadOf,
  seal,
  takeLane,
  takeLanes,
} from "./shared.ts";

/** Batches never exceed the bound unless one event does so alone. */
function describeBounds(open: Open): void {
  const sizes = fc.array(
    fc.record({ length: fc.nat(900), text: fc.constantFrom("x", "é", "🎉") }),
    {
      minLength: 1,
      maxLength: 25,
    },
  );
  const bounds = fc.record({
    eventsMax: fc.integer({ min: 1, max: 12 }),
    bytesMax: fc.integer({ min: 300, max: 4_000 }),
    matched: fc.string({ unit: "grapheme", maxLength: 12 }),
  });

  async function check(
    engine: Engine,
    bodies: readonly { readonly length: number; readonly text: string }[],
    { eventsMax, bytesMax, matched }: { eventsMax: number; bytesMax: number; matched: string },
  ): Promise<void> {
    const owners = [owner("acme", { matched })];
    await engine.append(bodies.map(({ length, text }, index) => {
      const id = `é${index}`;
      const body = ` ${JSON.stringify({ data: { id, text: text.repeat(length) } })}\n`;
      return entry({ id, owners, body });
    }));
    const lane = await takeLane(engine);
    for (let left = bodies.length; left > 0;) {
      const batch = await seal(lane, { eventsMax, bytesMax });
      const bytes = await lane.bytes(batch.id);
      assert.equal(batch.size, bytes.byteLength);
      assert.ok(batch.count <= eventsMax);
      assert.ok(batch.count === 1 || bytes.byteLength <= bytesMax);
      assert.equal((await payloadOf(lane, batch)).events.length, batch.count);
      left -= batch.count;
      assert.equal(lane.waiting().count, left);
    }
    assert.deepEqual(lane.waiting().bytes, 0);
  }

  it("keeps a batch within its bounds, whatever is in it", async () => {
    await fc.assert(
      fc.asyncProperty(sizes, bounds, async (bodies, bound) => {
        await using engine = await open();
        await check(engine, bodies, bound);
      }),
      { numRuns: 15 },
    );
  });
}

function describeCuts(promised: Promised): void {
  promised("makes no batch where nothing waits", async (engine) => {
    await appendMany(engine, "acme", 1);
    const lane = await takeLane(engine);
    await seal(lane);
    assert.equal(await lane.seal(cut()), undefined);
  });

  promised("cuts at eventsMax and at bytesMax", async (engine) => {
    await appendMany(engine, "acme", 10);
    const lane = await takeLane(engine);
    const three = await seal(lane, { eventsMax: 3 });
    assert.deepEqual(await idsOf(lane, three), ["acme1", "acme2", "acme3"]);
    const few = await seal(lane, { bytesMax: three.size + 100 });
    assert.deepEqual(await idsOf(lane, few), ["acme4", "acme5", "acme6"]);
    const fewer = await seal(lane, { bytesMax: few.size - 20 });
    assert.deepEqual(await idsOf(lane, fewer), ["acme7", "acme8"]);
  });

  promised("sends an event that is too large alone", async (engine) => {
    const owners = [owner("acme")];
    await appendMany(engine, "acme", 1);
    const body = JSON.stringify({ text: "x".repeat(5_000) });
    await append(engine, { id: "large", owners, body });
    await append(engine, { id: "last", owners });
    const lane = await takeLane(engine);
    const bytesMax = 2_000;
    for (const id of ["acme1", "large", "last"]) {
      assert.deepEqual(await idsOf(lane, await seal(lane, { bytesMax })), [id]);
    }
  });
}

function describePayloads(promised: Promised): void {
  promised("numbers a tenant's batches without gaps and links them", async (engine) => {
    await appendMany(engine, "acme", 3);
    await appendMany(engine, "globex", 2);
    for (const lane of (await takeLanes(engine, 2)).values()) {
      let previous: string | null = null;
      for (let sequence = 1; lane.waiting().count > 0; sequence++) {
        const batch: Batch = await seal(lane, { eventsMax: 1 });
        assert.match(batch.id, /^bat_[0-9A-HJKMNP-TV-Z]{26}$/);
        const payload = await payloadOf(lane, batch);
        const { id, sequence: number, previous_id, stream, tenant } = payload;
        assert.deepEqual(
          { id, number, previous_id, stream, tenant },
          {
            id: batch.id,
            number: sequence,
            previous_id: previous,
            stream: engine.stream,
            tenant: lane.tenant,
          },
        );
        assert.equal(batch.sequence, sequence);
        previous = batch.id;
      }
    }
  });

  promised("puts each event into the payload as it came", async (engine) => {
    const owners = [owner("acme")];
    const body = '\r\n {"data" : {"id":"e1", "n": 1.0e2, "text":"größer \\u00e9 🎉"}}\t';
    await append(engine, { id: "e1", owners, body });
    const json = '{"CallSid":"CA1"}';
    await append(engine, { id: "e2", owners, body: "CallSid=CA1", json, at: noon + 1_500 });
    const lane = await takeLane(engine);
    const batch = await seal(lane, { reason: "flush" });
    const text = Buffer.from(await lane.bytes(batch.id)).toString();
    assert.ok(text.includes(`"events":[${body.trim()},${json}],"routing":[`));
    const payload = await payloadOf(lane, batch);
    assert.equal(payload.count, 2);
    assert.equal(payload.window.reason, "flush");
    assert.equal(payload.window.opened_at, new Date(noon).toISOString());
    assert.deepEqual([batch.oldestAt, batch.youngestAt], [noon, noon + 1_500]);
    assert.equal(payload.routing[1]?.["received_at"], "2025-11-20T12:00:01.500Z");
  });

  promised("tells an owner nothing of the others", async (engine) => {
    await append(engine, { owners: [owner("acme"), owner("globex", { by: "id" })] });
    const lanes = await takeLanes(engine, 2);
    for (const [tenant, by] of [["acme", "phone_number"], ["globex", "id"]] as const) {
      const lane = lanes.get(tenant);
      assert.ok(lane);
      assert.deepEqual((await payloadOf(lane, await seal(lane))).routing, [{
        id: "e1",
        event_type: "message.received",
        channel: "messaging",
        matched_by: by,
        matched: owner(tenant).matched,
        received_at: new Date(noon).toISOString(),
      }]);
    }
  });
}

function describeSealed(promised: Promised): void {
  promised("gives the same bytes whenever they are asked for", async (engine) => {
    await appendMany(engine, "acme", 5);
    const lane = await takeLane(engine);
    const batch = await seal(lane, { eventsMax: 3 });
    const first = await lane.bytes(batch.id);
    assert.equal(first.byteLength, batch.size);
    await lane.settle(batch.id, attempt(1), { as: "again" });
    await drain(lane);
    await appendMany(engine, "acme", 5, "later");
    for (let time = 0; time < 3; time++) {
      assert.deepEqual(Buffer.from(await lane.bytes(batch.id)), Buffer.from(first));
    }
    await assert.rejects(lane.bytes("bat_0"), /is called "bat_0"/);
  });

  promised("lists what is sealed and not settled, oldest first", async (engine) => {
    await appendMany(engine, "acme", 3);
    const lane: Lane = await takeLane(engine);
    const batches = [await seal(lane, { eventsMax: 1 }), await seal(lane)];
    assert.deepEqual(await lane.unsettled(), batches);
  });
}

/** Says what becomes of a window that closes. */
export function describeSealing(promised: Promised, open: Open): void {
  describeCuts(promised);
  describePayloads(promised);
  describeSealed(promised);
  describeBounds(open);
}
