/**
 * `node test/run.js test/bench/hanging.ts`: what a healthy tenant notices of others that hang. The
 * real daemon, in a process of its own; one tenant gets events at a steady pace, in each round
 * first alone, then beside others whose servers take every request and never answer; these
 * recover before the next round. Prints the time from the 200 to the arrival at the tenant, in ms.
 * The times are a few ms, and mean something only while the machine does nothing else.
 * Ends with 1 if p99, in the median of the rounds, is more than half as long again beside the
 * others, or if an event was not accepted by its tenant exactly once.
 */
import { once } from "node:events";
import { loadavg } from "node:os";
import process from "node:process";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { sampleKinds, type Samples } from "../../src/telnyx/sample.ts";
import { configText, spawnDaemon } from "../support/daemon.ts";
import { eventually } from "../support/eventually.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/folder.ts";
import { createTelnyx } from "../support/telnyx.ts";
import { batchIn, openTenant } from "../support/tenant.ts";

const { values } = parseArgs({
  options: {
    /** To the healthy tenant, in a second. */
    events: { type: "string", default: "200" },
    /** Of a round, alone and beside the others. */
    seconds: { type: "string", default: "10" },
    rounds: { type: "string", default: "5" },
    /** Those that hang. */
    tenants: { type: "string", default: "200" },
    /** To all of those together, in a second: few, as it is not events that are to be measured. */
    others: { type: "string", default: "40" },
    /** `callIn` is sent at once; `messageIn` waits for its window first. */
    kind: { type: "string", default: "callIn" },
    /** `limits.deliveries` */
    deliveries: { type: "string", default: "1024" },
    /** Of a request; short, so that the others' requests fail and are made again. */
    timeout: { type: "string", default: "4s" },
  },
});
const [perSecond, seconds] = [Number(values.events), Number(values.seconds)];
const [hangingCount, othersPerSecond] = [Number(values.tenants), Number(values.others)];
const kind = sampleKinds.find((known) => known === values.kind) ?? "callIn";
const ratioMax = 1.5;
/** Sent before anything is measured: until then it is the compiler that is measured. */
const warmUpSeconds = 10;

const healthyNumber = "+18005550100";
const [firstNumber, ...furtherNumbers] = Array.from(
  { length: hangingCount },
  (_, index) => `+1800556${String(index).padStart(4, "0")}`,
);
const hangingNumbers = [firstNumber ?? "+18005560000", ...furtherNumbers] as const;

const telnyx = createTelnyx(256);
const healthy = await openTenant();
/** By event: when it was answered 200, and when it was accepted by its tenant. */
const answeredAt = new Map<string, number>();
const arrivals = new Map<string, number[]>();

function arrived(ids: readonly string[]): void {
  const at = performance.now();
  for (const id of ids) arrivals.set(id, [...arrivals.get(id) ?? [], at]);
}

healthy.behave((received) => {
  arrived(batchIn(received).routing.map(({ id }) => id));
  return 200;
});
const hanging = new Worker(new URL("./hung.ts", import.meta.url));
const [hangingUrl] = await once(hanging, "message");
hanging.on("message", arrived);

/** Sends at a steady pace; resolves when everything is answered, with the ids of what was sent. */
async function sendSteadily(
  address: string,
  samples: Samples,
  pace: number,
  forSeconds: number,
): Promise<readonly string[]> {
  const startedAt = performance.now();
  const answers: Promise<void>[] = [];
  const ids: string[] = [];
  for (let sent = 0; sent < pace * forSeconds; sent++) {
    const dueMs = startedAt + sent * 1_000 / pace - performance.now();
    if (dueMs > 0) await new Promise((resolve) => setTimeout(resolve, dueMs));
    const sample = samples.of(kind);
    const id = sample.id ?? "";
    ids.push(id);
    answers.push(
      telnyx.send(address, sample).then(({ status }) => {
        if (status === 200) answeredAt.set(id, performance.now());
      }),
    );
  }
  await Promise.all(answers);
  const refused = ids.filter((id) => !answeredAt.has(id)).length;
  if (refused > 0) throw new Error(`Of ${ids.length} webhooks ${refused} were not answered 200`);
  return ids;
}

interface Measured {
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
}

const sorted = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b);
const shareOf = (numbers: readonly number[], share: number) =>
  Number((sorted(numbers)[Math.floor(share * (numbers.length - 1))] ?? 0).toFixed(2));

/** How long these took, once all have arrived. */
async function measure(ids: readonly string[]): Promise<Measured> {
  await eventually("everything arrives", () => ids.every((id) => arrivals.has(id)));
  const waits = ids.map((id) => (arrivals.get(id)?.[0] ?? 0) - (answeredAt.get(id) ?? 0));
  return { p50: shareOf(waits, 0.5), p99: shareOf(waits, 0.99), most: shareOf(waits, 1) };
}

async function startDaemon(folder: TemporaryFolder) {
  const tenants = hangingNumbers.map((number, index) => ({
    id: `hanging-${index}`,
    number,
    url: String(hangingUrl),
  }));
  const top = [
    `limits: { deliveries: ${values.deliveries} }`,
    `defaults: { delivery: { timeout: ${values.timeout}, retry: { max: 2s } } }`,
  ];
  const all = [{ id: "healthy", number: healthyNumber, url: healthy.url }, ...tenants];
  await folder.write("aggregator.yaml", configText(telnyx.publicKey, all, top));
  return await spawnDaemon({ config: folder.file("aggregator.yaml") });
}

interface Round {
  readonly alone: Measured;
  readonly beside: Measured;
}

/** One round: alone, then beside those that hang; these get everything in the end. */
async function measureRound(address: string): Promise<Round> {
  const own = telnyx.samples(healthyNumber);
  const others = telnyx.samples(...hangingNumbers);
  const alone = await measure(await sendSteadily(address, own, perSecond, seconds));
  hanging.postMessage(true);
  const [ids, late] = await Promise.all([
    sendSteadily(address, own, perSecond, seconds),
    sendSteadily(address, others, othersPerSecond, seconds),
  ]);
  const beside = await measure(ids);
  hanging.postMessage(false);
  await eventually("those that hung recover", () => late.every((id) => arrivals.has(id)));
  return { alone, beside };
}

async function run(): Promise<boolean> {
  await using folder = await temporaryFolder();
  await using daemon = await startDaemon(folder);
  const { address } = daemon;
  await sendSteadily(address, telnyx.samples(healthyNumber), perSecond * 4, warmUpSeconds);
  const rounds: Round[] = [];
  for (let round = 0; round < Number(values.rounds); round++) {
    const { alone, beside } = await measureRound(address);
    console.log(JSON.stringify({ round, alone, beside }));
    rounds.push({ alone, beside });
  }
  const medians = (which: "alone" | "beside") => ({
    p50: shareOf(rounds.map((round) => round[which].p50), 0.5),
    p99: shareOf(rounds.map((round) => round[which].p99), 0.5),
    most: shareOf(rounds.map((round) => round[which].most), 0.5),
  });
  const results = { alone: medians("alone"), beside: medians("beside") };
  const ratio = Number((results.beside.p99 / results.alone.p99).toFixed(2));
  const twice = [...arrivals.values()].filter(({ length }) => length > 1).length;
  console.table(results);
  console.log(JSON.stringify({ ratio, twice, machineLoad: loadavg(), ...results }));
  return ratio <= ratioMax && twice === 0;
}

try {
  process.exitCode = await run() ? 0 : 1;
} finally {
  telnyx[Symbol.dispose]();
  await healthy[Symbol.asyncDispose]();
  await hanging.terminate();
}
