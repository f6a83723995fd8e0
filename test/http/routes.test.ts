import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { appendMany, noon, seal, takeLane, takeLanes } from "../engine/shared.ts";
import { deliver, giveUp, openRouting, type Routing } from "./routing.ts";

/** So many dead letters of acme; their batch. */
async function fill({ engine }: Routing, count: number): Promise<string> {
  await appendMany(engine, "acme", count);
  return giveUp(await takeLane(engine), count);
}

const idsIn = (letters: unknown) =>
  Array.isArray(letters) ? letters.map(({ id }: { readonly id: unknown }) => id) : [];

describe("GET /dead", () => {
  it("says of each what it was, why it was given up and after how much", async () => {
    await using routing = await openRouting();
    const batch = await fill(routing, 1);
    const { status, body } = await routing.ask("GET", "/dead?tenant=acme&since=1h");
    assert.equal(status, 200);
    assert.ok(Array.isArray(body["letters"]));
    const [{ died_at, ...letter }] = body["letters"];
    assert.ok(Math.abs(Date.parse(died_at) - Date.now()) < 60_000);
    assert.deepEqual(letter, {
      id: "acme1",
      type: "message.received",
      channel: "messaging",
      tenant: "acme",
      batch,
      reason: "not accepted within 10 s",
      received_at: new Date(noon).toISOString(),
      attempts: 2,
    });
    assert.equal(body["next"], null);
  });

  it("gives them in pages, those that died last first", async () => {
    await using routing = await openRouting();
    await fill(routing, 5);
    const ids: unknown[] = [];
    let after = "";
    for (let page = 0; page < 3; page++) {
      const { body } = await routing.ask("GET", `/dead?limit=2${after}`);
      ids.push(...idsIn(body["letters"]));
      after = `&after=${body["next"]}`;
    }
    assert.deepEqual(ids, ["acme5", "acme4", "acme3", "acme2", "acme1"]);
    assert.equal(after, "&after=null");
  });

  it("keeps to the time that is asked about", async () => {
    await using routing = await openRouting();
    await fill(routing, 1);
    const { body } = await routing.ask("GET", "/dead?until=1h");
    assert.deepEqual(body, { letters: [], next: null });
  });

  it("says what is wrong with a question", async () => {
    await using routing = await openRouting();
    const cases: readonly (readonly [string, number, RegExp])[] = [
      ["tenant=nobody", 404, /no such tenant/],
      ["tennant=acme", 400, /a parameter too many/],
      ["limit=1001", 400, /limit must be a whole number from 1 to 1000/],
      ["after=1", 400, /after must be what the page before it has as next/],
      ["since=yesterday", 400, /since must be a moment/],
      ["since=1h&until=2h", 400, /until must be later than since/],
    ];
    for (const [query, status, message] of cases) {
      const asked = await routing.ask("GET", `/dead?${query}`);
      assert.equal(asked.status, status, query);
      assert.match(String(asked.body["error"]), message);
    }
  });
});

describe("GET /batches/{id}", () => {
  it("tells every attempt that is kept", async () => {
    await using routing = await openRouting();
    const batch = await fill(routing, 3);
    const { status, body } = await routing.ask("GET", `/batches/${batch}`);
    assert.equal(status, 200);
    const { kept, sealed_at, settled_at, size, ...story } = body;
    assert.ok(typeof size === "number" && size > 0);
    assert.ok(String(sealed_at) <= String(settled_at));
    assert.deepEqual(story, {
      id: batch,
      tenant: "acme",
      sequence: 1,
      state: "dead",
      count: 3,
      retry_of: null,
      replay_of: null,
      attempts: 2,
    });
    const [at, origin, took_ms] = [
      new Date(noon).toISOString(),
      "https://hooks.acme.example",
      2,
    ];
    const made = { at, origin, took_ms };
    assert.deepEqual(kept, [
      { number: 1, ...made, status: 503, error: null, verdict: "again", answer: "not today" },
      { number: 2, ...made, status: null, error: "timeout", verdict: "dead", answer: null },
    ]);
  });

  it("answers 404 for what it does not know", async () => {
    await using routing = await openRouting();
    assert.equal((await routing.ask("GET", "/batches/bat_x")).status, 404);
    assert.equal((await routing.ask("POST", "/batches/bat_x/replay")).status, 404);
  });
});

