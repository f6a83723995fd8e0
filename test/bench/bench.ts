/**
 * `npm run bench`: the real daemon on loopback, with everything on, beside a reference server in
 * the same run. Prints a table, then the same as JSON; ends with 1 if an acknowledged event did
 * not arrive exactly once, at its own tenant.
 */
import { Buffer } from "node:buffer";
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { publicKeyOf } from "../../src/telnyx/signature.ts";
import type { LoadResult, LoadTask } from "./load.ts";
import { cpuSecondsOf, memoryMibOf } from "./measure.ts";

const { values } = parseArgs({
  options: {
    events: { type: "string", default: "40000" },
    connections: { type: "string", default: "64,256" },
  },
});
const events = Number(values.events);
/** Sent before anything is measured, to both: until then it is the compiler that is measured. */
const warmUpEvents = 40_000;
const fileOf = (name: string) => new URL(name, import.meta.url).pathname;
const tenants = ["north", "south", "west"] as const;
const numberOf = { north: "+18005550101", south: "+18005550102", west: "+18005550103" } as const;
const seed = randomBytes(32);
const publicKey = Buffer.from(publicKeyOf(seed)).toString("base64");
const folder = mkdtempSync(join(tmpdir(), "aggregator-bench-"));

interface Received {
  readonly bodies: Buffer[];
  readonly port: number;
}

