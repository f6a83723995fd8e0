/**
 * A number moves from one tenant to another while calls and messages are under way: what began
 * with its first owner ends there, what begins later is the second's, and what came in between,
 * when nobody had it, is nobody's until an operator says whose.
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
import { ask, number, tenantOf, verified } from "../pipeline/shared.ts";
import { temporaryFolder } from "../support/folder.ts";
import { delivered } from "./delivered.ts";
import { connections, flows, numbers, type Told } from "./flows.ts";

const [inbound, , , , , , , , , faxes] = flows;

/** The part of a config that ownership goes by. */
function configOf(owner: string | undefined): Config {
  const moving = [number(numbers.acme)];
  const all = ["acme", "beta"].map((id) => tenantOf(id, id === owner ? { numbers: moving } : {}));
  const gamma = tenantOf("gamma", { connectionIds: [connections.gamma] });
  const tenants = new Map([...all, gamma].map((tenant) => [tenant.id, tenant]));
  const directory = buildDirectory(tenants.values());
  const unassigned = { holdMs: 72 * 3_600_000 };
  return { tenants, directory, unassigned } as unknown as Config;
}

async function adopted(engine: Engine, config: Config): Promise<void> {
  const signal = new AbortController().signal;
  const ownership = ownershipOf(config);
  const options = { engine, signal, config: () => config, ownership: () => ownership };
  await adopt(config, { ...options, state: () => {} });
}

async function arrive(engine: Engine, { body }: Told, config: Config): Promise<void> {
  const asked = ask(body, { receivedAt: Date.now() });
  await engine.append([entryOf(verified(asked), ownershipOf(config))]);
}

/** Calls to the number that moves, as they are while it is acme's. */
const calls = (name: string) => inbound?.(name) ?? [];

interface Turn {
  readonly flow: number;
}

/** Flows that take turns, and where among the turns the number is lost and found again. */
const played = fc.record({
  flows: fc.integer({ min: 1, max: 4 }),
  turns: fc.array(fc.record({ flow: fc.nat(3) }), { minLength: 10, maxLength: 40 }),
  lost: fc.nat(40),
  found: fc.nat(40),
});

/** Plays a flow's events in their order, as its turns come. */
function* inTurn(told: readonly (readonly Told[])[], turns: readonly Turn[]) {
  const next = told.map(() => 0);
  for (const { flow } of turns) {
    const one = told[flow % told.length]?.[next[flow % told.length] ?? 0];
    next[flow % told.length] = (next[flow % told.length] ?? 0) + 1;
    yield { flow: flow % told.length, told: one };
  }
}

const configs = { acme: configOf("acme"), nobody: configOf(undefined), beta: configOf("beta") };

async function play(
  engine: Engine,
  { flows: count, turns, lost, found }: typeof played extends fc.Arbitrary<infer T> ? T : never,
): Promise<Record<string, string[]>> {
  const told = Array.from({ length: count }, (_, flow) => calls(`f${flow}`));
  const truth: Record<string, string[]> = {};
  const owners = new Map<number, keyof typeof configs>();
  let config: keyof typeof configs = "acme";
  await adopted(engine, configs.acme);
  for (const [at, turn] of [...inTurn(told, turns)].entries()) {
    const now = at < lost ? "acme" : at < lost + found ? "nobody" : "beta";
    if (now !== config) await adopted(engine, configs[config = now]);
    if (turn.told === undefined) continue;
    const owner = owners.get(turn.flow) ?? now;
    owners.set(turn.flow, owner);
    await arrive(engine, turn.told, configs[now]);
    if (owner !== "nobody") (truth[owner] ??= []).push(turn.told.id);
  }
  for (const ids of Object.values(truth)) ids.sort();
  return truth;
}

describe("a number that moves", () => {
  it("keeps calls under way where they began, and gives nobody what came in between", async () => {
    await fc.assert(
      fc.asyncProperty(played, async (game) => {
        await using engine = await openMemoryEngine();
        const truth = await play(engine, game);
        const given = await delivered(engine);
        assert.deepEqual(given["acme"] ?? [], truth["acme"] ?? []);
        assert.deepEqual(given["beta"] ?? [], truth["beta"] ?? []);
      }),
      { numRuns: 200 },
    );
  });

  it("is remembered over a restart with another config", async () => {
    await using folder = await temporaryFolder();
    const path = folder.file("log.db");
    const [first, second] = [calls("one"), faxes?.("two") ?? []];
    {
      await using engine = await openEmbeddedEngine({ path });
      await adopted(engine, configs.acme);
      for (const told of first.slice(0, 2)) await arrive(engine, told, configs.acme);
      await adopted(engine, configs.nobody);
      for (const told of calls("gap")) await arrive(engine, told, configs.nobody);
    }
    await using engine = await openEmbeddedEngine({ path });
    await adopted(engine, configs.beta);
    for (const told of [...first, ...calls("three")]) await arrive(engine, told, configs.beta);
    for (const told of second) await arrive(engine, told, configs.beta);
    const given = await delivered(engine);
    assert.deepEqual(given["acme"], first.map(({ id }) => id).sort());
    assert.deepEqual(given["beta"], calls("three").map(({ id }) => id).sort());
    const [wanted] = (await engine.wanted("number:", 10)).filter(({ key }) =>
      key === `number:${numbers.acme}`
    );
    assert.deepEqual(wanted?.former, ["acme"]);
    assert.equal(await engine.release({ wanted: `number:${numbers.acme}` }, "beta", 100), 4);
    const released = await delivered(engine);
    assert.deepEqual(released["beta"], calls("gap").map(({ id }) => id).sort());
  });

  it("is its new owner's from then on, even while its old one is remembered", async () => {
    await using engine = await openMemoryEngine();
    for (const name of ["acme", "beta"] as const) await adopted(engine, configs[name]);
    // The first to come says nothing of its direction, and waits for the one that does.
    for (const told of calls("late").toReversed()) await arrive(engine, told, configs.beta);
    const given = await delivered(engine);
    assert.deepEqual(given["beta"], calls("late").map(({ id }) => id).sort());
  });
});
