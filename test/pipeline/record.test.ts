import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Engine, Recorded } from "../../src/engine.ts";
import { channel } from "../../src/flow/channel.ts";
import { entryOf } from "../../src/pipeline/classify.ts";
import type { Classified } from "../../src/pipeline/inbound.ts";
import { answerOf, record } from "../../src/pipeline/record.ts";
import { stopClock } from "../support/clock.ts";
import {
  all,
  ask,
  type Asked,
  collectFacts,
  eventOf,
  from,
  number,
  ownershipOf,
} from "./shared.ts";
import { openEngine, tenantOf, verified } from "./shared.ts";

const alice = "+18005550100";
const ownership = ownershipOf(tenantOf("acme", { numbers: [number(alice)] }));
const incoming = { direction: "incoming", from: "+14155550199", to: alice };

const classified = (asked: Asked): Classified => ({
  inbound: verified(asked),
  entry: entryOf(verified(asked), ownership),
  under: ownership,
});

const call = (id: string) => ask(eventOf("call.initiated", incoming, id));

function stage(engine: Pick<Engine, "append">, asked: readonly Asked[]) {
  const { facts, state } = collectFacts();
  const held: object[] = [];
  const options = { engine, state, heldUnder: (under: object) => void held.push(under) };
  return { facts, held, done: all(record(from(...asked.map(classified)), options)) };
}

describe("record()", () => {
  it("answers when the event is in the log", async () => {
    await using engine = await openEngine();
    const asked = [call("e-1"), ask(eventOf("call.x", {}, "e-2")), ask("{")];
    const { facts, done } = stage(engine, asked);
    await done;
    assert.deepEqual(asked.map(({ answers }) => answers.map(({ body }) => body)), [
      [{ status: "queued", tenant: "acme" }],
      [{ status: "queued", tenant: "unassigned" }],
      [{ status: "parked" }],
    ]);
    assert.deepEqual(asked.flatMap(({ answers }) => answers.map(({ status }) => status)), [
      200,
      200,
      200,
    ]);
    assert.equal(facts.filter(({ is }) => is === "webhook.recorded").length, 3);
    const { held, parked, lanes } = await engine.counts();
    assert.deepEqual([held, parked, lanes.map(({ waiting }) => waiting)], [1, 1, [1]]);
  });

  it("tells under which config an event was nobody's", async () => {
    await using engine = await openEngine();
    const { held, done } = stage(engine, [
      call("e-1"),
      ask(eventOf("call.x", {}, "e-2")),
      ask("{"),
    ]);
    await done;
    assert.equal(held.length, 1);
    assert.equal(held[0], ownership);
  });

  it("answers a repetition as a duplicate", async () => {
    await using engine = await openEngine();
    await stage(engine, [call("e-1")]).done;
    const again = call("e-1");
    const [recorded] = await stage(engine, [again]).done;
    assert.equal(recorded?.status, "duplicate");
    assert.deepEqual(again.answers, [{
      status: 200,
      body: { status: "duplicate", tenant: "acme" },
    }]);
  });

  it("answers 503 when the log cannot be written", async () => {
    const asked = [call("e-1"), call("e-2")];
    const engine = { append: () => Promise.reject(new Error("No space left")) };
    const { facts, done } = stage(engine, asked);
    assert.deepEqual(await done, []);
    for (const { answers } of asked) {
      assert.deepEqual(answers, [{ status: 503, body: { error: "log unavailable" } }]);
    }
    assert.deepEqual(facts[0], { is: "webhook.refused", why: "log_unavailable" });
  });

  it("answers 503 before Telnyx gives up, and spares the log until it is well again", async () => {
    using clock = stopClock();
    const commits: (() => void)[] = [];
    const recorded: Recorded = { status: "queued", tenants: ["acme"], conflict: false };
    const append = () =>
      new Promise<Recorded[]>((resolve) => commits.push(() => resolve([recorded])));
    const coming = channel<Classified>();
    const { facts, state } = collectFacts();
    const results = record(coming.take(), { engine: { append }, state, heldUnder: () => {} });
    const reading = results[Symbol.asyncIterator]().next();
    const asked = [call("e-1"), call("e-2"), call("e-3")];
    const arrive = (index: number) =>
      asked.slice(index, index + 1).map(classified).map(coming.push);
    const statuses = () => asked.map(({ answers }) => answers.map(({ status }) => status));

    arrive(0);
    await clock.pass(1_799);
    assert.deepEqual(statuses(), [[], [], []]);
    await clock.pass(1);
    assert.deepEqual(statuses(), [[503], [], []]);
    arrive(1);
    await clock.pass(0);
    assert.deepEqual(statuses(), [[503], [503], []]);
    assert.equal(commits.length, 1, "the log is not asked for more");
    commits[0]?.();
    await clock.pass(0);
    arrive(2);
    await clock.pass(0);
    commits[1]?.();
    await reading;
    assert.deepEqual(statuses(), [[503], [503], [200]]);
    assert.equal(facts.filter(({ is }) => is === "webhook.refused").length, 2);
  });
});

describe("answerOf()", () => {
  const answered = (status: Recorded["status"], ...tenants: readonly string[]) =>
    answerOf({ status, tenants, conflict: false }).body;

  it("names the tenants", () => {
    assert.deepEqual(answered("queued", "acme"), { status: "queued", tenant: "acme" });
    assert.deepEqual(answered("queued", "acme", "beta"), {
      status: "queued",
      tenant: "acme",
      tenants: ["acme", "beta"],
    });
    assert.deepEqual(answered("dropped", "acme"), { status: "queued", tenant: "acme" });
    assert.deepEqual(answered("duplicate"), { status: "duplicate", tenant: "unassigned" });
  });
});
