/**
 * Reads a config without holding up whoever answers webhooks meanwhile: a small one where it is
 * asked for, which is over sooner than a thread starts, a large one in a thread of its own, which
 * ends with the reading and gives its memory back.
 *
 *     thread:  read ▸ parse ▸ check ─slices of a few ms, one at a time─▶ joined ▸ directory
 */
import { once } from "node:events";
import { basename } from "node:path";
import { Worker } from "node:worker_threads";
import { messageOf } from "../errors.ts";
import { fingerprintOf, rationed } from "./notes.ts";
import { joined, type Piece } from "./pieces.ts";
import { type Reading, readNow } from "./reading.ts";
import type { Source, Surroundings } from "./surroundings.ts";
import { yamlBytesMax } from "./yaml.ts";

/** Of all files together; so much takes about 30 ms to parse and check. */
const charactersHereMax = 64 * 1024;

/** What the thread is to read. */
export interface ReadRequest {
  readonly path: string;
  readonly source: Source;
  readonly stateFolder: string;
}

/** Rejects when the thread ends, however it does. */
async function endOf(worker: Worker): Promise<never> {
  const [code] = await once(worker, "exit");
  throw new Error(`exit code ${code}`);
}

/**
 * Asks for one piece after the other: several waiting messages would be unpacked in one go. Rejects
 * when the thread ends before the last.
 */
async function* piecesFrom(worker: Worker): AsyncGenerator<Piece> {
  const end = endOf(worker);
  end.catch(() => {});
  for (;;) {
    const message = once(worker, "message");
    worker.postMessage("next");
    const [piece]: Piece[] = await Promise.race([message, end]);
    if (piece === undefined || piece.is === "end") return;
    yield piece;
  }
}

async function readInThread(request: ReadRequest, signal: AbortSignal): Promise<Reading> {
  signal.throwIfAborted();
  const worker = new Worker(new URL("./reader-thread.ts", import.meta.url), {
    workerData: request,
  });
  const end = () => void worker.terminate();
  signal.addEventListener("abort", end);
  try {
    return await joined(piecesFrom(worker));
  } finally {
    signal.removeEventListener("abort", end);
    await worker.terminate();
  }
}

/** As if the file had said nothing; it is tried again when it changes. */
async function unread(path: string, from: Surroundings, why: string): Promise<Reading> {
  const asked = { files: { [path]: yamlBytesMax }, patterns: [], variables: [] };
  const fingerprint = await fingerprintOf(asked, from);
  const message = `was not read to its end: the thread that does it ended (${why}): reload again`;
  const problems = [{ file: basename(path), message }];
  return { taken: { asked, fingerprint, kept: new Uint8Array() }, parsed: { problems } };
}

/** Reads everything once. Never rejects: also a reading that `signal` ends has a problem then. */
export async function readConfig(
  path: string,
  from: Surroundings,
  stateFolder: string,
  signal: AbortSignal = new AbortController().signal,
): Promise<Reading> {
  const some = rationed(from, charactersHereMax);
  const here = await readNow(path, some, stateFolder);
  if (!some.exceeded()) return here;
  try {
    return await readInThread({ path, source: from.source, stateFolder }, signal);
  } catch (error) {
    return await unread(path, from, messageOf(error));
  }
}
