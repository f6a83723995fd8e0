/**
 * Both engines come to the same, whatever arrives, whatever is reloaded, tended or given away in
 * between, and however often the one on disk is opened again.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Config } from "../../src/config.ts";
import { buildDirectory } from "../../src/directory.ts";
import type { Engine } from "../../src/engine.ts";
import { openEmbeddedEngine } from "../../src/engine/embedded.ts";
import { openMemoryEngine } from "../../src/engine/memory.ts";
import { ownershipOf } from "../../src/ownership/claims.ts";
import { adopt } from "../../src/pipeline/adopt.ts";
import { entryOf } from "../../src/pipeline/classify.ts";
import type { Tenant } from "../../src/tenant.ts";
import { given } from "../engine/asked.ts";
import { ask, number, tenantOf, verified } from "../pipeline/shared.ts";
import { temporaryFolder } from "../support/folder.ts";
import { connections, flows, numbers } from "./flows.ts";

const owning = (id: string, ...owned: readonly string[]) =>
  tenantOf(id, { numbers: owned.map((one) => number(one)) });
const gamma = tenantOf("gamma", { connectionIds: [connections.gamma] });
const keys = [new Uint8Array(32)];

function configOf(...all: readonly Tenant[]): Config {
  const tenants = new Map(all.map((tenant) => [tenant.id, tenant]));
  const unassigned = { holdMs: 72 * 3_600_000 };
  return { tenants, directory: buildDirectory(all), unassigned } as unknown as Config;
}

const { acme, beta } = numbers;
const configs = [
  configOf(owning("acme", acme), owning("beta", beta), gamma),
  configOf(owning("acme", acme), owning("beta"), gamma),
  configOf(owning("acme"), owning("beta", acme, beta)),
  configOf(owning("acme", "+1800555*"), gamma),
  configOf({ ...owning("acme", acme), publicKeys: keys }, owning("beta", beta)),
  configOf({ ...owning("acme", acme), channels: new Set(["voice"]) }, owning("beta", beta)),
];

const told = flows.flatMap((flow, index) => flow(`f${index}`));
/**
 * The time goes on by so much before it is tended: at least by what an engine lets pass before it
 * forgets again, which it does not know any more after it was opened.
 */
const minutes = fc.constantFrom(1, 1_500, 5_000);

const step = fc.oneof(
  { arbitrary: fc.record({ does: fc.constant("arrive" as const), which: fc.nat() }), weight: 12 },
  fc.record({ does: fc.constant("adopt" as const), config: fc.nat(configs.length - 1) }),
  fc.record({ does: fc.constant("tend" as const), minutes, expire: fc.boolean() }),
  fc.record({
    does: fc.constant("release" as const),
    which: fc.nat(),
    to: fc.constantFrom("acme", "beta", "gamma"),
  }),
  fc.record({ does: fc.constant("reopen" as const) }),
);

const played = fc.record({
  events: fc.shuffledSubarray(told, { minLength: 5, maxLength: 40 }),
  steps: fc.array(step, { minLength: 10, maxLength: 60 }),
});
type Game = typeof played extends fc.Arbitrary<infer T> ? T : never;

/** An engine that may be opened again, and the config in force. */
function createPlayer(open: () => Promise<Engine>, events: Game["events"], start: number) {
  let engine: Engine | undefined;
  let config = configOf();
  let now = start;
  const eventAt = (which: number) => events[which % events.length];

  async function adopted(next: Config): Promise<void> {
    config = next;
    engine ??= await open();
    const options = { config: () => next, ownership: () => ownershipOf(next), state: () => {} };
    await adopt(next, { ...options, engine, signal: new AbortController().signal });
  }

  async function reopen(): Promise<void> {
    await engine?.[Symbol.asyncDispose]();
    engine = undefined;
    await adopted(config);
  }

  async function take(one: Game["steps"][number]): Promise<unknown> {
    if (one.does === "reopen") return await reopen();
    if (one.does === "adopt") return await adopted(configs[one.config] ?? config);
    engine ??= await open();
    if (one.does === "tend") {
      return await engine.tend(now += one.minutes * 60_000 + 11_000, one.expire);
    }
    const { id = "", body = {} } = eventAt(one.which) ?? {};
    if (one.does === "release") return await engine.release({ id }, one.to, 10);
    const entry = entryOf(verified(ask(body, { receivedAt: now })), ownershipOf(config));
    return await engine.append([entry]);
  }

  /** Everything that can be seen from outside, but its times. */
  async function all(): Promise<unknown> {
    engine ??= await open();
    const found = [];
    for (const { id } of events) {
      const { state, why, owners } = await engine.find(id, 1_000) ?? {};
      found.push([id, state, why, owners]);
    }
    return [found, await engine.wanted("", 1_000), await given(engine)];
  }

  return { adopted, take, all, close: async () => await engine?.[Symbol.asyncDispose]() };
}

/** What an engine answered, and what became of everything. */
async function play(open: () => Promise<Engine>, { events, steps }: Game, start: number) {
  const player = createPlayer(open, events, start);
  await player.adopted(configs[0] ?? configOf());
  const answers = [];
  for (const one of steps) answers.push(await player.take(one));
  const all = await player.all();
  await player.close();
  return [answers, all];
}

describe("both engines", () => {
  it("come to the same", async () => {
    await fc.assert(
      fc.asyncProperty(played, async (game) => {
        await using folder = await temporaryFolder();
        const start = Date.now();
        const path = folder.file("log.db");
        const onDisk = await play(() => openEmbeddedEngine({ path }), game, start);
        const memory = await openMemoryEngine();
        const lasting = { ...memory, [Symbol.asyncDispose]: () => Promise.resolve() };
        assert.deepEqual(onDisk, await play(() => Promise.resolve(lasting), game, start));
      }),
      { numRuns: 25 },
    );
  });
});
