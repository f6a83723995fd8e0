/** What webhooks look like that somebody could get by mistake, and who gets them. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Config } from "../../src/config.ts";
import { buildDirectory } from "../../src/directory.ts";
import { openMemoryEngine } from "../../src/engine/memory.ts";
import { ownershipOf } from "../../src/ownership/claims.ts";
import { adopt } from "../../src/pipeline/adopt.ts";
import { entryOf } from "../../src/pipeline/classify.ts";
import type { Tenant } from "../../src/tenant.ts";
import { given, whyOf } from "../engine/asked.ts";
import { ask, eventOf, tenantOf, verified } from "../pipeline/shared.ts";
import { acme, alice, beta, bob, message, stranger } from "./shared.ts";

function configOf(tenants: readonly Tenant[]): Config {
  const directory = buildDirectory(tenants);
  const all = new Map(tenants.map((tenant) => [tenant.id, tenant]));
  return { tenants: all, directory, unassigned: { holdMs: 72 * 3_600_000 } } as unknown as Config;
}

/** An engine that is told of events `e1`, `e2`, …, and of configs. */
async function open() {
  const engine = await openMemoryEngine();
  let config = configOf([]);
  async function reload(...tenants: readonly Tenant[]): Promise<void> {
    config = configOf(tenants);
    const signal = new AbortController().signal;
    const ownership = () => ownershipOf(config);
    await adopt(config, { engine, signal, config: () => config, ownership, state: () => {} });
  }
  await reload(acme, beta);
  let count = 0;
  return {
    reload,
    async arrives(type: string, payload: object, signer?: string) {
      const asked = verified(
        ask(eventOf(type, payload, `e${++count}`), { receivedAt: Date.now() }),
      );
      const signed = signer === undefined ? asked : { ...asked, signer };
      await engine.append([entryOf(signed, ownershipOf(config))]);
    },
    given: () => given(engine),
    why: (id: string) => whyOf(engine, id),
    /** Nothing waits any more. */
    tend: () => engine.tend(Date.now() + 30_000, false),
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
}

const call = (leg: string, session: string, more: object = {}) => ({
  call_leg_id: leg,
  call_session_id: session,
  ...more,
});
const incoming = (to: string) => ({ direction: "incoming", from: stranger, to });
const outgoing = (to: string) => ({ direction: "outgoing", from: alice, to });

describe("an event of a conference", () => {
  const conference = { conference_id: "f" };
  const creator = { ...conference, creator_call_session_id: "s-acme" };

  it("is nobody's by a participant, and the creator's once that is known", async () => {
    await using engine = await open();
    await engine.arrives("call.initiated", call("l-beta", "s-beta", incoming(bob)));
    await engine.arrives("conference.participant.joined", {
      ...call("l-beta", "s-beta"),
      ...creator,
    });
    await engine.arrives("conference.playback.ended", creator);
    await engine.arrives("conference.created", { ...call("l-acme", "s-acme"), ...conference });
    await engine.tend();
    assert.deepEqual(await engine.given(), { beta: ["e1", "e2"] });
    assert.deepEqual([await engine.why("e3"), await engine.why("e4")], ["unknown", "unknown"]);
    await engine.arrives("call.initiated", call("l-acme", "s-acme", incoming(alice)));
    assert.deepEqual(await engine.given(), { acme: ["e3", "e4", "e5"] });
  });
});

describe("a leg that goes out", () => {
  it("is its call's where that is forwarded with the caller's own number", async () => {
    await using engine = await open();
    await engine.arrives("call.initiated", call("in", "s", { ...incoming(bob), from: alice }));
    await engine.arrives("call.initiated", call("out", "s", outgoing(stranger)));
    await engine.arrives("call.answered", call("out", "s", { from: alice, to: stranger }));
    assert.deepEqual(await engine.given(), { beta: ["e1", "e2", "e3"] });
  });

  it("is the caller's where it calls the tenant whose the call seems to be", async () => {
    await using engine = await open();
    await engine.arrives("call.initiated", call("in", "s", { ...incoming(bob), from: alice }));
    await engine.arrives("call.initiated", call("out", "s", outgoing(bob)));
    assert.deepEqual(await engine.given(), { beta: ["e1"], acme: ["e2"] });
  });

  it("is of no call where it is a message or a fax", async () => {
    await using engine = await open();
    await engine.arrives("call.initiated", call("in", "s", incoming(bob)));
    await engine.arrives("fax.delivered", { fax_id: "f", from: alice, to: stranger });
    await engine.arrives("message.sent", message(stranger, alice, { id: "m" }));
    assert.deepEqual(await engine.given(), { beta: ["e1"], acme: ["e2", "e3"] });
  });
});

describe("an event that names what another tenant had", () => {
  it("stays its leg's tenant's, who does not own that either", async () => {
    await using engine = await open();
    await engine.reload(acme, { ...beta, connectionIds: [] });
    const more = { connection_id: "222" };
    await engine.arrives("call.playback.started", call("l", "s", more));
    await engine.arrives("call.initiated", call("l", "s", { ...incoming(alice), ...more }));
    assert.deepEqual(await engine.given(), { acme: ["e1", "e2"] });
  });

  it("is nobody's by a guess, and its owner's by the direction", async () => {
    await using engine = await open();
    await engine.reload(acme, { ...beta, numbers: [] });
    await engine.arrives("call.answered", call("l", "s", { from: alice, to: bob }));
    await engine.arrives("call.answered", call("l-2", "s-2", { from: alice, to: bob }));
    assert.deepEqual(await engine.given(), {});
    await engine.arrives("call.initiated", call("l", "s", outgoing(bob)));
    assert.deepEqual(await engine.given(), { acme: ["e1", "e3"] });
    await engine.tend();
    assert.deepEqual(await engine.given(), {});
    assert.equal(await engine.why("e2"), "ambiguous");
  });
});

describe("an event without a direction", () => {
  it("is its message's tenant's", async () => {
    await using engine = await open();
    await engine.arrives("message.finalized", message(stranger, alice, { id: "m" }));
    await engine.arrives("message.read", { id: "m" });
    assert.deepEqual(await engine.given(), { acme: ["e1", "e2"] });
  });
});

describe("an order", () => {
  it("is found by its reference behind all its numbers", async () => {
    await using engine = await open();
    const phone_numbers = Array.from({ length: 40 }, (_, index) => ({
      phone_number: `+1415555${1_000 + index}`,
    }));
    const order = { id: "order", phone_numbers, customer_reference: "ref-1" };
    await engine.arrives("number_order.complete", order);
    await engine.reload({ ...acme, ids: ["ref-1"] }, beta);
    assert.deepEqual(await engine.given(), { acme: ["e1"] });
  });
});

describe("one body that two accounts sign", () => {
  it("is two events", async () => {
    await using engine = await openMemoryEngine();
    const own = tenantOf("own", { publicKeys: [new Uint8Array(32)] });
    const ownership = ownershipOf(configOf([acme, own]));
    const inbound = verified(ask(eventOf("call.initiated", call("l", "s", incoming(alice)))));
    const signed = entryOf({ ...inbound, signer: "own" }, ownership);
    const recorded = await engine.append([entryOf(inbound, ownership), signed, signed]);
    assert.deepEqual(recorded.map(({ status }) => status), ["queued", "queued", "duplicate"]);
    assert.deepEqual(recorded.map(({ tenants }) => tenants), [["acme"], ["own"], ["own"]]);
  });
});
