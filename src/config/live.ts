/**
 * The config in force. Saving the file is enough; a file with any problem changes nothing.
 *
 *     stirred or every 1.5 s ─▶ changed? ─┐
 *                       reload on demand ─┴▶ act
 *
 *     act:  same as in force → unchanged │ any problem → refused, told once │ else → in force
 *
 * What is in force is kept for the next start, but only once the daemon is known to start with it:
 * one that fails to start, or finds another running, must not replace what that one goes by.
 */
import { dirname, relative, resolve } from "node:path";
import {
  type Config,
  describeProblem,
  type LiveConfig,
  type Problem,
  type ReloadOutcome,
} from "../config.ts";
import { messageOf } from "../errors.ts";
import { signal } from "../flow/signal.ts";
import { sleep } from "../flow/sleep.ts";
import type { State } from "../telemetry.ts";
import { stateFolderOf } from "./build.ts";
import { objectionsTo } from "./changes.ts";
import { keepLastGood } from "./last-good.ts";
import type { LoadOptions } from "./load.ts";
import type { Asked } from "./notes.ts";
import type { Reading, Taken } from "./reading.ts";
import { createSources, settleMs, type Sources } from "./sources.ts";
import { type Start, startConfig } from "./start.ts";
import { diskWith } from "./surroundings.ts";
import { openWatch, type Watch } from "./watch.ts";

/** With the time to settle and read, a change is in force within 2 s even if watching fails. */
const pollMs = 1_500;
/** How to open a live config. */
export interface LiveOptions extends LoadOptions {
  readonly state: State;
  /** Do not fall back to the last good config. */
  readonly strict?: boolean;
}

interface Keeper extends Omit<LiveConfig, typeof Symbol.asyncDispose> {
  /** Acts on what is on the disk, if it differs from the last time and stands still. */
  look(signal: AbortSignal): Promise<void>;
  /** Resolves when nothing is being read or written any more. */
  idle(): Promise<void>;
}

interface Circumstances {
  readonly stateFolder: string;
  readonly sources: Sources;
  readonly state: State;
  follow(asked: Asked): void;
}

/** Folders whose stirring may mean a change: the file's own, and others below it. */
function foldersOf(path: string, { files, patterns }: Asked): readonly string[] {
  const own = dirname(path);
  const named = [...Object.keys(files), ...patterns].map((one) => dirname(one));
  return [own, ...named.filter((folder) => !relative(own, folder).startsWith(".."))];
}

/** Runs one task after the other. */
function oneByOne(): <T>(task: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const next = last.then(task, task);
    last = next.catch(() => undefined);
    return next;
  };
}

/** Keeps what it is given once it has begun; until then nothing. */
function keeping(stateFolder: string) {
  let begun = false;
  let problems: readonly Problem[] = [];
  return {
    problems: () => problems,
    begin: () => begun = true,
    /** What could not be kept is a problem to tell, but the config is in force. */
    async keep({ kept }: Taken): Promise<void> {
      problems = [];
      if (!begun) return;
      try {
        await keepLastGood(stateFolder, kept);
      } catch (error) {
        const why = "cannot be written, a start with a broken file would find an older one: ";
        problems = [{ file: "last-good.json", message: why + messageOf(error) }];
      }
    },
  };
}

/** What is wrong at present. The same broken content is told once, until it was good again. */
function standing({ disk, problems: first }: Start, state: State) {
  let problems = first;
  let told = first.length > 0 ? disk.fingerprint : undefined;
  return {
    list: () => problems,
    refuse(found: readonly Problem[], { fingerprint }: Taken, asked: boolean): ReloadOutcome {
      if (asked || told !== fingerprint) {
        state({ is: "config.refused", problems: found.map(describeProblem) });
      }
      [problems, told] = [found, fingerprint];
      return { is: "refused", problems };
    },
    /** Says whether the file before was a broken one. */
    clear(): boolean {
      const wasBroken = told !== undefined;
      [problems, told] = [[], undefined];
      return wasBroken;
    },
  };
}

