/**
 * Records events and seals batches until it is killed, and prints what was acknowledged:
 * `event <id>` and `batch <id> <sha256 of its bytes>`.
 */
import { hash } from "node:crypto";
import { writeSync } from "node:fs";
import process from "node:process";
import { openEmbeddedEngine } from "../../src/engine/embedded.ts";
import { append, owner, seal, takeLane } from "../engine/shared.ts";

const [, , path = ""] = process.argv;
const inFlight = 16;
/** Nobody lets it run so long. */
const eventsMax = 100_000;

const engine = await openEmbeddedEngine({ path });
let last = 0;

async function record(): Promise<void> {
  while (last < eventsMax) {
    const id = `e${++last}`;
    await append(engine, { id, owners: [owner("acme")] });
    writeSync(1, `event ${id}\n`);
  }
}

async function sealSome(): Promise<void> {
  const lane = await takeLane(engine);
  for (;;) {
    if (lane.waiting().count === 0) await lane.changed(AbortSignal.timeout(60_000));
    const { id } = await seal(lane, { eventsMax: 7 });
    writeSync(1, `batch ${id} ${hash("sha256", await lane.bytes(id))}\n`);
  }
}

await Promise.all([sealSome(), ...Array.from({ length: inFlight }, record)]);
