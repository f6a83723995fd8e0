/** A log that an earlier version of the program left goes on where it was. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { DatabaseSync } from "node:sqlite";
import { describe, it } from "node:test";
import { openEmbeddedEngine } from "../../src/engine/embedded.ts";
import type { Engine } from "../../src/engine.ts";
import { temporaryFolder } from "../support/folder.ts";
import { given, idle, later, whyOf } from "./asked.ts";
import { append, attempt, drain, noon, owner, rules, seal, takeLane } from "./shared.ts";
import { makeVersion1, payload, sealed, stream } from "./version-1.ts";

/** A log of version 1, opened by this one. */
async function openOld(): Promise<Engine> {
  const folder = await temporaryFolder();
  const path = folder.file("log.db");
  makeVersion1(path);
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
    assert.equal(database.prepare("PRAGMA user_version").get()?.["user_version"], 2);
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
