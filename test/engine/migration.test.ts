/** A log that an earlier version of the program left goes on where it was. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { DatabaseSync } from "node:sqlite";
import { describe, it } from "node:test";
import { openEmbeddedEngine } from "../../src/engine/embedded.ts";
import { second } from "../../src/engine/embedded/versions/second.ts";
import type { Engine } from "../../src/engine.ts";
import { temporaryFolder } from "../support/folder.ts";
import { given, idle, later, whyOf } from "./asked.ts";
import { append, attempt, drain, idsOf, noon, owner, rules, seal, takeLane } from "./shared.ts";
import { makeVersion1, payload, previous, sealed, stream } from "./version-1.ts";

/** A log that an earlier version made, opened by this one. */
async function openOld(make = makeVersion1): Promise<Engine> {
  const folder = await temporaryFolder();
  const path = folder.file("log.db");
  make(path);
  const engine = await openEmbeddedEngine({ path });
  return {
    ...engine,
    async [Symbol.asyncDispose]() {
      await engine[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const number = "number:+18005559876";
const delivered = "bat_01M7W7XKZ1J4M94FDJG2TJ8ZE0";

/** A log of version 1 that has delivered a batch as well. */
function makeDelivered(path: string): void {
  makeVersion1(path);
  const database = new DatabaseSync(path);
  database.exec(`
    INSERT INTO event SELECT 1, 'acme1', type, channel, occurred_at, received_at, state, owners,
      zeroblob(24), proof, json, raw FROM event WHERE seq = 2;
    INSERT INTO batch SELECT 9, '${delivered}', lane, 'delivered',
      replace(head, '${previous}', '${delivered}'), layout, '[1]', 1, digest, size, attempts,
      oldest_at, youngest_at, sealed_at, settled_at FROM batch WHERE id = '${previous}'`);
  database.close();
}

/** The same, as version 2 left it, with a call that is gathered. */
function makeVersion2(path: string): void {
  makeDelivered(path);
  const database = new DatabaseSync(path);
  database.exec(second);
  database.exec(`
    INSERT INTO session VALUES (5, 1, 'call_session_id:one', ${noon}, ${noon + 9}, '{}', NULL, NULL,
      NULL, ${noon}, 1, 187, ${noon + 9});
    UPDATE waiting SET lane = -5 WHERE event = 5;
    PRAGMA user_version = 2`);
  database.close();
}

describe("a log of version 1", () => {
  it("is brought up to date, once", async () => {
    await using folder = await temporaryFolder();
    const path = folder.file("log.db");
    makeVersion1(path);
    for (const _ of ["first", "second"]) {
      await using engine = await openEmbeddedEngine({ path });
      assert.equal(engine.stream, stream);
      assert.equal((await engine.counts()).held, 2);
    }
    const database = new DatabaseSync(path);
    assert.equal(database.prepare("PRAGMA user_version").get()?.["user_version"], 3);
    database.close();
  });

  it("goes on with what is sealed and what waits", async () => {
    await using engine = await openOld();
    const lane = await takeLane(engine);
    const [batch, ...others] = await lane.unsettled();
    assert.deepEqual([batch?.id, batch?.sequence, batch?.attempts, others], [sealed, 3, 1, []]);
    assert.equal(Buffer.from(await lane.bytes(sealed)).toString(), payload);
    await lane.settle(sealed, attempt(2), { as: "accepted" });
    const { count, bytes, oldestAt, immediate } = lane.waiting();
    assert.deepEqual([count, bytes, oldestAt, immediate], [2, 187 + 172, noon + 4, false]);
    await append(engine, { id: "new", owners: [owner("acme")] });
    const next = await seal(lane, { eventsMax: 1, from: "head" });
    assert.equal(next.sequence, 4);
    assert.deepEqual(await drain(lane), ["form", "new"]);
  });

  it("counts what it held, parked and gave up", async () => {
    await using engine = await openOld();
    const { held, expired, parked, lanes } = await engine.counts();
    assert.deepEqual([held, expired, parked], [2, 0, 1]);
    const [lane] = lanes;
    assert.deepEqual([lane?.waiting, lane?.sealed, lane?.dead, lane?.lastSequence], [2, 1, 1, 3]);
    for (const id of ["acme3", "held", "parked", "dropped"]) {
      assert.equal((await append(engine, { id })).status, "duplicate", id);
    }
    assert.equal((await engine.find("dropped", 100))?.state, "dropped");
  });

  it("asks again about what it held, and gives it on", async () => {
    await using engine = await openOld();
    await engine.configure(rules());
    assert.deepEqual((await engine.wanted("", 10)).map(({ key, count }) => [key, count]), [
      ["id:x", 1],
      [number, 2],
    ]);
    const [held, ambiguous] = await engine.held(await engine.naming([number]));
    assert.deepEqual([held?.event.id, held?.why], ["held", "unknown"]);
    assert.deepEqual([ambiguous?.event.id, ambiguous?.why], ["ambiguous", "ambiguous"]);
    await engine.tend(later, false);
    assert.equal(await whyOf(engine, "ambiguous"), "ambiguous");
    const evidence = { direction: "inbound" as const, numbers: [owner("beta")] };
    assert.equal(await engine.reclaim([{ ref: held?.ref ?? 0, evidence }]), 1);
    assert.equal(await engine.release({ id: "ambiguous" }, "beta", 1), 1);
    const { beta } = await given(engine);
    assert.deepEqual(beta, ["held", "ambiguous"]);
  });

  it("lets what it held become too old", async () => {
    await using engine = await openOld();
    await engine.configure({ ...rules(), holdMs: 1_000 });
    assert.deepEqual(await engine.tend(later, true), { ...idle, expired: 2, more: true });
    assert.deepEqual(await engine.tend(later, true), idle);
  });
});

for (const [version, make] of [[1, makeDelivered], [2, makeVersion2]] as const) {
  describe(`a log of version ${version} with batches in every state`, () => {
    it("resends what is sealed byte for byte", async () => {
      await using engine = await openOld(make);
      const lane = await takeLane(engine);
      const [batch] = await lane.unsettled();
      assert.deepEqual([batch?.id, batch?.layout, batch?.returned], [
        sealed,
        "envelope/1",
        undefined,
      ]);
      assert.equal(Buffer.from(await lane.bytes(sealed)).toString(), payload);
      assert.deepEqual(await lane.members(sealed), [
        { id: "acme3", since: noon + 2 },
        { id: "acme4", since: noon + 3 },
      ]);
      await lane.settle(sealed, attempt(2), { as: "split" });
      const half = await seal(lane, { from: "session" });
      assert.deepEqual([half.retryOf, await idsOf(lane, half)], [sealed, ["acme3"]]);
    });

    it("tells of what is settled, and sends it again", async () => {
      await using engine = await openOld(make);
      const states = await Promise.all(
        [delivered, previous, sealed].map(async (id) => (await engine.story(id))?.state),
      );
      assert.deepEqual(states, ["delivered", "dead", "sealed"]);
      assert.equal((await engine.story(sealed))?.kept[0]?.status, 500);
      const [letter, ...others] = await engine.dead({ tenant: "acme" }, 10);
      assert.deepEqual([letter?.event.id, letter?.batch, letter?.attempts], ["acme2", previous, 1]);
      assert.deepEqual(others, []);
      assert.equal((await engine.replay({ tenant: "acme" }, false)).events, 1);
      assert.equal((await engine.replay({ delivered: true }, false)).events, 1);
      const lane = await takeLane(engine);
      const ids = [...await drain(lane, { from: "session" }), ...await drain(lane)];
      assert.deepEqual(ids.sort(), ["acme1", "acme2", "acme5", "form"]);
    });
  });
}
