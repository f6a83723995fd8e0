/** Whose is it? An operator asks a running daemon, and gives away what it holds. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { runCli } from "../support/cli.ts";
import { configText, spawnDaemon, type SpawnedDaemon } from "../support/daemon.ts";
import { eventually } from "../support/eventually.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/folder.ts";
import { createTelnyx, type Telnyx } from "../support/telnyx.ts";
import { openTenant, type TenantBackend } from "../support/tenant.ts";

const [acme, globex, nobodys, caller] = [
  "+18005559876",
  "+18005551111",
  "+18005550100",
  "+14155550123",
] as const;

interface Scene {
  readonly folder: TemporaryFolder;
  readonly backend: TenantBackend;
  readonly telnyx: Telnyx;
  readonly daemon: SpawnedDaemon;
  readonly token: string;
}

/** A second tenant, with whatever number it has at the time. */
function configWith({ backend, telnyx }: Pick<Scene, "backend" | "telnyx">, number?: string) {
  const more = ["window: { max_wait: 100ms }"];
  const tenants = [
    { id: "acme", number: acme, url: backend.url, more },
    ...(number === undefined ? [] : [{ id: "globex", number, url: backend.url, more }]),
  ];
  return configText(telnyx.publicKey, tenants, ["limits: { body: 64KiB }"]);
}

async function setUp(stack: AsyncDisposableStack): Promise<Scene> {
  const folder = stack.use(await temporaryFolder());
  const backend = stack.use(await openTenant());
  const telnyx = stack.use(createTelnyx());
  await folder.write("aggregator.yaml", configWith({ backend, telnyx }, globex));
  const daemon = stack.use(await spawnDaemon({ config: folder.file("aggregator.yaml") }));
  const token = (await readFile(folder.file("data/admin.token"), "utf8")).trim();
  return { folder, backend, telnyx, daemon, token };
}

const incoming = (to: string, leg: string) => ({
  call_leg_id: leg,
  call_session_id: `session of ${leg}`,
  direction: "incoming",
  from: caller,
  to,
});

