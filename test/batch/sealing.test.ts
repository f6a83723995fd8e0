/** What both engines make of the layouts: where batches end, and that their bytes never change. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import type { Layout } from "../../src/batch.ts";
import type { Engine } from "../../src/engine.ts";
import { openEmbeddedEngine } from "../../src/engine/embedded.ts";
import { openMemoryEngine } from "../../src/engine/memory.ts";
import { calling } from "../engine/calling.ts";
import { append, attempt, cut, entry, owner } from "../engine/shared.ts";
import { seal, takeLane } from "../engine/shared.ts";
import { temporaryFolder } from "../support/folder.ts";
import { textOf } from "./shared.ts";

const wanted: readonly Layout[] = [
  "envelope/1",
  "envelope/1+proof",
  "array/1",
  "ndjson/1",
  "cloudevents/1",
];
const owners = [owner("acme")];
const form = { id: "f", owners, body: "CallSid=CA1&To=%2B1", json: '{"CallSid":"CA1","To":"+1"}' };
const spaced = (id: string, text = "") => ` {"data": {"id":"${id}", "payload":{"t":"${text}"}}}\n`;

/** Seals everything with these bounds; nothing is lost, none is too large, none is twice. */
async function assertBounds(
  engine: Engine,
  layout: Layout,
  lengths: readonly number[],
  most: number,
) {
  const told = lengths.map((length, at) => {
    const id = `${layout}${at}`;
    return entry({ id, owners, body: spaced(id, "é".repeat(length)) });
  });
  await engine.append(told);
  using lane = await takeLane(engine);
  let count = 0;
  for (;;) {
    const batch = await lane.seal(cut({ layout, bytesMax: most, eventsMax: 9 }));
    if (batch === undefined) break;
    const { byteLength } = await lane.bytes(batch.id);
    assert.equal(batch.size, byteLength);
    assert.ok(byteLength <= most || batch.count === 1, `${layout}: ${byteLength} > ${most}`);
    count += batch.count;
    await lane.settle(batch.id, attempt(1), { as: "accepted" });
  }
  assert.equal(count, lengths.length);
}

type Open = () => Promise<Engine>;

function describeLayouts(name: string, open: Open): void {
  describe(`layouts in ${name}`, () => {
    it("keep to the bound of a payload, whatever they make of an event", async () => {
      const lengths = fc.array(fc.nat(300), { minLength: 1, maxLength: 12 });
      const bounds = fc.integer({ min: 400, max: 3_000 });
      await fc.assert(
        fc.asyncProperty(
          lengths,
          bounds,
          fc.constantFrom(...wanted),
          async (some, most, layout) => {
            await using engine = await open();
            await assertBounds(engine, layout, some, most);
          },
        ),
        { numRuns: 15 },
      );
    });

    it("fill a payload up by their own sizes, not by an envelope's", async () => {
      await using engine = await open();
      const bodies = Array.from({ length: 9 }, (_, at) => `{"data":{"id":"e${at}"}}`);
      await engine.append(bodies.map((body, at) => entry({ id: `e${at}`, owners, body })));
      using lane = await takeLane(engine);
      const bytesMax = 2 + bodies.slice(0, 7).reduce((sum, body) => sum + body.length + 1, 0);
      const batch = await seal(lane, { layout: "array/1", bytesMax });
      assert.equal(batch.count, 7);
      assert.equal(textOf(await lane.bytes(batch.id)), `[${bodies.slice(0, 7).join(",")}]`);
    });

    it("have Telnyx's signature beside the very bytes that it is of", async () => {
      await using engine = await open();
      await append(engine, { id: "e1", owners, body: spaced("e1") });
      await append(engine, form);
      using lane = await takeLane(engine);
      const bytes = await lane.bytes((await seal(lane, { layout: "envelope/1+proof" })).id);
      const { routing: [first, second] } = JSON.parse(textOf(bytes));
      assert.equal(textOf(bytes.subarray(...first.span as [number, number])), spaced("e1"));
      assert.equal(second.body, form.body);
      assert.deepEqual([first.telnyx_timestamp, first.telnyx_signature], [
        "1763640000",
        "c2lnbmF0dXJl",
      ]);
    });
  });
}