function keepConfig(start: Start, at: Circumstances): Keeper {
  const { sources, state, stateFolder } = at;
  const inTurn = oneByOne();
  const adopted = signal();
  const wrong = standing(start, state);
  const kept = keeping(stateFolder);
  let config = start.sound.config;
  let inForce = start.from;
  let seen = start.disk;

  const adopt = async (next: Config): Promise<ReloadOutcome> => {
    [config, inForce] = [next, seen];
    wrong.clear();
    stateLoaded(config, state);
    adopted.raise();
    await kept.keep(inForce);
    return { is: "loaded", config: next };
  };

  const remain = async (asked: boolean): Promise<ReloadOutcome> => {
    const wasBroken = wrong.clear();
    if (asked || wasBroken) state({ is: "config.unchanged" });
    await kept.keep(inForce);
    return { is: "unchanged" };
  };

  /** `asked`: somebody waits for the outcome and is told it, also where it is nothing new. */
  const act = async ({ taken, parsed }: Reading, asked: boolean): Promise<ReloadOutcome> => {
    seen = taken;
    at.follow(seen.asked);
    if (seen.fingerprint === inForce.fingerprint) return remain(asked);
    if ("problems" in parsed) return wrong.refuse(parsed.problems, seen, asked);
    const objections = objectionsTo(parsed, config);
    return objections.length > 0 ? wrong.refuse(objections, seen, asked) : adopt(parsed.config);
  };

  const idle = () => inTurn(async () => {});

  // Outside its turn while it waits, so that a reload on demand never waits for it.
  const look = async (end: AbortSignal): Promise<void> => {
    await idle();
    const before = seen;
    const reading = await sources.changed(before, end);
    if (reading === undefined) return;
    await inTurn(async () => {
      if (seen === before) await act(reading, false);
    });
  };

  return {
    get current() {
      return config;
    },
    get problems() {
      return [...wrong.list(), ...kept.problems()];
    },
    reload: () => inTurn(async () => act(await sources.now(), true)),
    keep: () =>
      inTurn(async () => {
        kept.begin();
        await kept.keep(inForce);
      }),
    look,
    idle,
    async changed(than, end) {
      while (config === than && !end.aborted) await adopted.next(end);
    },
  };
}

function stateLoaded(config: Config, state: State): void {
  const { directory: { numbers }, tenants } = config;
  state({ is: "config.loaded", tenants: tenants.size, numbers });
}

async function keepLooking(keeper: Keeper, watch: Watch, end: AbortSignal): Promise<void> {
  while (!end.aborted) {
    await watch.stirred(pollMs, end);
    if (!end.aborted) await keeper.look(end);
    // A folder that never rests must not make us read all the time.
    await sleep(settleMs, end);
  }
}

/**
 * Loads the config and keeps it up to date until disposed; writes nothing before `keep`. Throws
 * `AggregatorError` with every problem where there is no good config, now or before.
 */
export async function openLiveConfig(options: LiveOptions): Promise<LiveConfig> {
  const { env, state, strict = false } = options;
  const path = resolve(options.path);
  const disk = diskWith(env);
  const stateFolder = stateFolderOf(path, disk.env);
  const start = await startConfig(path, disk, stateFolder, strict);
  const problems = start.problems.map(describeProblem);
  if (problems.length === 0) stateLoaded(start.sound.config, state);
  else state({ is: "config.fell_back", problems });

  const watch = openWatch((why) => state({ is: "config.unwatched", why }));
  const follow = (asked: Asked) => watch.follow(foldersOf(path, asked));
  follow(start.disk.asked);
  const sources = createSources(path, disk, stateFolder);
  const keeper = keepConfig(start, { stateFolder, sources, state, follow });
  const end = new AbortController();
  const looking = keepLooking(keeper, watch, end.signal);
  return Object.assign(keeper, {
    async [Symbol.asyncDispose]() {
      end.abort();
      await looking;
      await keeper.idle();
      await watch[Symbol.asyncDispose]();
    },
  });
}