/** A tenant that receives everything and looks at it later. */
async function openReceiver(): Promise<Received> {
  const bodies: Buffer[] = [];
  const server = createServer((request, response) => {
    const pieces: Uint8Array[] = [];
    request.on("data", (piece: Uint8Array) => pieces.push(piece));
    request.on("end", () => {
      bodies.push(Buffer.concat(pieces));
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref();
  const address = server.address();
  return { bodies, port: typeof address === "object" && address !== null ? address.port : 0 };
}

async function* linesOf(child: ChildProcess): AsyncGenerator<string> {
  if (child.stdout === null) return;
  for await (const line of createInterface({ input: child.stdout })) yield line;
}

interface Running {
  readonly child: ChildProcess;
  readonly port: number;
}

/** Starts a process and reads its port from the first line that tells it. */
async function start(args: readonly string[], portOf: (line: string) => number): Promise<Running> {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const lines = linesOf(child);
  for (;;) {
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`${args[0]} ended`);
    const port = portOf(value);
    if (port === 0) continue;
    // Its output goes on being read, or the pipe would fill.
    (async () => {
      for await (const _ of lines);
    })();
    return { child, port };
  }
}

const startReference = () => start([fileOf("./reference.ts"), publicKey], (line) => Number(line));

async function startDaemon(name: string, receivers: readonly Received[]): Promise<Running> {
  const path = join(folder, `${name}.yaml`);
  const list = tenants.map((tenant, index) =>
    `  ${tenant}:\n    phone_numbers: ["${numberOf[tenant]}"]\n` +
    `    callback_url: http://127.0.0.1:${receivers[index]?.port}/telnyx\n`
  );
  writeFileSync(
    path,
    `listen: 127.0.0.1:0\nadmin: { listen: ["127.0.0.1:0"] }\n` +
      `telnyx: { public_keys: ["${publicKey}"] }\nstore: { path: ${name}/log.db }\n` +
      `callbacks: { allow_private: [127.0.0.1/32] }\ntenants:\n${list.join("")}`,
  );
  return await start([fileOf("../../src/cli.ts"), "run", "--config", path], (line) => {
    const fact = JSON.parse(line);
    return fact.fact === "daemon.ready" ? Number(new URL(fact.listen).port) : 0;
  });
}

/** Sends so many webhooks; the ids of those that were acknowledged are in the ledger then. */
async function load(
  port: number,
  connections: number,
  count: number,
  ledger: string,
): Promise<LoadResult> {
  const child = spawn(process.execPath, [fileOf("./load.ts")], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const numbers = [numberOf.north, numberOf.south, numberOf.west] as const;
  const task: LoadTask = {
    port,
    seed: seed.toString("base64"),
    numbers,
    count,
    connections,
    ledger,
  };
  const lines = linesOf(child);
  child.stdin?.write(`${JSON.stringify(task)}\n`);
  await lines.next();
  child.stdin?.write("go\n");
  return JSON.parse(String((await lines.next()).value));
}

/** What is wrong with what arrived, compared with what was acknowledged. */
function checkArrivals(ledger: string, receivers: readonly Received[]) {
  const owners = new Map(tenants.map((tenant): [string, string] => [numberOf[tenant], tenant]));
  const expected = new Map(
    readFileSync(ledger, "utf8").split("\n").map((line) => {
      const [id = "", number = ""] = line.split(" ");
      return [id, owners.get(number)] as const;
    }),
  );
  const seen = new Map<string, number>();
  let strangers = 0;
  let batches = 0;
  for (const [index, { bodies }] of receivers.entries()) {
    for (const body of bodies) {
      batches += 1;
      for (const { id } of JSON.parse(body.toString()).routing) {
        seen.set(id, (seen.get(id) ?? 0) + 1);
        if (expected.get(id) !== tenants[index]) strangers += 1;
      }
    }
  }
  const lost = [...expected.keys()].filter((id) => !seen.has(id)).length;
  const twice = [...seen.values()].filter((count) => count > 1).length;
  return { lost, twice, strangers, eventsPerBatch: seen.size / Math.max(batches, 1) };
}

async function untilArrived(receivers: readonly Received[], count: number): Promise<void> {
  const arrived = () =>
    receivers.flatMap(({ bodies }) => bodies).reduce(
      (sum, body) => sum + Number(/"count":(\d+)/.exec(body.toString("latin1", 0, 600))?.[1]),
      0,
    );
  for (let tries = 0; arrived() < count && tries < 600; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function stop({ child }: Running): Promise<void> {
  child.kill("SIGTERM");
  await new Promise((resolve) => child.once("exit", resolve));
}

async function measure(connections: number) {
  const ledger = join(folder, `ledger-${connections}`);
  const reference = await startReference();
  await load(reference.port, connections, warmUpEvents, ledger);
  const limit = await load(reference.port, connections, events, ledger);
  await stop(reference);

  const receivers = await Promise.all(tenants.map(openReceiver));
  const daemon = await startDaemon(`daemon-${connections}`, receivers);
  const pid = daemon.child.pid ?? 0;
  const warmUp = await load(daemon.port, connections, warmUpEvents, `${ledger}-warm-up`);
  await untilArrived(receivers, warmUp.answers["200"] ?? 0);
  for (const { bodies } of receivers) bodies.length = 0;
  const before = cpuSecondsOf(pid);
  const result = await load(daemon.port, connections, events, ledger);
  const acknowledged = result.answers["200"] ?? 0;
  await untilArrived(receivers, acknowledged);
  const cpuSeconds = cpuSecondsOf(pid) - before;
  const memoryMib = memoryMibOf(pid);
  await stop(daemon);
  const perSecond = acknowledged / result.seconds;
  const referencePerSecond = (limit.answers["200"] ?? 0) / limit.seconds;
  return {
    connections,
    sent: events,
    answers: result.answers,
    bodyBytes: Math.round(result.bodyBytes),
    perSecond: Math.round(perSecond),
    referencePerSecond: Math.round(referencePerSecond),
    ratio: Number((perSecond / referencePerSecond).toFixed(3)),
    p50Ms: Number(result.p50Ms.toFixed(2)),
    p99Ms: Number(result.p99Ms.toFixed(2)),
    referenceP99Ms: Number(limit.p99Ms.toFixed(2)),
    cpuMicrosPerEvent: Math.round(cpuSeconds * 1e6 / events),
    memoryMib: Math.round(memoryMib),
    ...checkArrivals(ledger, receivers),
  };
}

try {
  const results = [];
  for (const connections of values.connections.split(",")) {
    results.push(await measure(Number(connections)));
  }
  console.table(results.map(({ answers: _, ...row }) => row));
  console.log(JSON.stringify({ node: process.version, results }));
  const wrong = results.some(({ lost, twice, strangers }) => lost + twice + strangers > 0);
  process.exitCode = wrong ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
