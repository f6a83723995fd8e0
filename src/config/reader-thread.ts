/** The thread that reads one large config and hands it over piece by piece, as it is asked to. */
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { remembered } from "./notes.ts";
import { piecesOf } from "./pieces.ts";
import type { ReadRequest } from "./reader.ts";
import { readNow } from "./reading.ts";
import { diskWith } from "./surroundings.ts";

async function serve(port: MessagePort, { path, source, stateFolder }: ReadRequest) {
  const from = "env" in source ? diskWith(source.env) : remembered(source.notes);
  const pieces = readNow(path, from, stateFolder).then(piecesOf);
  port.on("message", async () => port.postMessage((await pieces).next().value));
}

if (parentPort !== null && typeof workerData?.path === "string") serve(parentPort, workerData);