function describeSingles(name: string, open: Open): void {
  describe(`single/1 in ${name}`, () => {
    it("sends one event alone as it came, a form as a form", async () => {
      await using engine = await open();
      await append(engine, { id: "e1", owners, body: spaced("e1") });
      await append(engine, form);
      using lane = await takeLane(engine);
      const one = await seal(lane, { layout: "single/1" });
      const two = await seal(lane, { layout: "single/1" });
      assert.deepEqual([one.layout, two.layout], ["single/1", "single/1+form"]);
      assert.deepEqual([one.count, two.count], [1, 1]);
      assert.equal(textOf(await lane.bytes(one.id)), spaced("e1"));
      assert.equal(textOf(await lane.bytes(two.id)), form.body);
    });

    it("sends sessions event by event, too", async () => {
      await using engine = await open();
      const { heard } = await calling(engine);
      await heard("begins", 100, "begins a");
      await heard("ends", 60, "ends a");
      using lane = await takeLane(engine);
      const sealed = [];
      for (let batch; (batch = await lane.seal(cut({ from: "session", layout: "single/1" })));) {
        sealed.push([batch.count, batch.reason, JSON.parse(textOf(await lane.bytes(batch.id)))]);
      }
      assert.deepEqual(sealed, [
        [1, "session", { data: { id: "begins" } }],
        [1, "session", { data: { id: "ends" } }],
      ]);
    });
  });
}

/** An engine whose folder goes away with it. */
async function openTemporary(): Promise<Engine> {
  const folder = await temporaryFolder();
  const engine = await openEmbeddedEngine({ path: folder.file("log.db") });
  return {
    ...engine,
    async [Symbol.asyncDispose]() {
      await engine[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

for (const describeIn of [describeLayouts, describeSingles]) {
  describeIn("memory", openMemoryEngine);
  describeIn("the embedded engine", openTemporary);
}

describe("openEmbeddedEngine() of a log with batches of many layouts", () => {
  it("renders them to the bytes that were sealed", async () => {
    await using folder = await temporaryFolder();
    const path = folder.file("log.db");
    const sealed: { id: string; layout: Layout; bytes: string }[] = [];
    {
      await using engine = await openEmbeddedEngine({ path });
      for (const layout of [...wanted, "single/1", "single/1+form"] as const) {
        const told = layout === "single/1+form" ? form : { owners, body: spaced(layout) };
        await append(engine, { ...told, id: layout });
        using lane = await takeLane(engine);
        const asked = layout === "single/1+form" ? "single/1" : layout;
        const batch = await seal(lane, { layout: asked });
        assert.equal(batch.layout, layout);
        sealed.push({ id: batch.id, layout, bytes: textOf(await lane.bytes(batch.id)) });
      }
    }
    await using engine = await openEmbeddedEngine({ path });
    using lane = await takeLane(engine);
    const found = [];
    for (const { id, layout } of await lane.unsettled()) {
      found.push({ id, layout, bytes: textOf(await lane.bytes(id)) });
    }
    assert.deepEqual(found, sealed);
  });

  it("says which program knows a layout that this one does not", async () => {
    await using folder = await temporaryFolder();
    const path = folder.file("log.db");
    {
      await using engine = await openEmbeddedEngine({ path });
      await append(engine, { owners, body: spaced("e1") });
      using lane = await takeLane(engine);
      await seal(lane);
    }
    const database = new DatabaseSync(path);
    database.exec("UPDATE batch SET layout = 'envelope/9'");
    database.close();
    await using engine = await openEmbeddedEngine({ path });
    using lane = await takeLane(engine);
    const [batch] = await lane.unsettled();
    await assert.rejects(lane.bytes(batch?.id ?? ""), /layout "envelope\/9" is unknown: start the/);
  });
});
