/**
 * The log's own thread: SQLite's calls wait for the disk, and the event loop never does. It takes
 * one request at a time and answers in the same order. An error outside a transaction ends the
 * thread, and with it the daemon.
 */
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { AggregatorError, messageOf } from "../../errors.ts";
import { createPresence } from "./file.ts";
import { type Log, openLog } from "./log.ts";
import { type Reply, type Request, unpack } from "./ops.ts";

/** How often it is made sure that the file is still there: a commit to a removed one is lost. */
const presenceMs = 1_000;

function serve(log: Log, port: MessagePort): void {
  const assertPresent = createPresence(workerData.path);
  let lookedAt = performance.now();
  port.on("message", (request: Request) => {
    if (request === "close") {
      log[Symbol.dispose]();
      port.postMessage({ is: "closed" } satisfies Reply);
      return;
    }
    if (performance.now() - lookedAt > presenceMs) {
      lookedAt = performance.now();
      assertPresent();
    }
    const results = log.commit(unpack(request));
    port.postMessage({ is: "done", results, lanes: log.changes() } satisfies Reply);
  });
  port.postMessage({ is: "opened", stream: log.stream, lanes: log.lanes() } satisfies Reply);
}

function start(port: MessagePort): void {
  try {
    serve(openLog(workerData), port);
  } catch (error) {
    const told = error instanceof AggregatorError ? error : new AggregatorError(
      "store",
      `Cannot open "${workerData.path}": ${messageOf(error)}`,
    );
    const { code, message } = told;
    port.postMessage({ is: "failed", code, message } satisfies Reply);
  }
}

if (parentPort !== null && typeof workerData?.path === "string") start(parentPort);