describe("POST /batches/{id}/replay", () => {
  it("counts, then sends again, which is a fact", async () => {
    await using routing = await openRouting();
    const batch = await fill(routing, 3);
    const path = `/batches/${batch}/replay`;
    const sum = { events: 3, tenants: 1, missing: 0 };
    const counted = await routing.ask("POST", `${path}?dry_run`);
    assert.deepEqual(counted.body, { ...sum, dry_run: true });
    assert.deepEqual(routing.facts, []);
    const { body } = await routing.ask("POST", path);
    assert.deepEqual(body, { ...sum, dry_run: false });
    assert.deepEqual(routing.facts, [{ is: "events.replayed", count: 3, tenants: 1 }]);
    const again = await routing.ask("POST", path);
    assert.deepEqual(again.body, { events: 0, tenants: 0, missing: 0, dry_run: false });
    assert.equal(routing.facts.length, 1);
  });

  it("refuses a batch that is still on its way", async () => {
    await using routing = await openRouting();
    await appendMany(routing.engine, "acme", 1);
    const { id } = await seal(await takeLane(routing.engine));
    assert.equal((await routing.ask("POST", `/batches/${id}/replay`)).status, 409);
  });
});

describe("POST /dead/replay", () => {
  it("goes on until all is done, over all tenants", async () => {
    await using routing = await openRouting();
    const { engine } = routing;
    await appendMany(engine, "acme", 2_500);
    await appendMany(engine, "beta", 10);
    for (const lane of (await takeLanes(engine, 2)).values()) await giveUp(lane, 3_000);
    const sum = { events: 2_510, tenants: 2, missing: 0 };
    const counted = await routing.ask("POST", "/dead/replay?dry_run=true");
    assert.deepEqual(counted.body, { ...sum, dry_run: true });
    const { body } = await routing.ask("POST", "/dead/replay");
    assert.deepEqual(body, { ...sum, dry_run: false });
    assert.deepEqual(routing.facts, [{ is: "events.replayed", count: 2_510, tenants: 2 }]);
    assert.deepEqual((await routing.ask("GET", "/dead")).body["letters"], []);
  });

  it("does one at a time, and counts meanwhile", async () => {
    await using routing = await openRouting();
    await fill(routing, 3);
    const [first, second, counted] = await Promise.all([
      routing.ask("POST", "/dead/replay"),
      routing.ask("POST", "/dead/replay"),
      routing.ask("POST", "/dead/replay?dry_run"),
    ]);
    assert.deepEqual([first.status, second.status, counted.status], [200, 409, 200]);
    assert.equal((await routing.ask("POST", "/dead/replay")).status, 200);
  });

  it("sends what was delivered in a time, where that is asked for", async () => {
    await using routing = await openRouting();
    await appendMany(routing.engine, "acme", 4);
    const lane = await takeLane(routing.engine);
    await deliver(lane, 3);
    await giveUp(lane, 1);
    const query = "tenant=acme&delivered=true";
    const missing = await routing.ask("POST", `/dead/replay?${query}`);
    assert.equal(missing.status, 400);
    const { body } = await routing.ask("POST", `/dead/replay?${query}&since=1h`);
    assert.equal(body["events"], 3);
    assert.equal(idsIn((await routing.ask("GET", "/dead")).body["letters"]).length, 1);
  });

  it("moves nothing where the question is wrong", async () => {
    await using routing = await openRouting();
    await fill(routing, 1);
    for (const query of ["tennant=acme", "tenant=nobody", "dry_run=yes", "since=2y"]) {
      const { status } = await routing.ask("POST", `/dead/replay?${query}`);
      assert.ok(status === 400 || status === 404, query);
    }
    assert.equal(idsIn((await routing.ask("GET", "/dead")).body["letters"]).length, 1);
  });
});
