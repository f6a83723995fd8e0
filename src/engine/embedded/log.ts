/**
 * The log: the durable, ordered events and everything that follows from them, in one SQLite file.
 * Synchronous, and meant for a thread of its own: see `worker.ts`.
 */
import type { DatabaseSync } from "node:sqlite";
import { AggregatorError, messageOf } from "../../errors.ts";
import type { LaneState } from "../handout.ts";
import { ulid } from "../ulid.ts";
import { createAppend } from "./append.ts";
import { createBatches } from "./batches.ts";
import { countsOf } from "./counts.ts";
import { lockStore, openDatabase } from "./file.ts";
import { type Lanes, openLanes } from "./lanes.ts";
import type { Op, Result } from "./ops.ts";
import { createPrune } from "./prune.ts";
import { transaction } from "./transaction.ts";

/** Where the log is, and who it belongs to. */
export interface LogOptions {
  readonly path: string;
  /** Of the seed that batches are signed with; a log that has delivered keeps to one. */
  readonly signingFingerprint?: string;
  /** Takes this seed for the log's own, whatever it has delivered under. */
  readonly adoptSigningKey?: boolean;
}

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

/** Names and values that describe the log itself. */
function createMeta(database: DatabaseSync) {
  const find = database.prepare("SELECT value FROM meta WHERE name = ?");
  const put = database.prepare(
    "INSERT INTO meta(name, value) VALUES (?, ?) ON CONFLICT(name) DO UPDATE " +
      "SET value = excluded.value",
  );
  return {
    get(name: string): string | undefined {
      const value = find.get(name)?.["value"];
      return typeof value === "string" ? value : undefined;
    },
    put(name: string, value: string): string {
      put.run(name, value);
      return value;
    },
  };
}

type Meta = ReturnType<typeof createMeta>;

function checkSeed(database: DatabaseSync, meta: Meta, options: LogOptions): void {
  const { path, signingFingerprint, adoptSigningKey = false } = options;
  const known = meta.get("signing");
  if (signingFingerprint === undefined || signingFingerprint === known) return;
  const delivered = database.prepare("SELECT 1 FROM tenant WHERE delivered_at IS NOT NULL LIMIT 1");
  if (known !== undefined && !adoptSigningKey && delivered.get() !== undefined) {
    throw new AggregatorError(
      "signing_key",
      `Cannot open "${path}": what it has delivered was signed with another key: restore the ` +
        "signing key, or make new keys with: aggregator key --new",
    );
  }
  meta.put("signing", signingFingerprint);
}

/** Numbers for events: increasing, and none is given twice even if its event is long pruned. */
function createSequence(database: DatabaseSync): () => number {
  let last = Number(database.prepare("SELECT max(seq) AS n FROM event").get()?.["n"] ?? 0);
  return () => ++last;
}

/** Says what to do for each operation. */
function createPerform(database: DatabaseSync, lanes: Lanes, stream: string) {
  const append = createAppend(database, lanes, createSequence(database));
  const batches = createBatches(database, lanes, stream);
  const prune = createPrune(database);
  const findRaw = database.prepare("SELECT raw FROM event WHERE seq = ?");
  return function perform(op: Op): unknown {
    switch (op.do) {
      case "append":
        return op.entries.map(append);
      case "seal":
        return batches.seal(lanes.of(op.lane), op.cut);
      case "settle":
        return batches.settle(lanes.of(op.lane), op.batch, op.attempt, op.settlement);
      case "unsettled":
        return batches.unsettled(lanes.of(op.lane));
      case "bytes":
        return batches.bytes(lanes.of(op.lane), op.batch);
      case "counts":
        return countsOf(database, lanes, stream);
      case "raw":
        return findRaw.get(op.event)?.["raw"];
      case "prune":
        return prune(op.before, op.limit);
    }
  };
}

/** Does operations so that one that fails leaves no trace and does not undo the others. */
function createCommit(database: DatabaseSync, lanes: Lanes, perform: (op: Op) => unknown) {
  const begin = database.prepare("SAVEPOINT op");
  const release = database.prepare("RELEASE op");
  const undo = database.prepare("ROLLBACK TO op");

  function attempt(op: Op): Result {
    const before = lanes.revision();
    begin.run();
    try {
      const value = perform(op);
      release.run();
      return { value };
    } catch (error) {
      // SQLite ends the transaction by itself after some errors, a full disk among them.
      if (!database.isTransaction) throw error;
      undo.run();
      release.run();
      if (lanes.revision() !== before) lanes.recover();
      return { error: messageOf(error) };
    }
  }

  return function commit(ops: readonly Op[]): Result[] {
    try {
      return transaction(database, () => ops.map(attempt));
    } catch (error) {
      lanes.recover();
      const why = { error: messageOf(error) };
      return ops.map(() => why);
    }
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
  const lanes = openLanes(database);
  const perform = createPerform(database, lanes, stream);
  const open = opening.move();
  return {
    stream,
    lanes: lanes.states,
    changes: lanes.changes,
    commit: createCommit(database, lanes, perform),
    [Symbol.dispose]: () => open.dispose(),
  };
}
