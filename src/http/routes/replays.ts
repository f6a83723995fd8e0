/**
 * Replays: settled events sent again in new batches, in small steps between which webhooks are
 * recorded. One replay runs at a time; counting what one would be is always possible.
 */
import type { Replayed, Selection } from "../../delivery.ts";
import type { Engine } from "../../engine.ts";
import type { State } from "../../telemetry.ts";
import type { Route } from "../admin.ts";
import { readQuery } from "../query.ts";
import { failed, ok, type Reply } from "../reply.ts";
import { selected, selecting, type SelectionOptions } from "./selection.ts";

/** More than any log takes: each does some thousands of events. */
const stepsMax = 100_000;

/** What a replay came to, or would. */
export type Sum = Pick<Replayed, "events" | "tenants" | "missing">;

/** Counts replays, and does them one at a time. */
export interface Replays {
  /** All of what a replay would do, as of now. */
  count(what: Selection): Promise<Sum>;
  /** Does all of it; undefined: another one runs. What was done before an error stays done. */
  run(what: Selection): Promise<Sum | undefined>;
}

async function* stepsOf(engine: Pick<Engine, "replay">, what: Selection, dryRun: boolean) {
  let left: Selection | undefined = what;
  for (let step = 0; step < stepsMax && left !== undefined; step++) {
    const done: Replayed = await engine.replay(left, dryRun);
    yield done;
    left = done.next;
  }
}

/** Replays of this engine; each that moved something is a fact. */
export function createReplays(engine: Pick<Engine, "replay">, state: State): Replays {
  let runs = false;

  async function count(what: Selection): Promise<Sum> {
    let sum: Sum = { events: 0, tenants: 0, missing: 0 };
    for await (const { events, tenants, missing } of stepsOf(engine, what, true)) {
      sum = {
        events: sum.events + events,
        // Whose they are a step tells for itself only: most are counted in one.
        tenants: Math.max(sum.tenants, tenants),
        missing: sum.missing + missing,
      };
    }
    return sum;
  }

  async function moveAll(what: Selection): Promise<Sum> {
    // Beforehand, since the steps of one replay cannot tell how many tenants they had in common.
    const counted = await count(what);
    let [events, missing] = [0, 0];
    try {
      for await (const step of stepsOf(engine, what, false)) {
        events += step.events;
        missing += step.missing;
      }
    } finally {
      if (events > 0) state({ is: "events.replayed", count: events, tenants: counted.tenants });
    }
    return { events, tenants: events > 0 ? counted.tenants : 0, missing };
  }

  return {
    count,
    async run(what) {
      if (runs) return undefined;
      runs = true;
      try {
        return await moveAll(what);
      } finally {
        runs = false;
      }
    },
  };
}

/** Counts or does it, and answers what came of it. */
export async function answerReplay(
  replays: Replays,
  what: Selection,
  dryRun: boolean,
): Promise<Reply> {
  const sum = dryRun ? await replays.count(what) : await replays.run(what);
  if (sum === undefined) return failed(409, "another replay is under way: ask again when it ends");
  const { events, tenants, missing } = sum;
  return ok({ events, tenants, missing, dry_run: dryRun });
}

/** What this route looks at. */
export interface ReplayRoutesOptions extends SelectionOptions {
  readonly replays: Replays;
}

async function replayMany(options: ReplayRoutesOptions, asked: URLSearchParams): Promise<Reply> {
  const query = readQuery(asked, [...selecting, "delivered", "dry_run"]);
  const [delivered, dryRun] = [query.flag("delivered"), query.flag("dry_run")];
  const selection = await selected(query, options);
  if ("reply" in selection) return selection.reply;
  const { what } = selection;
  if (delivered && what.since === undefined) {
    return failed(400, "since is missing: delivered needs the time from which on it is meant");
  }
  return answerReplay(options.replays, delivered ? { ...what, delivered } : what, dryRun);
}

/** `POST /dead/replay`. */
export function replayRoutes(options: ReplayRoutesOptions): readonly Route[] {
  return [
    {
      method: "POST",
      path: "/dead/replay",
      needs: "token",
      answer: ({ query }) => replayMany(options, query),
    },
  ];
}
