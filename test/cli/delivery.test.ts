/** What came of it? An operator looks at deliveries, and sends again, holds back or hurries. */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { runCli, runHereWith } from "../support/cli.ts";
import { configText, spawnDaemon, type SpawnedDaemon } from "../support/daemon.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/folder.ts";
import { createTelnyx, type Telnyx } from "../support/telnyx.ts";
import { batchIn, openTenant, type TenantBackend } from "../support/tenant.ts";

const [acme, slow] = ["+18005550110", "+18005550111"] as const;
const retry = "delivery: { retry: { first: 10ms, max: 100ms } }";

interface Scene {
  readonly path: string;
  readonly backend: TenantBackend;
  readonly telnyx: Telnyx;
  readonly daemon: SpawnedDaemon;
  readonly token: string;
}

async function setUp(stack: AsyncDisposableStack): Promise<Scene> {
  const folder = stack.use(await temporaryFolder());
  const backend = stack.use(await openTenant());
  const telnyx = stack.use(createTelnyx());
  const { url } = backend;
  const tenants = [
    { id: "acme", number: acme, url, more: ["window: { max_wait: 50ms }", retry] },
    { id: "slow", number: slow, url, more: ["window: { max_wait: 1h }"] },
    { id: "held", number: "+18005550112", url, more: ["paused: true"] },
  ];
  await folder.write("aggregator.yaml", configText(telnyx.publicKey, tenants));
  const daemon = stack.use(await spawnDaemon({ config: folder.file("aggregator.yaml") }));
  const token = (await readFile(folder.file("data/admin.token"), "utf8")).trim();
  return { path: folder.path, backend, telnyx, daemon, token };
}