describe("ownership, as an operator sees it", () => {
  const stack = new AsyncDisposableStack();
  let scene: Scene;

  before(async () => {
    scene = await setUp(stack);
  });
  after(() => stack.disposeAsync());

  const bodyOf = (id: string, payload: object, type = "call.initiated") =>
    new TextEncoder().encode(JSON.stringify({ data: { event_type: type, id, payload } }));

  async function send(...args: Parameters<typeof bodyOf>): Promise<string> {
    const sample = { body: bodyOf(...args), contentType: "application/json" };
    return (await scene.telnyx.send(scene.daemon.address, sample)).body;
  }

  function cli(...args: readonly string[]) {
    const env = { AGGREGATOR_ADMIN: scene.daemon.admin, AGGREGATOR_TOKEN: scene.token };
    return runCli(args, { cwd: scene.folder.path, env });
  }

  async function ask(
    path: string,
    body?: string | Uint8Array<ArrayBuffer>,
    headers: Record<string, string> = {},
  ) {
    const method = body === undefined ? "GET" : "POST";
    const authorization = `Bearer ${scene.token}`;
    const options = { method, headers: { authorization, ...headers } };
    const url = `${scene.daemon.admin}${path}`;
    const response = await fetch(url, body === undefined ? options : { ...options, body });
    return { status: response.status, headers: response.headers, text: await response.text() };
  }

  const release = (order: object) => ask("/unassigned/release", JSON.stringify(order));

  const received = (id: string) =>
    scene.backend.accepted().filter(({ events }) => events.some(({ data }) => data?.id === id));

  async function arrival(id: string, tenant: string): Promise<void> {
    const [batch] = await eventually(`${id} arrives`, () => {
      const found = received(id);
      return found.length > 0 ? found : undefined;
    });
    assert.equal(batch?.tenant, tenant);
  }

  it("unassigned: nothing to begin with", async () => {
    const { code, stdout, stderr } = await cli("unassigned");
    assert.equal(code, 0, stderr);
    assert.equal(stdout, "0 held, 0 expired, 0 parked\n");
  });

  it("unassigned: the numbers that nobody owns, and the lines to add", async () => {
    assert.match(await send("first", incoming(nobodys, "leg-1")), /"unassigned"/);
    await send("second", incoming(nobodys, "leg-2"));
    await send("tagged", { connection_id: "1293384261075731499", tags: ["it's\u202e"] }, "x.y");
    await scene.telnyx.send(scene.daemon.address, {
      body: new TextEncoder().encode("not an event"),
      contentType: "text/plain",
    });
    const { stdout } = await cli("unassigned");
    assert.match(stdout, /^3 held, 0 expired, 1 parked$/m);
    assert.match(stdout, /^\+18005550100 +2 +\d+s +\d+s +-$/m);
    assert.match(stdout, /^ {2}phone_numbers: \["\+18005550100"\]$/m);
    assert.match(stdout, /^ {2}connection_ids: \["1293384261075731499"\]$/m);
    assert.match(stdout, /^ {2}ids: \["it's\\u202e"\]$/m);
    assert.doesNotMatch(stdout, /\p{Cf}/u);
    const json = JSON.parse((await cli("unassigned", "--json")).stdout);
    assert.deepEqual([json.held, json.parked, json.more], [3, 1, false]);
  });

  it("GET /unassigned: in pages", async () => {
    const keys: string[] = [];
    for (let after: string | null = ""; after !== null;) {
      const { text } = await ask(`/unassigned?limit=1&after=${encodeURIComponent(after)}`);
      const page: { wanted: { key: string }[]; after: string | null } = JSON.parse(text);
      keys.push(...page.wanted.map(({ key }) => key));
      after = page.after;
    }
    const connection = "connection:1293384261075731499";
    assert.deepEqual(keys, [connection, "id:it's\u202e", `number:${nobodys}`]);
    for (const limit of ["0", "1001", "x"]) {
      assert.equal((await ask(`/unassigned?limit=${limit}`)).status, 400);
    }
  });

  it("explain: a body, with what calls have taught", async () => {
    await send("taught", incoming(acme, "leg-3"));
    await scene.folder.write(
      "of-call.json",
      new TextDecoder().decode(
        bodyOf("later", { call_leg_id: "leg-3" }, "call.recording.saved"),
      ),
    );
    const { code, stdout, stderr } = await cli("explain", "of-call.json");
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^call\.recording\.saved {2}voice {2}inbound {2}id later /);
    assert.match(stdout, /call_leg_id:leg-3 {2}acme, inbound, named \d+s ago\n +→ acme$/m);
    assert.match(stdout, /^acme {2}by call_leg_id leg-3 {2}into its window$/m);
    const { decided_by, owners } = JSON.parse(
      (await cli("explain", "of-call.json", "--json")).stdout,
    );
    assert.equal(decided_by, "daemon");
    assert.equal(owners[0].tenant, "acme");
    assert.equal(received("later").length, 0);
  });

  it("explain: by the config alone where no daemon runs, and says so", async () => {
    const { path: cwd } = scene.folder;
    const { code, stdout } = await runCli(["explain", "of-call.json"], { cwd });
    assert.equal(code, 0);
    assert.match(stdout, /^No daemon: what calls have taught is not known here/);
    assert.match(stdout, /call_leg_id:leg-3 {2}nothing known/);
    assert.match(stdout, /^nobody: it waits for its call .*\nafter that {2}nobody: .*unknown/m);
    const named = await runCli(["explain", "of-call.json", "--admin", "http://127.0.0.1:1"], {
      cwd,
    });
    assert.equal(named.code, 1);
  });

  it("explain: assumes a path and a content type", async () => {
    const form = "CallSid=c1&From=%2B14155550123&To=%2B18005559876&CallStatus=ringing";
    const type = "application/x-www-form-urlencoded";
    const { text } = await ask("/explain?path=/webhooks/@acme/", form, { "content-type": type });
    const { path, channel, owners } = JSON.parse(text);
    assert.deepEqual([path, channel, owners[0].matched], ["/webhooks/@acme", "voice", acme]);
    const parked = await cli("explain", "aggregator.yaml");
    assert.match(parked.stdout, /^It would be parked/);
    assert.equal((await ask("/explain?signed_by=acme", form)).status, 400);
    assert.equal((await ask("/explain", "x".repeat(70_000))).status, 413);
  });

  it("explain --id: what became of an event, and what would now", async () => {
    const owned = await cli("explain", "--id", "taught", "--utc");
    assert.match(owned.stdout, /^state +owned\nowner +acme {2}by phone_number \+18005559876/m);
    assert.match(owned.stdout, /^received +\d{4}-.*Z, \d+ bytes$/m);
    const held = await cli("explain", "--id", "first");
    assert.match(
      held.stdout,
      /^state +held\nheld for +nobody: nobody owns anything that it names/m,
    );
    assert.match(held.stdout, /^It names what the config could give.*\n {2}number:\+18005550100/m);
    const none = await cli("explain", "--id", "nothing");
    assert.equal(none.code, 1);
    assert.match(none.stderr, /no such event among the newest/);
  });

  it("GET /events/{id}/raw: the bytes as they came, to be saved", async () => {
    const { status, headers, text } = await ask("/events/first/raw");
    assert.equal(status, 200);
    assert.equal(text, new TextDecoder().decode(bodyOf("first", incoming(nobodys, "leg-1"))));
    assert.equal(headers.get("content-type"), "application/json");
    assert.equal(headers.get("content-disposition"), 'attachment; filename="event-first.json"');
    assert.equal((await ask("/events/nothing/raw")).status, 404);
  });

  it("release: one event, then all that name a number", async () => {
    const one = await cli("release", "first", "--to", "acme", "--json");
    assert.deepEqual(JSON.parse(one.stdout), { status: "released", count: 1 });
    await arrival("first", "acme");
    const rest = await cli("release", "+1 (800) 555-0100", "--to", "globex");
    assert.equal(rest.stdout, "Released to globex: 1 event\n");
    await arrival("second", "globex");
    assert.equal(received("first").length, 1);
    const none = await cli("release", nobodys, "--to", "globex");
    assert.equal(none.code, 1);
    assert.match(none.stderr, /nothing is held there/);
  });

  it("release: what an operator gave teaches whose the call is", async () => {
    await send("of call", { call_leg_id: "leg-1" }, "call.recording.saved");
    await arrival("of call", "acme");
  });

  it("release: states a fact without a number", () => {
    const facts = scene.daemon.facts.filter(({ fact }) => fact === "events.released");
    assert.deepEqual(facts.map(({ by, count }) => [by, count]), [["operator", 1], ["operator", 1]]);
    assert.doesNotMatch(JSON.stringify(scene.daemon.facts), /8005550100/);
  });

  it("POST /unassigned/release: says what is wrong with an order", async () => {
    const wrong: readonly (readonly [object, number, RegExp])[] = [
      [{ key: "connection:1293384261075731499", to: "nobody" }, 404, /no such tenant/],
      [{ key: "connection:1293384261075731499" }, 400, /the tenant is missing: write \{/],
      [{ to: "acme" }, 400, /what to release is missing/],
      [{ key: "a", id: "b", to: "acme" }, 400, /only one of/],
      [{ kex: "a", to: "acme" }, 400, /a field too many/],
      [{ key: 1, to: "acme" }, 400, /key must be text/],
      [{ number: "8005550100", to: "acme" }, 400, /number has no country code/],
      [{ number: "+1800*", to: "acme" }, 400, /not a prefix/],
      [[], 400, /must be a JSON object/],
    ];
    for (const [order, status, message] of wrong) {
      const answer = await release(order);
      assert.equal(answer.status, status, answer.text);
      assert.match(JSON.parse(answer.text).error, message);
    }
    assert.equal((await ask("/unassigned/release", "{")).status, 400);
  });

  it("unassigned: what another tenant had waits for an operator's word", async () => {
    const { folder, daemon } = scene;
    const loaded = () => daemon.facts.filter(({ fact }) => fact === "config.loaded").length;
    const save = async (number?: string) => {
      const before = loaded();
      await folder.write("aggregator.yaml", configWith(scene, number));
      await eventually("the config is in force", () => loaded() > before);
    };
    await save();
    await eventually("nobody owns it", async () => {
      const body = bodyOf("asked", incoming(globex, "leg-9"));
      return JSON.parse((await ask("/explain", body)).text).held === "unknown";
    });
    await send("recycled", incoming(globex, "leg-4"));
    const { stdout } = await eventually("its former owner is known", async () => {
      const listed = await cli("unassigned");
      return listed.stdout.includes("globex") ? listed : undefined;
    });
    assert.match(stdout, /^\+18005551111 +1 +\d+s +\d+s +globex$/m);
    assert.match(stdout, /^ {2}aggregator release \+18005551111 --to globex$/m);
    assert.doesNotMatch(stdout, /phone_numbers:/);
    const given = await cli("release", globex, "--to", "acme");
    assert.equal(given.code, 0, given.stderr);
    await arrival("recycled", "acme");
  });
});
