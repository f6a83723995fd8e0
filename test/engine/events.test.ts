/** What is sealed from memory is, byte for byte, what the file says. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import fc from "fast-check";
import { openEmbeddedEngine } from "../../src/engine/embedded.ts";
import type { Engine, Entry } from "../../src/engine.ts";
import { entryOf } from "../../src/pipeline/classify.ts";
import { ask, eventOf, number, ownershipOf, tenantOf, verified } from "../pipeline/shared.ts";
import { temporaryFolder } from "../support/folder.ts";
import { arrive } from "./asked.ts";
import { append, idsOf, owner, payloadOf, rule, rules, seal, takeLane } from "./shared.ts";

const alice = "+18005550100";
const ownership = ownershipOf(tenantOf("acme", { numbers: [number(alice)] }));

const classified = (type: string, id: string, text: string): Entry => {
  const payload = { direction: "incoming", from: "+14155550199", to: alice, text };
  return entryOf(verified(ask(eventOf(type, payload, id))), ownership);
};

/** The bytes of what waits, sealed at once, and as they are read after a restart. */
async function bothOf(entries: readonly Entry[]): Promise<readonly Buffer[]> {
  await using folder = await temporaryFolder();
  const path = folder.file("log.db");
  const bytesIn = async (engine: Engine, isFirst: boolean) => {
    const lane = await takeLane(engine);
    const batch = isFirst ? await seal(lane) : (await lane.unsettled())[0];
    assert.ok(batch);
    return Buffer.from(await lane.bytes(batch.id));
  };
  const fresh = await (async () => {
    await using engine = await openEmbeddedEngine({ path });
    await engine.append(entries);
    return await bytesIn(engine, true);
  })();
  await using engine = await openEmbeddedEngine({ path });
  return [fresh, await bytesIn(engine, false)];
}

describe("an event that was just recorded", () => {
  it("has the same bytes as one that is read, whatever Telnyx calls it", async () => {
    const text = fc.string({ unit: "binary", maxLength: 20 });
    const told = fc.tuple(text, text, text);
    await fc.assert(
      fc.asyncProperty(fc.array(told, { minLength: 1, maxLength: 5 }), async (events) => {
        const entries = events.map(([type, id, said]) =>
          classified(`call.x${type}`, `e${id}`, said)
        );
        const [fresh, read] = await bothOf(entries);
        assert.deepEqual(fresh, read);
      }),
      { numRuns: 10 },
    );
    const halves = ["call.x", "e"].map((name) => `${name}-\ud83d`);
    for (const [type = "", id = ""] of [["call.x", halves[1]], [halves[0], "e"]]) {
      const [fresh, read] = await bothOf([classified(type, id, "\ud83d")]);
      assert.deepEqual(fresh, read);
    }
  });

  it("has them as a form, with a second content, or without a place in memory", async () => {
    const form = "CallSid=v3%3Aabc&From=%2B18005550100&To=%2B14155550199&Text=%0";
    const contentType = "application/x-www-form-urlencoded";
    const large = classified("call.x", "large", "x".repeat(17 * 1024 * 1024));
    const [fresh, read] = await bothOf([
      entryOf(verified(ask(form, { contentType })), ownership),
      classified("call.x", "e-1", "one"),
      classified("call.x", "e-1", "two"),
    ]);
    assert.equal(JSON.parse(String(fresh)).count, 3);
    assert.deepEqual(fresh, read);
    const [first, second] = await bothOf([classified("call.x", "e-1", "one"), large]);
    assert.deepEqual(first, second);
  });

  it("is its new owner's once it is released", async () => {
    await using folder = await temporaryFolder();
    await using engine = await openEmbeddedEngine({ path: folder.file("log.db") });
    await engine.configure({ ...rules(rule("acme")), copies: true });
    await arrive(engine, { id: "held", wanted: ["id:x"] });
    await append(engine, { id: "mine", owners: [owner("acme")] });
    await engine.tend(Date.now(), false);
    assert.equal(await engine.release({ wanted: "id:x" }, "acme", 1), 1);
    for (const lane of [await takeLane(engine), await takeLane(engine)]) {
      const batch = await seal(lane);
      const { routing } = await payloadOf(lane, batch);
      const isAcmes = lane.tenant === "acme";
      assert.deepEqual(await idsOf(lane, batch), isAcmes ? ["mine", "held"] : ["held"]);
      assert.equal(routing.at(-1)?.["matched_by"], isAcmes ? "release" : "nobody");
    }
  });

  it("is not what a commit took back", async () => {
    await using folder = await temporaryFolder();
    await using engine = await openEmbeddedEngine({ path: folder.file("log.db") });
    const good = classified("call.x", "e-1", "one");
    const broken = { ...good, event: { ...good.event, id: "e-2", receivedAt: Number.NaN } };
    await assert.rejects(engine.append([good, broken]));
    await engine.append([good]);
    const lane = await takeLane(engine);
    assert.deepEqual(await idsOf(lane, await seal(lane)), ["e-1"]);
  });
});
