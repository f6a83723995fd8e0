/**
 * The benchmark's sender: signs its webhooks beforehand, then sends them over so many keep-alive
 * connections, each waiting for its answer, and says what came of it. Raw sockets, so that the
 * load costs as little as possible of the machine that both sides share.
 *
 *     stdin: one JSON line with the task, then "go"    stdout: "ready", then one JSON line
 */
import { Buffer } from "node:buffer";
import { writeFileSync } from "node:fs";
import net from "node:net";
import process from "node:process";
import { createInterface } from "node:readline";
import { createSamples, type Sample, type Samples } from "../../src/telnyx/sample.ts";
import { createSigner, signedHeaders, type Signer } from "../../src/telnyx/signer.ts";

/** What to send. */
export interface LoadTask {
  readonly port: number;
  readonly seed: string;
  readonly numbers: readonly [string, ...string[]];
  readonly count: number;
  readonly connections: number;
  /** Where the ids of the acknowledged events are written, each with its number. */
  readonly ledger: string;
}

/** What came of it. */
export interface LoadResult {
  readonly seconds: number;
  readonly answers: Readonly<Record<string, number>>;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly bodyBytes: number;
}

interface Prepared {
  readonly id: string;
  readonly number: string;
  readonly request: Buffer;
  readonly bytes: number;
}

/** Calls as they go on beside each other, and messages and faxes: six in ten are calls' events. */
function* mixed(samples: Samples): Generator<Sample, never, undefined> {
  const voice: Sample[] = [];
  const others: Sample[] = [];
  const isVoice = ({ type }: Sample) => type.startsWith("call.");
  for (let index = 0;; index++) {
    const queue = index % 5 < 3 ? voice : others;
    while (queue.length === 0) {
      const sample = samples.next();
      // What has no id of its own cannot be told apart in the ledger.
      if (sample.id !== undefined) (isVoice(sample) ? voice : others).push(sample);
    }
    const [next] = queue.splice(0, 1);
    if (next !== undefined) yield next;
  }
}

function prepare(task: LoadTask, signer: Signer, sample: Sample): Prepared {
  const headers = signedHeaders(signer, sample.body, Math.floor(Date.now() / 1_000));
  const head = [
    "POST /webhooks/ingest HTTP/1.1",
    `host: 127.0.0.1:${task.port}`,
    "content-type: application/json",
    `content-length: ${sample.body.byteLength}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  const request = Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`), sample.body]);
  return { id: sample.id ?? "", number: sample.number, request, bytes: sample.body.byteLength };
}

/** Sends one after the other over one connection, until nothing is left. */
function runConnection(
  port: number,
  next: () => Prepared | undefined,
  answered: (sent: Prepared, status: string, ms: number) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ port, host: "127.0.0.1", noDelay: true });
    let current: Prepared | undefined;
    let sentAt = 0;
    let pending = "";
    const send = () => {
      current = next();
      if (current === undefined) {
        socket.end();
        return;
      }
      sentAt = performance.now();
      socket.write(current.request);
    };
    socket.on("connect", send);
    socket.on("data", (piece: Buffer) => {
      pending += piece.toString("latin1");
      const end = pending.indexOf("\r\n\r\n");
      if (end < 0 || current === undefined) return;
      const length = Number(/content-length: (\d+)/i.exec(pending)?.[1] ?? 0);
      if (pending.length < end + 4 + length) return;
      const status = pending.slice(9, 12);
      pending = "";
      answered(current, status, performance.now() - sentAt);
      send();
    });
    socket.on("close", () => resolve());
    socket.on("error", reject);
  });
}

async function run(task: LoadTask, prepared: readonly Prepared[]): Promise<LoadResult> {
  const answers: Record<string, number> = {};
  const times = new Float64Array(prepared.length);
  const acknowledged: string[] = [];
  let sent = 0;
  let done = 0;
  const startedAt = performance.now();
  const connection = () =>
    runConnection(task.port, () => prepared[sent++], ({ id, number }, status, ms) => {
      times[done++] = ms;
      answers[status] = (answers[status] ?? 0) + 1;
      if (status === "200") acknowledged.push(`${id} ${number}`);
    });
  await Promise.all(Array.from({ length: task.connections }, connection));
  const seconds = (performance.now() - startedAt) / 1_000;
  writeFileSync(task.ledger, acknowledged.join("\n"));
  const sorted = times.subarray(0, done).sort();
  const at = (share: number) => sorted[Math.floor(share * (done - 1))] ?? 0;
  const bodyBytes = prepared.reduce((sum, { bytes }) => sum + bytes, 0) / prepared.length;
  return { seconds, answers, p50Ms: at(0.5), p99Ms: at(0.99), bodyBytes };
}

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const task: LoadTask = JSON.parse(String((await lines.next()).value));
const signer = createSigner(Buffer.from(task.seed, "base64"));
const samples = mixed(createSamples({ numbers: task.numbers }));
const prepared = Array.from(
  { length: task.count },
  () => prepare(task, signer, samples.next().value),
);
console.log("ready");
await lines.next();
console.log(JSON.stringify(await run(task, prepared)));
process.exit(0);
