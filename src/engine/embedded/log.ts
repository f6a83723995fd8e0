/**
 * The log: the durable, ordered events and everything that follows from them, in one SQLite file.
 * Synchronous, and meant for a thread of its own: see `worker.ts`.
 */
import type { DatabaseSync } from "node:sqlite";
import { messageOf } from "../../errors.ts";
import type { LaneState } from "../handout.ts";
import type { EventTable } from "../tables.ts";
import { ulid } from "../ulid.ts";
import { createRecorder } from "../recorder.ts";
import { createBatches } from "./batches.ts";
import { openBelongings } from "./belongings.ts";
import { openCalls } from "./calls.ts";
import { openClock, setByClock } from "./clock.ts";
import { countsOf } from "./counts.ts";
import { openEvents, openSeen } from "./events.ts";
import { lockStore, openDatabase } from "./file.ts";
import { openHalts } from "./halts.ts";
import { openHeld } from "./held.ts";
import { type Lanes, openLanes } from "./lanes.ts";
import { openLetters } from "./letters.ts";
import { checkSeed, createMeta, type LogOptions } from "./meta.ts";
import type { Answers, Op, Result } from "./ops.ts";
import { openPauses } from "./pauses.ts";
import { createPrune } from "./prune.ts";
import { openReplays } from "./replays.ts";
import { openSecretVersions } from "./secret-versions.ts";
import { createStored } from "./stored.ts";
import { openStory } from "./story.ts";
import { createTransaction } from "./transaction.ts";
import { openUrls } from "./urls.ts";

/** One open log; nobody else can open it. */
export interface Log extends Disposable {
  readonly stream: string;
  lanes(): LaneState[];
  /**
   * Does these in one transaction, durable when it returns. One that cannot be done is undone
   * alone; where the commit itself fails, all of them are.
   */
  commit(ops: readonly Op[]): Result[];
  /** The lanes that the last commit changed. */
  changes(): LaneState[];
}

/** What each operation does. */
type Does = {
  readonly [K in Op["do"]]: (op: Extract<Op, { do: K }>) => Answers[K] | void;
};

/** Batches, and how delivering them stands. */
function openStanding(database: DatabaseSync, lanes: Lanes, events: EventTable, stream: string) {
  const urls = openUrls(database);
  const pauses = openPauses(database, lanes);
  const halts = openHalts(database);
  const letters = openLetters(database);
  return {
    urls,
    pauses,
    halts,
    letters,
    batches: createBatches(database, lanes, events, stream, {
      putUrl: (lane, url) => urls.put(lane.id, url),
      gone: pauses.gone,
    }),
    clock: openClock(database, lanes, halts),
    replay: openReplays(database, lanes, letters, events),
    secretVersion: openSecretVersions(database),
    story: openStory(database),
  };
}

/** The parts of a log that share its connection. */
function openParts(database: DatabaseSync, stream: string) {
  const lanes = openLanes(database);
  const calls = openCalls(database);
  const held = openHeld(database);
  const belongings = openBelongings(database);
  const events = openEvents(database);
  const seen = openSeen(database);
  return {
    lanes,
    calls,
    held,
    belongings,
    ...createRecorder({ seen, events, held, calls, belongings, lanes }),
    ...openStanding(database, lanes, events, stream),
    prune: createPrune(database),
    stored: createStored(database),
  };
}

type Parts = ReturnType<typeof openParts>;

