/** The contract's part about recording. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Promised } from "./contract.ts";
import {
  append,
  appendMany,
  drain,
  entry,
  noon,
  owner,
  rule,
  rules,
  takeLane,
  takeLanes,
} from "./shared.ts";

const acme = [owner("acme")];
const lineMs = 15 * 60_000;

function describeQueued(promised: Promised): void {
  promised("queues an event for its owner", async (engine) => {
    const recorded = await append(engine, { owners: acme });
    assert.deepEqual(recorded, { status: "queued", tenants: ["acme"], conflict: false });
  });

  promised("answers a repetition with the tenants of the first", async (engine) => {
    await append(engine, { owners: acme });
    const repeated = await append(engine, { owners: [owner("globex")] });
    assert.deepEqual(repeated, { status: "duplicate", tenants: ["acme"], conflict: false });
    assert.deepEqual(await drain(await takeLane(engine)), ["e1"]);
  });

  promised("finds duplicates within one call and across concurrent ones", async (engine) => {
    const told = entry({ owners: acme });
    const calls = await Promise.all([
      engine.append([told, told]),
      engine.append([told]),
      engine.append([told, told]),
    ]);
    const statuses = calls.flat().map(({ status }) => status);
    assert.deepEqual(statuses, ["queued", ...Array.from({ length: 4 }, () => "duplicate")]);
    assert.deepEqual(await drain(await takeLane(engine)), ["e1"]);
  });

  promised("holds what nobody owns", async (engine) => {
    const recorded = await append(engine, {});
    assert.deepEqual(recorded, { status: "unassigned", tenants: [], conflict: false });
    assert.equal((await append(engine, {})).status, "duplicate");
    const { held, lanes } = await engine.counts();
    assert.deepEqual({ held, lanes }, { held: 1, lanes: [] });
  });
}

function describeOthers(promised: Promised): void {
  promised("parks what it cannot read, even if somebody is named", async (engine) => {
    const told = { body: "\0not JSON", parked: true, owners: acme, withinMs: lineMs };
    const recorded = await append(engine, told);
    assert.deepEqual(recorded, { status: "parked", tenants: [], conflict: false });
    const { parked, lanes } = await engine.counts();
    assert.deepEqual({ parked, lanes }, { parked: 1, lanes: [] });
  });

  promised("records what an owner drops without delivering it", async (engine) => {
    await engine.configure(rules(rule("acme")));
    const dropped = { type: "call.unwanted", owners: acme };
    const recorded = await append(engine, dropped);
    assert.deepEqual(recorded, { status: "dropped", tenants: ["acme"], conflict: false });
    assert.deepEqual((await engine.counts()).lanes, []);
    const both = await append(engine, { ...dropped, id: "e2", owners: [...acme, owner("globex")] });
    assert.deepEqual(both, { status: "queued", tenants: ["acme", "globex"], conflict: false });
    assert.deepEqual((await engine.counts()).lanes.map(({ tenant }) => tenant), ["globex"]);
    assert.equal((await append(engine, dropped)).status, "duplicate");
  });

  promised("delivers an opt-out at once, whatever the rules say", async (engine) => {
    await engine.configure(rules(rule("acme")));
    const optOut = { type: "message.unwanted", owners: acme, subject: { optOut: true as const } };
    assert.equal((await append(engine, optOut)).status, "queued");
    assert.equal((await takeLane(engine)).waiting().immediate, true);
  });

  promised("goes by the rules in force when it is recorded", async (engine) => {
    const urgent = (id: string) => append(engine, { id, type: "call.urgent", owners: acme });
    await urgent("e1");
    const lane = await takeLane(engine);
    assert.equal(lane.waiting().immediate, false);
    await engine.configure(rules(rule("acme")));
    await urgent("e2");
    assert.equal(lane.waiting().immediate, true);
    await drain(lane);
    await engine.configure(rules());
    await urgent("e3");
    assert.equal(lane.waiting().immediate, false);
  });
}

function describeCompact(promised: Promised): void {
  promised("lets states of a message replace each other where the rule says so", async (engine) => {
    await engine.configure(rules(rule("acme", { compact: true }), rule("globex")));
    const told = {
      owners: [...acme, owner("globex")],
      subject: { about: "message_id:m", state: "m to them" },
    } as const;
    for (const id of ["sent", "final"]) await append(engine, { id, ...told });
    const lanes = await takeLanes(engine, 2);
    const drained = async (tenant: string) => {
      const lane = lanes.get(tenant);
      assert.ok(lane);
      return await drain(lane, { compact: true });
    };
    assert.deepEqual(await drained("acme"), ["final"]);
    assert.deepEqual(await drained("globex"), ["sent", "final"]);
  });
}

function describeIdentity(promised: Promised): void {
  promised("gives every owner a copy", async (engine) => {
    const recorded = await append(engine, { owners: [owner("acme"), owner("globex")] });
    assert.deepEqual(recorded.tenants, ["acme", "globex"]);
    for (const lane of (await takeLanes(engine, 2)).values()) {
      assert.deepEqual(await drain(lane), ["e1"]);
    }
  });

  promised("keeps a second content under one id, and knows it again", async (engine) => {
    await append(engine, { owners: acme, content: "one" });
    const second = { owners: acme, content: "two" };
    assert.deepEqual(await append(engine, second), {
      status: "queued",
      tenants: ["acme"],
      conflict: true,
    });
    assert.equal((await append(engine, second)).status, "duplicate");
    assert.equal((await append(engine, { owners: acme, content: "three" })).conflict, true);
    const ids = await drain(await takeLane(engine));
    assert.equal(ids[0], "e1");
    for (const id of ids.slice(1)) assert.match(id, /^e1~[0-9a-f]{8}$/);
    assert.equal(new Set(ids).size, 3);
  });

  promised("takes a body without an id for the same only for a while", async (engine) => {
    const told = { id: "sha256:x", owners: acme, withinMs: lineMs };
    const at = (ms: number) => append(engine, { ...told, at: noon + ms });
    assert.equal((await at(0)).status, "queued");
    assert.equal((await at(lineMs)).status, "duplicate");
    assert.equal((await at(lineMs + 1)).status, "queued");
    assert.equal((await at(2 * lineMs)).status, "duplicate");
    assert.equal((await at(-1)).status, "queued", "a clock set back swallows nothing");
    assert.equal((await drain(await takeLane(engine))).length, 3);
  });
}

function describeKept(promised: Promised): void {
  promised("keeps the order of arrival in every lane", async (engine) => {
    const calls = Array.from(
      { length: 30 },
      (_, index) =>
        append(engine, { id: `e${index}`, owners: [owner(index % 2 ? "acme" : "globex")] }),
    );
    await Promise.all(calls);
    const lanes = await takeLanes(engine, 2);
    for (const [tenant, odd] of [["acme", 1], ["globex", 0]] as const) {
      const lane = lanes.get(tenant);
      assert.ok(lane);
      const expected = Array.from({ length: 15 }, (_, index) => `e${2 * index + odd}`);
      assert.deepEqual(await drain(lane, { eventsMax: 4 }), expected);
    }
  });

  promised("gives back the bytes as received", async (engine) => {
    const body = ' {"data":{"text":"größer 🎉"}}\n';
    await append(engine, { owners: acme, body, json: "{}" });
    const raw = await engine.raw(1);
    assert.ok(raw);
    assert.equal(Buffer.from(raw).toString(), body);
    assert.equal(await engine.raw(99), undefined);
  });

  promised("takes tenants of any name", async (engine) => {
    const names = ["__proto__", "constructor", "a\"b'c", "x.y-z_1"];
    for (const name of names) await appendMany(engine, name, 2);
    for (const lane of (await takeLanes(engine, names.length)).values()) {
      assert.deepEqual(await drain(lane), [`${lane.tenant}1`, `${lane.tenant}2`]);
    }
    const { lanes } = await engine.counts();
    assert.deepEqual(lanes.map(({ tenant }) => tenant).sort(), [...names].sort());
  });

  promised("does nothing for no entries", async (engine) => {
    assert.deepEqual(await engine.append([]), []);
  });
}

/** Says what becomes of an entry. */
export function describeAppend(promised: Promised): void {
  describeQueued(promised);
  describeOthers(promised);
  describeCompact(promised);
  describeIdentity(promised);
  describeKept(promised);
}
