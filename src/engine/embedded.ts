/**
 * The embedded engine: one node, SQLite is the log, a thread of its own writes it. Here stands
 * what the rest of the program sees of it: lanes handed out, and their batches' bytes.
 */
import type { Belongings, Engine } from "../engine.ts";
import { createFresh } from "./embedded/fresh.ts";
import type { LogOptions } from "./embedded/meta.ts";
import { openThread, type Thread } from "./embedded/thread.ts";
import { createHandout } from "./handout.ts";
import { movedBetween } from "../ownership/recycling.ts";

/** Of what is said before any rule: a thousand years. */
const holdMsMax = 1_000 * 365 * 24 * 60 * 60_000;

/** Keys in one commit: a tenant with 100,000 numbers must not hold up everybody's. */
const keysMax = 2_000;

function* slices<T>(list: readonly T[], size: number): Generator<readonly T[]> {
  for (let start = 0; start < list.length; start += size) yield list.slice(start, start + size);
}

async function belong(thread: Thread, all: readonly Belongings[], until: number): Promise<void> {
  const [to, ...others] = all;
  if (to !== undefined && others.length === 0) await belongAlone(thread, to, until);
  else if (to !== undefined) await thread.ask({ do: "belong", to: all, until });
}

/** In several commits: cut short, it is done again at the next start. */
async function belongAlone(thread: Thread, to: Belongings, until: number): Promise<void> {
  const { tenant } = to;
  const had = await thread.ask({ do: "had", tenant });
  const { lost, narrowed, narrowedBy, gained } = movedBetween(had, to);
  for (const keys of slices(gained, keysMax)) {
    await thread.ask({ do: "regain", tenant, keys, channels: to.channels });
  }
  for (const keys of slices(lost, keysMax)) {
    await thread.ask({ do: "lose", tenant, keys, channels: had.channels, until });
  }
  for (const keys of slices(narrowed, keysMax)) {
    await thread.ask({ do: "lose", tenant, keys, channels: narrowedBy, until });
  }
  await thread.ask({ do: "belong", to: [to], until });
}

/**
 * Opens the log at this path, making it where there is none. Throws `store_in_use` when another
 * daemon holds it, `signing_key` when it has delivered under another seed, and `store` when it
 * cannot be read.
 */
export async function openEmbeddedEngine(options: LogOptions): Promise<Engine> {
  const fresh = createFresh();
  let holdMs = holdMsMax;
  const handout = createHandout({
    unsettled: (lane) => thread.ask({ do: "unsettled", lane }),
    async seal(lane, cut) {
      const sealed = await thread.ask({ do: "seal", lane, cut });
      if (sealed !== undefined) fresh.put(lane, sealed.batch.id, sealed.bytes);
      return sealed?.batch;
    },
    bytes: async (lane, batch) =>
      fresh.take(lane, batch) ?? thread.ask({ do: "bytes", lane, batch }),
    async settle(lane, settling) {
      const settled = await thread.ask({ do: "settle", lane, settling });
      fresh.take(lane, settling.batch);
      return settled;
    },
    members: (lane, batch) => thread.ask({ do: "members", lane, batch }),
    urls: (lane) => thread.ask({ do: "urls", lane }),
    halts: (lane) => thread.ask({ do: "halts", lane }),
    halt: (lane, is) => thread.ask({ do: "halt", lane, is }),
    hurry: (tenant) => thread.ask({ do: "hurry", tenant }),
    resume: (tenant) => thread.ask({ do: "resume", tenant }),
  });
  const thread = await openThread(options, handout.update);
  handout.update(thread.lanes);
  return {
    stream: thread.stream,
    broken: thread.broken,
    append: (entries) => thread.ask({ do: "append", entries }),
    lanes: handout.take,
    counts: () => thread.ask({ do: "counts" }),
    raw: (event) => thread.ask({ do: "raw", event }),
    prune: (before, limit) => thread.ask({ do: "prune", before, limit }),
    async configure(rules) {
      holdMs = rules.holdMs;
      await thread.ask({ do: "configure", rules });
    },
    belongings: async () => new Map(await thread.ask({ do: "belongings" })),
    belong: (to) => belong(thread, to, Date.now() + holdMs),
    wanted: (after, limit) => thread.ask({ do: "wanted", after, limit }),
    naming: (keys) => thread.ask({ do: "naming", keys }),
    held: (refs) => thread.ask({ do: "held", refs }),
    reclaim: (claims) => thread.ask({ do: "reclaim", claims }),
    release: (which, to, limit) => thread.ask({ do: "release", which, to, limit }),
    tend: (now, expire) => thread.ask({ do: "tend", now, expire }),
    postpone: (until) => thread.ask({ do: "postpone", until }),
    async known(keys) {
      return (await thread.ask({ do: "known", keys })).map((known) => known ?? undefined);
    },
    find: (id, limit) => thread.ask({ do: "find", id, limit }),
    pause: (tenant) => thread.ask({ do: "pause", tenant }),
    resume: (tenant) => thread.ask({ do: "resume", tenant }),
    hurry: (tenant) => thread.ask({ do: "hurry", ...(tenant === undefined ? {} : { tenant }) }),
    clockSet: (byMs, at) => thread.ask({ do: "clockSet", byMs, at }),
    replay: (what, dryRun) => thread.ask({ do: "replay", what, dryRun }),
    dead(what, limit, after) {
      return thread.ask({ do: "dead", what, limit, ...(after === undefined ? {} : { after }) });
    },
    story: (batch) => thread.ask({ do: "story", batch }),
    secretVersions: (wanted) => thread.ask({ do: "secretVersions", wanted }),
    async [Symbol.asyncDispose]() {
      handout.close();
      await thread.close();
    },
  };
}
