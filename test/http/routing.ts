/** The routes about what was sent, asked without a listener, and an engine to look at. */
import assert from "node:assert/strict";
import type { LiveConfig } from "../../src/config.ts";
import { openLiveConfig } from "../../src/config/live.ts";
import type { Engine } from "../../src/engine.ts";
import { openMemoryEngine } from "../../src/engine/memory.ts";
import { matchPath, type Route } from "../../src/http/admin.ts";
import { batchRoutes } from "../../src/http/routes/batches.ts";
import { deadRoutes } from "../../src/http/routes/dead.ts";
import { createReplays, replayRoutes } from "../../src/http/routes/replays.ts";
import type { Lane } from "../../src/lane.ts";
import type { Fact } from "../../src/telemetry.ts";
import { attempt, dead, seal } from "../engine/shared.ts";
import { configText } from "../support/daemon.ts";
import { temporaryFolder } from "../support/folder.ts";
import { createTelnyx } from "../support/telnyx.ts";

/** What a route answered. */
export interface Asked {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** An engine behind routes. */
export interface Routing extends AsyncDisposable {
  readonly engine: Engine;
  readonly facts: readonly Fact[];
  ask(method: Route["method"], path: string): Promise<Asked>;
}

async function openLive(stack: AsyncDisposableStack): Promise<LiveConfig> {
  const folder = stack.use(await temporaryFolder());
  using telnyx = createTelnyx();
  const tenant = { id: "acme", number: "+18005559876", url: "http://127.0.0.1:1/" };
  await folder.write("aggregator.yaml", configText(telnyx.publicKey, [tenant]));
  const path = folder.file("aggregator.yaml");
  return stack.use(await openLiveConfig({ path, env: {}, state: () => {} }));
}

/** One tenant of the config, `acme`, and whoever else the engine knows. */
export async function openRouting(): Promise<Routing> {
  await using stack = new AsyncDisposableStack();
  const live = await openLive(stack);
  const engine = stack.use(await openMemoryEngine());
  const facts: Fact[] = [];
  const replays = createReplays(engine, (fact) => void facts.push(fact));
  const routes = [
    ...batchRoutes({ engine, replays }),
    ...deadRoutes({ live, engine }),
    ...replayRoutes({ live, engine, replays }),
  ];
  const opened = stack.move();
  return {
    engine,
    facts,
    async ask(method, path) {
      const url = new URL(path, "http://admin");
      for (const route of routes.filter((one) => one.method === method)) {
        const parameters = matchPath(route.path, url.pathname);
        if (parameters === undefined) continue;
        const asked = { parameters, query: url.searchParams, body: new Uint8Array() };
        const reply = await route.answer(asked);
        assert.ok("body" in reply);
        return { status: reply.status, body: JSON.parse(JSON.stringify(reply.body)) };
      }
      throw new Error("There is no such route");
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** Seals so many and gives them up, with an answer that says why. */
export async function giveUp(lane: Lane, eventsMax: number): Promise<string> {
  const { id } = await seal(lane, { eventsMax });
  const answered = { ...attempt(1), status: 503, answer: "not today" };
  await lane.settle(id, answered, { as: "again" });
  await lane.settle(id, { ...attempt(2), error: "timeout" }, dead());
  return id;
}

/** Seals so many and delivers them. */
export async function deliver(lane: Lane, eventsMax: number): Promise<string> {
  const { id } = await seal(lane, { eventsMax });
  await lane.settle(id, { ...attempt(1), status: 200 }, { as: "accepted" });
  return id;
}
