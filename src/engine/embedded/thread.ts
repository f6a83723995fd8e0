/**
 * The log's thread, as seen from outside. It does one commit at a time; what is asked meanwhile
 * gathers and shares the next one, so that a disk that syncs a hundred times a second still
 * records thousands of events.
 *
 *     append ┐
 *     seal   ├─▶ gathered ─▶ one message ─▶ thread: one transaction, one sync ─▶ answers
 *     settle ┘
 */
import { setImmediate } from "node:timers";
import { Worker } from "node:worker_threads";
import { AggregatorError, type ErrorCode } from "../../errors.ts";
import type { LaneState } from "../handout.ts";
import type { LogOptions } from "./meta.ts";
import { type Answers, type Op, pack, type Reply, type Request } from "./ops.ts";

/** Entries and other operations in one transaction: beyond it the next ones would wait too long. */
const weightMax = 1_000;

/** The thread, and what is asked of it. */
export interface Thread {
  readonly stream: string;
  /** The lanes as they were found. */
  readonly lanes: readonly LaneState[];
  /** Resolves when it is done and durable. Rejects when it was not done, or nobody knows. */
  ask<K extends Op["do"]>(op: Extract<Op, { do: K }>): Promise<Answers[K]>;
  /** Resolves when everything asked before is done and the log is closed. */
  close(): Promise<void>;
  /** Aborts when the thread ends without having been told to. */
  readonly broken: AbortSignal;
}

/** Something asked of the thread, and who waits for it. */
interface Asked {
  readonly op: Op;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

const weightOf = ({ op }: Asked) => op.do === "append" ? op.entries.length : 1;

/** Takes what fits into one transaction, at least one. */
function takeSome(gathered: Asked[]): readonly Asked[] {
  let weight = 0;
  const end = gathered.findIndex((asked, index) => {
    weight += weightOf(asked);
    return index > 0 && weight > weightMax;
  });
  return gathered.splice(0, end === -1 ? gathered.length : end);
}

function answer(asked: readonly Asked[], { results }: Extract<Reply, { is: "done" }>): void {
  for (const [index, { resolve, reject }] of asked.entries()) {
    const result = results[index];
    if (result !== undefined && "value" in result) resolve(result.value);
    else reject(new AggregatorError("store", `Cannot use the log: ${result?.error}`));
  }
}

/** Shares commits among everybody who asks. Bounded by them: each waits for its answer. */
function createCommits(post: (request: Request) => void) {
  const gathered: Asked[] = [];
  let committing: readonly Asked[] = [];
  let refusal: Error | undefined;
  let closing = false;

  function send(taken: readonly Asked[]): void {
    committing = taken;
    try {
      post(pack(taken.map(({ op }) => op)));
    } catch (error) {
      committing = [];
      for (const { reject } of taken) reject(error as Error);
    }
  }

  function commit(): void {
    while (committing.length === 0 && gathered.length > 0) send(takeSome(gathered));
    if (committing.length === 0 && closing) post("close");
  }

  return {
    ask(asked: Asked): void {
      if (refusal !== undefined) return asked.reject(refusal);
      gathered.push(asked);
      commit();
    },
    done(reply: Extract<Reply, { is: "done" }>): void {
      answer(committing, reply);
      // Whoever was answered asks again at once: in the same commit, not in every other one.
      setImmediate(() => {
        committing = [];
        commit();
      });
    },
    close(): void {
      refusal ??= new AggregatorError("store", "Cannot use the log: it is closed");
      closing = true;
      commit();
    },
    /** Nobody waits for an answer that will not come. */
    fail(error: Error): void {
      refusal ??= error;
      for (const { reject } of [...committing, ...gathered.splice(0)]) reject(error);
      committing = [];
    },
  };
}

/** Without the program's own loaders, such as those of tests: it needs none, and starts sooner. */
function startWorker(options: LogOptions): Worker {
  const url = new URL("./worker.ts", import.meta.url);
  return new Worker(url, { workerData: options, execArgv: [] });
}

const transferOf = (request: Request) => request === "close" ? [] : [request.block.buffer];

/** Starts the thread; `changed` hears of every commit before anybody learns of it. */
export async function openThread(
  options: LogOptions,
  changed: (lanes: readonly LaneState[]) => void,
): Promise<Thread> {
  const opened = Promise.withResolvers<Extract<Reply, { is: "opened" }>>();
  const exited = Promise.withResolvers<void>();
  const broken = new AbortController();
  let closing = false;
  const worker = startWorker(options);
  const commits = createCommits((request) => worker.postMessage(request, transferOf(request)));

  function ended(why: string): void {
    const error = new AggregatorError("store", `The log's thread ended: ${why}`);
    opened.reject(error);
    commits.fail(error);
    if (!closing) broken.abort(error);
  }

  function heard(reply: Reply): void {
    switch (reply.is) {
      case "opened":
        return opened.resolve(reply);
      case "failed":
        return opened.reject(new AggregatorError(reply.code as ErrorCode, reply.message));
      case "closed":
        return void worker.terminate();
      case "done":
        changed(reply.lanes);
        commits.done(reply);
    }
  }

  worker.on("message", heard);
  worker.on("messageerror", (error) => ended(error.message));
  worker.on("error", (error: Error) => ended(error.message));
  worker.on("exit", (code) => {
    ended(`exit code ${code}`);
    exited.resolve();
  });

  try {
    const { stream, lanes } = await opened.promise;
    return {
      stream,
      lanes,
      broken: broken.signal,
      ask: (op) =>
        new Promise((resolve, reject) =>
          commits.ask({ op, resolve: resolve as (answer: unknown) => void, reject })
        ),
      async close() {
        if (!closing) {
          closing = true;
          commits.close();
        }
        await exited.promise;
      },
    };
  } catch (error) {
    await worker.terminate();
    throw error;
  }
}