/** Says what to do for each operation. */
function createPerform(database: DatabaseSync, parts: Parts, stream: string) {
  const { append, batches, belongings, held, lanes, owning, prune, stored, unassigned } = parts;
  const { clock, halts, letters, pauses, replay, secretVersion, story, urls } = parts;
  const findRaw = database.prepare("SELECT raw FROM event WHERE seq = ?");
  const does: Does = {
    append: ({ entries }) => entries.map(append),
    seal: ({ lane, cut }) => batches.seal(lanes.of(lane), cut),
    settle: ({ lane, settling }) => batches.settle(lanes.of(lane), settling),
    members: ({ lane, batch }) => story.members(lanes.of(lane), batch),
    urls: ({ lane }) => urls.of(lanes.of(lane).id),
    halts: ({ lane }) => halts.of(lanes.of(lane).id),
    halt: ({ lane, is }) => halts.set(lanes.of(lane).id, is, Date.now()),
    pause: ({ tenant }) => pauses.pause(tenant),
    resume: ({ tenant }) => pauses.resume(tenant),
    hurry: ({ tenant }) => clock.hurry(tenant),
    clockSet: ({ byMs, at }) => clock.set(Math.round(byMs), Math.round(at)),
    replay: ({ what, dryRun }) => replay(what, dryRun),
    dead: ({ what, limit, after }) => letters.list(what, limit, after),
    story: ({ batch }) => story.of(batch),
    secretVersions: ({ wanted }) => wanted.map((one) => secretVersion(one.tenant, one.version)),
    unsettled: ({ lane }) => batches.unsettled(lanes.of(lane)),
    bytes: ({ lane, batch }) => batches.bytes(lanes.of(lane), batch),
    counts: () => countsOf(database, lanes, stream),
    raw: ({ event }) => findRaw.get(event)?.["raw"] as Uint8Array | undefined,
    prune: ({ before, limit }) => prune(before, limit),
    configure: ({ rules }) => unassigned.configure(rules),
    belongings: () => belongings.digests(),
    had: ({ tenant }) => belongings.of(tenant),
    lose: ({ tenant, keys, channels, until }) => belongings.lose(tenant, keys, channels, until),
    regain: ({ tenant, keys, channels }) => belongings.regain(tenant, keys, channels),
    belong: ({ to, until }) => to.forEach((one) => belongings.put(one, until)),
    wanted: ({ after, limit }) => unassigned.wanted(after, limit),
    naming: ({ keys }) => unassigned.naming(keys),
    held: ({ refs }) => unassigned.held(refs),
    reclaim: ({ claims }) => unassigned.reclaim(claims),
    release: ({ which, to, limit }) => unassigned.release(which, to, limit),
    tend: ({ now, expire }) => unassigned.tend(now, expire),
    postpone: ({ until }) => held.postpone(until),
    known: ({ keys }) => keys.map((key) => owning.known(key) ?? null),
    find: ({ id, limit }) => stored.find(id, limit),
  };
  return (op: Op): unknown => (does[op.do] as (of: Op) => unknown)(op);
}

/** Does one so that it leaves no trace if it fails, and does not undo what is around it. */
function createAttempt(database: DatabaseSync, parts: Parts, perform: (op: Op) => unknown) {
  const { lanes, calls } = parts;
  const begin = database.prepare("SAVEPOINT op");
  const release = database.prepare("RELEASE op");
  const undo = database.prepare("ROLLBACK TO op");
  return function attempt(op: Op): Result {
    const [laneChanges, callChanges] = [lanes.revision(), calls.changes()];
    begin.run();
    try {
      const value = perform(op);
      calls.write();
      release.run();
      return { value };
    } catch (error) {
      // SQLite ends the transaction by itself after some errors, a full disk among them.
      if (!database.isTransaction) throw error;
      undo.run();
      release.run();
      calls.undo(callChanges);
      if (lanes.revision() !== laneChanges) lanes.recover();
      return { error: messageOf(error) };
    }
  };
}

/**
 * Does operations so that one that fails does not undo the others. That has a price, and hardly
 * ever one fails: so they are done without it first, and with it where that did not succeed.
 */
function createCommit(database: DatabaseSync, parts: Parts, perform: (op: Op) => unknown) {
  const { lanes, calls } = parts;
  const inTransaction = createTransaction(database);
  const attempt = createAttempt(database, parts, perform);

  let isDone = false;

  function all(ops: readonly Op[]): Result[] {
    isDone = false;
    const results = ops.map((op) => {
      const value = perform(op);
      calls.write();
      return { value };
    });
    isDone = true;
    return results;
  }

  /** Where it failed it is as if it had not been tried. */
  function tried(work: () => Result[]): { readonly results: Result[] } | { readonly why: string } {
    try {
      const results = inTransaction(work);
      calls.committed();
      return { results };
    } catch (error) {
      calls.undo(0);
      lanes.recover();
      return { why: messageOf(error) };
    }
  }

  return function commit(ops: readonly Op[]): Result[] {
    const first = tried(() => all(ops));
    if ("results" in first) return first.results;
    const failed = ({ why }: { readonly why: string }) => ops.map(() => ({ error: why }));
    // Where all were done it was the disk: nobody knows what is on it, and it is left at that.
    if (ops.length === 1 || isDone) return failed(first);
    const second = tried(() => ops.map(attempt));
    return "results" in second ? second.results : failed(second);
  };
}

/** Opens the log, or makes it. Throws `store_in_use`, `signing_key` or `store`. */
export function openLog(options: LogOptions): Log {
  using opening = new DisposableStack();
  opening.use(lockStore(options.path));
  const database = openDatabase(options.path);
  opening.defer(() => database.close());
  const meta = createMeta(database);
  checkSeed(database, meta, options);
  const stream = meta.get("stream") ?? meta.put("stream", ulid(Date.now()));
  createTransaction(database)(() => setByClock(database, Date.now()));
  const parts = openParts(database, stream);
  const { lanes } = parts;
  const perform = createPerform(database, parts, stream);
  const open = opening.move();
  return {
    stream,
    lanes: lanes.states,
    changes: lanes.changes,
    commit: createCommit(database, parts, perform),
    [Symbol.dispose]: () => open.dispose(),
  };
}
