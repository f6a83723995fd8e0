/** What operators do about delivery: they look at what was given up, replay, pause and flush. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { configText, spawnDaemon, type SpawnedDaemon } from "../support/daemon.ts";
import { eventually } from "../support/eventually.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/folder.ts";
import { createTelnyx, type Telnyx } from "../support/telnyx.ts";
import { batchIn, openTenant, type TenantBackend } from "../support/tenant.ts";

const number = "+18005550108";
const quick = [
  "window: { max_wait: 100ms }",
  "delivery: { retry: { first: 10ms, max: 200ms } }",
];

type Json = Readonly<Record<string, unknown>>;

interface Scene extends AsyncDisposable {
  readonly folder: TemporaryFolder;
  readonly telnyx: Telnyx;
  readonly backend: TenantBackend;
  /** Starts the daemon; one is enough. */
  start(): Promise<SpawnedDaemon>;
  write(url: string, more?: readonly string[]): Promise<void>;
}

async function setUp(more: readonly string[] = quick): Promise<Scene> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const telnyx = stack.use(createTelnyx());
  const backend = stack.use(await openTenant());
  const write = (url: string, lines = more) =>
    folder.write(
      "aggregator.yaml",
      configText(telnyx.publicKey, [{ id: "acme", number, url, more: lines }]),
    );
  await write(backend.url);
  const opened = stack.move();
  return {
    folder,
    telnyx,
    backend,
    write,
    start: () => spawnDaemon({ config: folder.file("aggregator.yaml") }),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** Asks the admin listener; its answer must be a 200. */
async function ask(
  { folder }: Scene,
  { admin }: SpawnedDaemon,
  method: "GET" | "POST",
  path: string,
): Promise<Json> {
  const token = (await readFile(folder.file("data/admin.token"), "utf8")).trim();
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(`${admin}${path}`, { method, headers });
  const body: Json = JSON.parse(await response.text());
  assert.equal(response.status, 200, JSON.stringify(body));
  return body;
}

async function send({ telnyx }: Scene, { address }: SpawnedDaemon, id: string): Promise<void> {
  const payload = { direction: "inbound", from: { phone_number: "+14155550123" }, id };
  const to = [{ phone_number: number }];
  const data = { event_type: "message.received", id, payload: { ...payload, to } };
  const body = new TextEncoder().encode(JSON.stringify({ data }));
  const { status } = await telnyx.send(address, { body, contentType: "application/json" });
  assert.equal(status, 200);
}

const acceptedIds = ({ backend }: Scene) =>
  backend.accepted().flatMap(({ routing }) => routing.map(({ id }) => id));

const arrives = (scene: Scene, id: string) =>
  eventually(`${id} arrives`, () => acceptedIds(scene).includes(id));

const pausedIn = (view: Json) => {
  const { paused } = view;
  return typeof paused === "object" && paused !== null && "by" in paused ? paused.by : paused;
};

describe("dead letters", () => {
  it("are listed with their batch, and sent again under their ids", async () => {
    await using scene = await setUp();
    const { backend } = scene;
    const isPoison = (body: { toString(): string }) => body.toString().includes("poison");
    backend.behave(({ body }) => isPoison(body) ? 422 : 200);
    await using daemon = await scene.start();
    await send(scene, daemon, "poison");
    // It is given up once others were accepted since it was refused alone.
    let others = 0;
    const [letter] = await eventually("the dead letter", async () => {
      await send(scene, daemon, `other ${++others}`);
      const { letters } = await ask(scene, daemon, "GET", "/dead?tenant=acme&since=10m");
      return Array.isArray(letters) && letters.length > 0 ? letters : undefined;
    });
    const { id, reason, batch } = letter;
    assert.deepEqual([id, reason], ["poison", "refused while others were accepted"]);
    const { state, kept } = await ask(scene, daemon, "GET", `/batches/${batch}`);
    assert.equal(state, "dead");
    assert.ok(Array.isArray(kept) && kept.every(({ status }) => status === 422));

    const path = "/dead/replay?tenant=acme";
    const counted = await ask(scene, daemon, "POST", `${path}&dry_run`);
    assert.deepEqual(counted, { events: 1, tenants: 1, missing: 0, dry_run: true });
    backend.behave(() => 200);
    assert.ok(!acceptedIds(scene).includes("poison"));
    assert.equal((await ask(scene, daemon, "POST", path))["events"], 1);
    await arrives(scene, "poison");
    const again = backend.received.find(({ status, body }) => status === 200 && isPoison(body));
    assert.equal(again?.headers["x-aggregator-replay-of"], batch);
    assert.equal(again?.headers["x-aggregator-reason"], "replay");
    assert.deepEqual((await ask(scene, daemon, "GET", "/dead"))["letters"], []);
    assert.ok(daemon.facts.some(({ fact }) => fact === "events.replayed"));
  });
});

describe("a replay of what was delivered", () => {
  it("brings a batch again, as another one", async () => {
    await using scene = await setUp();
    await using daemon = await scene.start();
    await send(scene, daemon, "lost");
    await arrives(scene, "lost");
    const [first] = scene.backend.accepted();
    assert.ok(first);
    const { events } = await eventually("it is settled", async () => {
      const sum = await ask(scene, daemon, "POST", "/dead/replay?delivered&since=10m&dry_run");
      return sum["events"] === 1 && sum;
    });
    assert.equal(events, 1);
    await ask(scene, daemon, "POST", `/batches/${first.id}/replay`);
    const again = await eventually("it comes again", () => scene.backend.received[1]);
    assert.equal(again.headers["x-aggregator-replay-of"], first.id);
    const batch = batchIn(again);
    assert.notEqual(batch.id, first.id);
    assert.deepEqual(batch.routing.map(({ id }) => id), ["lost"]);
  });
});

describe("a pause", () => {
  it("keeps what comes, over a restart, until it is resumed", async () => {
    await using scene = await setUp();
    {
      await using daemon = await scene.start();
      const { paused } = await ask(scene, daemon, "POST", "/tenants/acme/pause");
      assert.equal(pausedIn({ paused }), "operator");
      await send(scene, daemon, "kept");
      daemon.kill("SIGTERM");
      await daemon.ended;
    }
    await using daemon = await scene.start();
    await send(scene, daemon, "kept too");
    await ask(scene, daemon, "POST", "/flush");
    const view = await ask(scene, daemon, "GET", "/tenants/acme");
    assert.deepEqual([view["status"], pausedIn(view), view["pending"]], ["paused", "operator", 2]);
    assert.equal(scene.backend.received.length, 0);

    const resumed = await ask(scene, daemon, "POST", "/tenants/acme/resume");
    const active = { tenant: "acme", status: "active", paused: null };
    assert.deepEqual(resumed, { ...active, resumed: true });
    await arrives(scene, "kept");
    await arrives(scene, "kept too");
    const again = await ask(scene, daemon, "POST", "/tenants/acme/resume");
    assert.equal(again["resumed"], false);
  });

  it("follows a 410, and ends when the URL is corrected", async () => {
    await using scene = await setUp();
    await using right = await openTenant();
    scene.backend.behave(() => 410);
    await using daemon = await scene.start();
    await send(scene, daemon, "moved");
    const view = () => ask(scene, daemon, "GET", "/tenants/acme");
    await eventually("it is paused", async () => pausedIn(await view()) === "gone");
    const { alarms } = await ask(scene, daemon, "GET", "/stats");
    assert.ok(Array.isArray(alarms) && alarms.some(({ alarm }) => alarm === "paused_gone"));
    await scene.write(right.url);
    await eventually("it arrives where it should", () => right.accepted().length === 1);
    await eventually("it is active again", async () => (await view())["status"] === "active");
    assert.equal(scene.backend.received.length, 1);
  });
});

describe("a circuit", () => {
  it("is shown open while its URL fails, alarms, and is closed by the first success", async () => {
    await using scene = await setUp();
    scene.backend.behave(() => 503);
    await using daemon = await scene.start();
    await send(scene, daemon, "e-1");
    const view = () => ask(scene, daemon, "GET", "/tenants/acme");
    await eventually("it is open", async () => (await view())["circuit"] === "open");
    const { urls } = await view();
    assert.ok(Array.isArray(urls));
    const [{ origin, used, failover, failures }] = urls;
    const seen = { origin, used, failover };
    assert.deepEqual(seen, {
      origin: new URL(scene.backend.url).origin,
      used: true,
      failover: false,
    });
    assert.ok(failures >= 5);
    const stats = await ask(scene, daemon, "GET", "/stats");
    assert.deepEqual((stats["since_start"] as Json)["circuits"], { opened: 1 });
    const raised = stats["alarms"] as { alarm: string }[];
    assert.ok(raised.some(({ alarm }) => alarm === "circuit_open"));
    scene.backend.behave(() => 200);
    await arrives(scene, "e-1");
    await eventually("it is closed", async () => (await view())["circuit"] === "closed");
  });
});

describe("a flush", () => {
  it("sends a window that would stay open for long", async () => {
    await using scene = await setUp(["window: { max_wait: 1h }"]);
    await using daemon = await scene.start();
    await send(scene, daemon, "first");
    assert.equal((await ask(scene, daemon, "GET", "/tenants/acme"))["pending"], 1);
    await ask(scene, daemon, "POST", "/tenants/acme/flush");
    await arrives(scene, "first");
    await send(scene, daemon, "second");
    await ask(scene, daemon, "POST", "/flush");
    await arrives(scene, "second");
    assert.deepEqual(scene.backend.accepted().map(({ window }) => window.reason), [
      "flush",
      "flush",
    ]);
  });
});