describe("deliveries, as an operator sees them", () => {
  const stack = new AsyncDisposableStack();
  let scene: Scene;

  before(async () => {
    scene = await setUp(stack);
  });
  after(() => stack.disposeAsync());

  const env = () => ({ AGGREGATOR_ADMIN: scene.daemon.admin, AGGREGATOR_TOKEN: scene.token });
  const cli = (...args: readonly string[]) => runHereWith(env(), args);
  /** In a process of its own, which has no terminal. */
  const apart = (...args: readonly string[]) => runCli(args, { cwd: scene.path, env: env() });

  /** What it prints; it must be done. */
  async function done(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await cli(...args);
    assert.equal(code, 0, stderr);
    return stdout;
  }

  const json = async (...args: readonly string[]) => JSON.parse(await done(...args, "--json"));

  async function send(id: string, number: string): Promise<void> {
    const payload = { direction: "inbound", to: [{ phone_number: number }], id };
    const data = { event_type: "message.received", id, payload };
    const body = new TextEncoder().encode(JSON.stringify({ data }));
    const sample = { body, contentType: "application/json" };
    assert.equal((await scene.telnyx.send(scene.daemon.address, sample)).status, 200);
  }

  const accepted = (id: string) =>
    scene.backend.accepted().filter(({ routing }) => routing.some((one) => one.id === id));

  const batchOf = async () => (await json("dead", "acme")).letters[0].batch;

  it("dead: says that there is none", async () => {
    assert.equal(await done("dead"), "no dead letters\n");
    assert.deepEqual(await json("dead"), { letters: [], more: false });
  });

  it("dead: lists what was given up, the newest first", async () => {
    scene.backend.behave(({ body }) => body.includes("poison") ? 422 : 200);
    await send("poison 1", acme);
    await send("poison 2", acme);
    let others = 0;
    await eventually("both are given up", async () => {
      await send(`other ${++others}`, acme);
      return (await json("dead")).letters.length === 2;
    });
    const listed = await done("dead", "acme", "--since", "10m", "--utc");
    const line = (one: number) =>
      new RegExp(
        `^[\\d:]+Z +acme +poison ${one} +message.received +refused while others .* bat_`,
        "m",
      );
    assert.match(listed, line(1));
    assert.match(listed, line(2));
    const { letters } = await json("dead");
    assert.ok(letters[0].died_at >= letters[1].died_at);
    assert.deepEqual(await json("dead", "--limit", "1"), { letters: [letters[0]], more: true });
    assert.match(await done("dead", "--limit", "1"), /… and more: see --limit$/m);
    assert.equal(await done("dead", "slow"), "no dead letters\n");
    assert.equal((await cli("dead", "nobody")).code, 1);
  });

  it("batches: tells every attempt", async () => {
    const batch = await batchOf();
    const story = await done("batches", batch, "--utc");
    assert.match(story, new RegExp(`^${batch} {2}acme {2}dead$`, "m"));
    assert.match(story, /^ *\d+ {2}[-\d]+ [:\d]+Z {2}http:\/\/127\.0\.0\.1:\d+ +422 +\d+ ms {2}/m);
    assert.match(story, /^retry of bat_/m);
    assert.equal(await done("dead", "--batch", batch, "--utc"), story);
    assert.equal((await json("batches", batch)).state, "dead");
    assert.equal((await cli("batches", "bat_nowhere")).code, 1);
  });

  it("replay: counts, and moves nothing unless that is confirmed", async () => {
    const { code, stdout, stderr } = await apart("replay");
    assert.equal(code, 2);
    assert.equal(stdout, "To be sent again: 2 events of 1 tenant\n");
    assert.match(stderr, /say --yes, or --dry-run/);
    assert.equal(await done("replay", "--dry-run", "--tenant", "acme"), stdout);
    const count = await json("replay", await batchOf(), "--dry-run");
    assert.deepEqual(count, { events: 1, tenants: 1, missing: 0, dry_run: true });
    const none = await done("replay", "--until", "1d");
    assert.equal(none, "To be sent again: 0 events of 0 tenants\n");
    assert.equal((await json("dead")).letters.length, 2);
  });

  it("replay: sends one batch again, then the rest", async () => {
    scene.backend.behave(() => 200);
    const { letters: [{ id, batch }, other] } = await json("dead");
    assert.match(await done("replay", batch, "--yes"), /^Sent again in new batches: 1 event of 1/m);
    await eventually("it arrives", () => accepted(id).length === 1);
    const again = scene.backend.received.find((one) =>
      one.headers["x-aggregator-replay-of"] === batch
    );
    assert.ok(again && batchIn(again).routing[0]?.id === id);
    const rest = await json("replay", "-y");
    assert.deepEqual(rest, { events: 1, tenants: 1, missing: 0, dry_run: false });
    await eventually("the other one", () => accepted(other.id).length === 1);
    assert.equal(await done("dead"), "no dead letters\n");
  });

  it("replay: brings again what was delivered", async () => {
    const args = ["--tenant", "acme", "--delivered", "--since", "10m"];
    const { events } = await json("replay", ...args, "--dry-run");
    assert.ok(events >= 3);
    const before = accepted("other 1").length;
    await done("replay", ...args, "--yes");
    await eventually("it comes again", () => accepted("other 1").length > before);
  });

  it("tenants: lists them, pauses one and resumes it", async () => {
    const heading = /^tenant +status +endpoint +waiting +oldest +sending +dead +delivered$/m;
    assert.match(await done("tenants"), heading);
    const said = await done("tenants", "pause", "acme");
    assert.equal(said, 'Tenant "acme" is paused: its events are kept until it is resumed\n');
    const listed = await done("tenants", "--utc");
    assert.match(listed, /^acme +paused \(operator\) +http:\/\/127\.0\.0\.1:\d+ +\d+ /m);
    assert.match(listed, /^held +paused \(config\) /m);
    assert.match(listed, /^slow +active .* never$/m);
    assert.match(await done("status"), /^acme +paused \(operator\)/m);
    await send("kept", acme);
    assert.equal(await done("tenants", "resume", "acme"), 'Tenant "acme" is delivered to\n');
    await eventually("what was kept", () => accepted("kept").length === 1);
    assert.match(await done("tenants", "resume", "slow"), /and was not paused$/m);
    assert.match(await done("tenants", "resume", "held"), /still paused by the config/);
    assert.equal((await cli("tenants", "pause", "nobody")).code, 1);
  });

  it("flush: sends a window that would stay open", async () => {
    await send("flushed", slow);
    assert.equal(await done("flush", "slow"), "Flushed: slow\n");
    const [batch] = await eventually("it arrives", () => {
      const found = accepted("flushed");
      return found.length > 0 && found;
    });
    assert.equal(batch?.window.reason, "flush");
    assert.equal(await done("flush"), "Flushed: all tenants\n");
    assert.equal((await cli("flush", "nobody")).code, 1);
  });

  it("tenants: says of one that is not in the config that nothing is sent to it", async () => {
    const file = join(scene.path, "aggregator.yaml");
    await writeFile(file, (await readFile(file, "utf8")).replace("  slow:", "  quick:"));
    await eventually("it is gone", async () => /^slow +removed/m.test(await done("tenants")));
    const paused = await done("tenants", "pause", "slow");
    assert.match(paused, /^Tenant "slow", which is not in the config, is paused: /);
    const resumed = await done("tenants", "resume", "slow");
    const kept = "its events are kept until it is there\n";
    assert.equal(resumed, `Tenant "slow" is not in the config: ${kept}`);
    const again = await json("tenants", "resume", "slow");
    const removed = { tenant: "slow", status: "removed", paused: null };
    assert.deepEqual(again, { ...removed, resumed: false });
  });
});
