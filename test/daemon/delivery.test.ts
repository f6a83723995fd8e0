/** The main job, end to end: every tenant gets exactly its events, each once, as they were sent. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import type { Sample } from "../../src/telnyx/sample.ts";
import { configText, spawnDaemon } from "../support/daemon.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryFolder } from "../support/folder.ts";
import { createTelnyx, type Telnyx } from "../support/telnyx.ts";
import { batchIn, openTenant, type TenantBackend } from "../support/tenant.ts";

const numbers = { north: "+18005550101", south: "+18005550102", west: "+18005550103" } as const;
const names = ["north", "south", "west"] as const;
const eventsCount = 10_000;
const connections = 64;
const duplicatesShare = 0.05;

interface Sent {
  readonly sample: Sample;
  readonly first: string;
  readonly again: string | undefined;
}

/** Sends samples over so many connections at once, some of them twice. */
async function sendAll(telnyx: Telnyx, address: string): Promise<Sent[]> {
  const samples = telnyx.samples(numbers.north, numbers.south, numbers.west);
  const sent: Sent[] = [];
  let left = eventsCount;
  async function sendOneByOne(): Promise<void> {
    while (left > 0) {
      left -= 1;
      const sample = samples.next();
      const twice = left % Math.round(1 / duplicatesShare) === 0;
      const [first, again] = await Promise.all([
        telnyx.send(address, sample),
        twice ? telnyx.send(address, sample) : undefined,
      ]);
      for (const answer of [first, again]) {
        if (answer !== undefined) assert.equal(answer.status, 200, answer.error ?? answer.body);
      }
      sent.push({ sample, first: first.body, again: again?.body });
    }
  }
  await Promise.all(Array.from({ length: connections }, sendOneByOne));
  return sent;
}

/** The texts of a batch's events, cut out of its bytes. */
function eventTexts(body: Buffer): string[] {
  const { events } = JSON.parse(body.toString("utf8"));
  const text = body.toString("utf8");
  let at = text.indexOf('"events":[') + '"events":['.length;
  return events.map((event: unknown) => {
    // The bytes of one event end where its JSON is complete.
    const length = lengthOfJson(text, at);
    const cut = text.slice(at, at + length);
    assert.deepEqual(JSON.parse(cut), event);
    at += length + 1;
    return cut;
  });
}

function lengthOfJson(text: string, from: number): number {
  let depth = 0;
  let inString = false;
  for (let at = from; at < text.length; at++) {
    const character = text[at];
    if (inString) {
      if (character === "\\") at += 1;
      else if (character === '"') inString = false;
      continue;
    }
    if (character === '"') inString = true;
    else if (character === "{") depth += 1;
    else if (character === "}" && --depth === 0) return at - from + 1;
  }
  throw new Error("The JSON text is not complete");
}

/** What a tenant got, as texts of events. */
function textsOf(tenant: TenantBackend): string[] {
  return tenant.received.flatMap(({ body }) => eventTexts(body));
}

/** What follows a call's beginning is matched by its call. */
const isNumber = (matched: string) => names.some((id) => numbers[id] === matched);

function assertSequences(tenant: TenantBackend): void {
  const batches = tenant.received.map(batchIn);
  assert.deepEqual(batches.map(({ sequence }) => sequence), batches.map((_, index) => index + 1));
  const previous = [null, ...batches.map(({ id }) => id).slice(0, -1)];
  assert.deepEqual(batches.map(({ previous_id }) => previous_id), previous);
}

describe("the daemon under load", () => {
  it("gives three tenants exactly their events, each once, byte for byte", async () => {
    await using folder = await temporaryFolder();
    using telnyx = createTelnyx(connections);
    await using north = await openTenant();
    await using south = await openTenant();
    await using west = await openTenant();
    const backends = { north, south, west } as const;
    const tenants = names.map((id) => ({ id, number: numbers[id], url: backends[id].url }));
    const top = ["defaults: { window: { max_wait: 1s } }"];
    await folder.write("aggregator.yaml", configText(telnyx.publicKey, tenants, top));
    await using daemon = await spawnDaemon({ config: folder.file("aggregator.yaml") });

    const sent = await sendAll(telnyx, daemon.address);
    const repeated = sent.filter(({ again }) => again !== undefined);
    assert.ok(repeated.length >= eventsCount * duplicatesShare * 0.9);
    for (const { first, again } of repeated) {
      const statuses = [first, again ?? ""].map((body) => JSON.parse(body).status).sort();
      assert.deepEqual(statuses, ["duplicate", "queued"]);
    }

    const arrived = () => names.reduce((sum, id) => sum + textsOf(backends[id]).length, 0);
    await eventually("every event arrives", () => arrived() >= sent.length, 60_000);
    for (const id of names) {
      const own = sent.filter(({ sample }) => sample.number === numbers[id]);
      const json = own.filter(({ sample }) => sample.contentType === "application/json");
      const expected = json.map(({ sample }) => Buffer.from(sample.body).toString("utf8"));
      const got = textsOf(backends[id]);
      const isForm = (text: string) => text.startsWith('{"AccountSid"') || !text.includes('"data"');
      assert.deepEqual(got.filter((text) => !isForm(text)).sort(), expected.sort());
      assert.equal(got.length, own.length, "forms included");
      const strangers = backends[id].received.flatMap((request) => batchIn(request).routing)
        .filter(({ matched }) => matched !== numbers[id] && isNumber(matched));
      assert.deepEqual(strangers, []);
      assertSequences(backends[id]);
    }
  });
});
